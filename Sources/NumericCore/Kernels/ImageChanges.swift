// Changes of one image [H, W, C]; the caller draws the random amounts. Pixels from outside the image are 0.

/// Where the pixel of an output comes from: a turn by `angle` about the centre, then a move.
public struct ImageMotion: Sendable, Equatable {
  /// In radians, anticlockwise where the y axis points down.
  public var angle: Double
  /// In pixels, towards the bottom and the right.
  public var down: Double
  public var right: Double

  public init(angle: Double = 0, down: Double = 0, right: Double = 0) {
    self.angle = angle
    self.down = down
    self.right = right
  }
}

/// Reverses the columns of `image` [H, W, C].
@specialized(where S == Float)
@specialized(where S == Double)
public func flipColumns<S: Scalar>(_ image: BufferView<S>, width: Int, channels: Int) {
  let rowSize = width * channels
  precondition(rowSize > 0 && image.count % rowSize == 0, "rows of \(rowSize) in \(image.count) elements")
  for start in stride(from: 0, to: image.count, by: rowSize) {
    for x in 0..<width / 2 {
      for c in 0..<channels { image.swapAt(start + x * channels + c, start + (width - 1 - x) * channels + c) }
    }
  }
}

/// Reverses the rows of `image` [H, rowSize].
@specialized(where S == Float)
@specialized(where S == Double)
public func flipRows<S: Scalar>(_ image: BufferView<S>, rowSize: Int) {
  precondition(rowSize > 0 && image.count % rowSize == 0, "rows of \(rowSize) in \(image.count) elements")
  let height = image.count / rowSize
  for y in 0..<height / 2 {
    for i in 0..<rowSize { image.swapAt(y * rowSize + i, (height - 1 - y) * rowSize + i) }
  }
}

/// output[y, x] = input[y − down, x − right], a move by whole pixels.
///
/// - Shapes: `input` and `output` [H, W, C]; they must not overlap.
@specialized(where S == Float)
@specialized(where S == Double)
public func moveImage<S: Scalar>(
  _ input: BufferView<S>, height: Int, width: Int, channels: Int, down: Int, right: Int, into output: BufferView<S>
) {
  precondition(
    input.count == height * width * channels && output.count == input.count,
    "\(input.count) elements of \(height)×\(width)×\(channels) into \(output.count)")
  output.update(repeating: 0)
  let columns = max(0, right)..<max(max(0, right), min(width, width + right))
  for y in max(0, down)..<max(max(0, down), min(height, height + down)) {
    let source = ((y - down) * width - right) * channels, target = y * width * channels
    for i in columns.lowerBound * channels..<columns.upperBound * channels { output[target + i] = input[source + i] }
  }
}

/// Turns and moves an image, interpolating bilinearly between the four pixels around each source position.
///
/// - Shapes: `input` and `output` [H, W, C]; they must not overlap.
@specialized(where S == Float)
@specialized(where S == Double)
public func moveImage<S: Scalar>(
  _ input: BufferView<S>, height: Int, width: Int, channels: Int, by motion: ImageMotion, into output: BufferView<S>
) {
  precondition(
    input.count == height * width * channels && output.count == input.count,
    "\(input.count) elements of \(height)×\(width)×\(channels) into \(output.count)")
  let cosine = Double.cosine(motion.angle), sine = Double.sine(motion.angle)
  let centreY = Double(height - 1) / 2, centreX = Double(width - 1) / 2
  output.update(repeating: 0)
  for y in 0..<height {
    for x in 0..<width {
      let fromY = Double(y) - centreY - motion.down, fromX = Double(x) - centreX - motion.right
      let sourceY = centreY + cosine * fromY + sine * fromX, sourceX = centreX + cosine * fromX - sine * fromY
      let top = sourceY.rounded(.down), left = sourceX.rounded(.down)
      guard top >= -1 && top < Double(height) && left >= -1 && left < Double(width) else { continue }
      let below = S(sourceY - top), beside = S(sourceX - left)
      let row = Int(top), column = Int(left)
      let target = (y * width + x) * channels
      for r in max(0, row)..<min(height, row + 2) {
        for k in max(0, column)..<min(width, column + 2) {
          let share = (r == row ? 1 - below : below) * (k == column ? 1 - beside : beside)
          guard share > 0 else { continue }
          let source = (r * width + k) * channels
          for c in 0..<channels { output[target + c] += share * input[source + c] }
        }
      }
    }
  }
}

/// Clears the part of a square of `size` pixels a side that lies in `image` [H, W, C]; its first row is `top`, its
/// first column `left`.
@specialized(where S == Float)
@specialized(where S == Double)
public func clearSquare<S: Scalar>(
  _ image: BufferView<S>, height: Int, width: Int, channels: Int, top: Int, left: Int, size: Int
) {
  precondition(image.count == height * width * channels, "\(image.count) elements of \(height)×\(width)×\(channels)")
  let columns = min(max(0, left), width)..<max(min(max(0, left), width), min(width, left + size))
  for y in min(max(0, top), height)..<max(min(max(0, top), height), min(height, top + size)) {
    for i in columns.lowerBound * channels..<columns.upperBound * channels { image[y * width * channels + i] = 0 }
  }
}

/// `output = share · output + (1 − share) · other`.
@specialized(where S == Float)
@specialized(where S == Double)
public func mix<S: Scalar>(_ other: BufferView<S>, into output: BufferView<S>, share: S) {
  precondition(other.count == output.count, "\(other.count) elements mixed into \(output.count)")
  for i in output.indices { output[i] = share * output[i] + (1 - share) * other[i] }
}

extension RandomSource {
  /// Adds to each element a draw from the normal distribution of mean 0: four elements a draw of `substream`, by
  /// Box and Muller's transform (1958) of 32-bit words.
  @specialized(where S == Float)
  @specialized(where S == Double)
  public func addNormal<S: Scalar>(to values: BufferView<S>, standardDeviation: Double, substream: Int) {
    var i = 0
    while i < values.count {
      let words = words(i / 4, substream: substream)
      for pair in 0..<2 where i + 2 * pair < values.count {
        // Half a unit off, so that the logarithm is finite.
        let radius = (-2 * Double.logarithm((Double(words[2 * pair]) + 0.5) * 0x1p-32)).squareRoot() * standardDeviation
        let angle = Double(words[2 * pair + 1]) * 0x1p-32 * 2 * .pi
        values[i + 2 * pair] += S(radius * Double.cosine(angle))
        if i + 2 * pair + 1 < values.count { values[i + 2 * pair + 1] += S(radius * Double.sine(angle)) }
      }
      i += 4
    }
  }
}

extension RandomSource.Generator {
  /// A draw from Beta(α, α), by two gamma draws.
  public mutating func symmetricBeta(_ alpha: Double) -> Double {
    let first = gamma(alpha), second = gamma(alpha)
    // With α close to 0 both may vanish: then 0 or 1 at random, the limit of the distribution.
    guard first + second > 0 else { return uniform() < 0.5 ? 0 : 1 }
    return first / (first + second)
  }

  /// A draw from Gamma(α, 1): Marsaglia and Tsang, "A simple method for generating gamma variables", 2000.
  mutating func gamma(_ alpha: Double) -> Double {
    guard alpha >= 1 else {
      // Γ(α) = Γ(α + 1) · u^(1/α).
      let boost = Double.exponential(Double.logarithm(1 - uniform()) / alpha)
      return gamma(alpha + 1) * boost
    }
    let d = alpha - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let root = 1 + c * x
      guard root > 0 else { continue }
      let v = root * root * root
      if Double.logarithm(1 - uniform()) < 0.5 * x * x + d - d * v + d * Double.logarithm(v) { return d * v }
    }
  }
}

import NumericCore

/// One drawing of a geometric shape, with its class and box, as a function of its number alone.
///
/// A shape fills its box, whose sides are uniform on 0.3 to 0.7 of the image's and whose centre is anywhere that keeps it in the image.
/// Shape and background have one colour each, apart by at least 0.35 of the range in one channel; pixels on the edge are mixed by
/// the share that the shape covers of them. Gaussian noise is added to every channel of every pixel.
///
/// Streams as those of `SampleGenerator`: part 0 the permutation that deals classes to samples, part 2 the samples, with a substream for each.
struct ShapeGenerator {
  /// What a class looks like, in the order of the labels.
  enum Shape: String, CaseIterable {
    case ellipse, rectangle, triangle, cross, diamond, ring

    /// Whether the shape covers a point of its box, whose corners are (−1, −1), top left, and (1, 1).
    func covers(_ u: Double, _ v: Double) -> Bool {
      switch self {
      case .ellipse: u * u + v * v <= 1
      case .rectangle: true
      case .triangle: 2 * abs(u) <= v + 1
      case .cross: min(abs(u), abs(v)) <= 1.0 / 3
      case .diamond: abs(u) + abs(v) <= 1
      case .ring: (0.25...1).contains(u * u + v * v)
      }
    }
  }

  static let side = 32, channels = 3
  /// The numbers of a label.
  static let columns = ["class", "x_center", "y_center", "width", "height"]

  /// Different shapes.
  let classes: Int
  /// Of the range of a channel.
  private let noise: Double
  private let deal: ClassDeal
  private let samples: RandomSource

  init(count: Int, classes: Int, noise: Double, seed: UInt64) {
    self.classes = classes
    self.noise = noise
    let number = SynthesisKind.allCases.firstIndex(of: .shapes) ?? 0
    let source = RandomSource(seed: seed)
    deal = ClassDeal(count: count, classes: classes, random: source.stream(.synthesis, number, 0))
    samples = source.stream(.synthesis, number, 2)
  }

  /// Draws sample `index` and returns its label: class, x centre, y centre, width and height, relative to the image.
  ///
  /// - Shapes: `image` [side, side, channels].
  func sample(_ index: Int, into image: UnsafeMutableBufferPointer<UInt8>) -> [Float] {
    var generator = RandomSource.Generator(source: samples, substream: index)
    let label = deal.label(index)
    let (width, height) = (0.3 + 0.4 * generator.uniform(), 0.3 + 0.4 * generator.uniform())
    let x = width / 2 + (1 - width) * generator.uniform(), y = height / 2 + (1 - height) * generator.uniform()
    let (background, color) = Self.colors(&generator)
    let shape = Shape.allCases[label]
    for row in 0..<Self.side {
      for column in 0..<Self.side {
        let share = Self.coverage(row, column) { horizontal, vertical in
          let (u, v) = (2 * (horizontal - x) / width, 2 * (vertical - y) / height)
          return max(abs(u), abs(v)) <= 1 && shape.covers(u, v)
        }
        for channel in 0..<Self.channels {
          var value = background[channel] + share * (color[channel] - background[channel])
          if noise > 0 { value += noise * generator.normal() }
          image[(row * Self.side + column) * Self.channels + channel] = UInt8((255 * min(1, max(0, value))).rounded())
        }
      }
    }
    return [Float(label), Float(x), Float(y), Float(width), Float(height)]
  }

  /// The share of a pixel in which `isInside` holds, of 4×4 points.
  private static func coverage(_ row: Int, _ column: Int, _ isInside: (_ x: Double, _ y: Double) -> Bool) -> Double {
    var inside = 0
    for point in 0..<16 {
      let x = (Double(column) + (Double(point % 4) + 0.5) / 4) / Double(side)
      let y = (Double(row) + (Double(point / 4) + 0.5) / 4) / Double(side)
      if isInside(x, y) { inside += 1 }
    }
    return Double(inside) / 16
  }

  /// Uniform each, until they are far enough apart.
  private static func colors(
    _ generator: inout RandomSource.Generator
  ) -> (background: [Double], color: [Double]) {
    while true {
      let background = (0..<channels).map { _ in generator.uniform() }
      let color = (0..<channels).map { _ in generator.uniform() }
      if zip(background, color).contains(where: { abs($0 - $1) >= 0.35 }) { return (background, color) }
    }
  }
}

/// How a side of a picture is made shorter or longer: each new sample is a weighted mean of old ones around its place.
///
/// The weights of a place fall in a straight line from its centre to 0 at one new or old sample's width, whichever is
/// the larger: bilinear where a picture grows, and without aliasing where it shrinks. Weights, their rounding and that
/// of the sums are those of Pillow's `Image.resize(…, BILINEAR)` (libImaging/Resample.c), so that the results are
/// equal.
struct ResamplingWeights {
  /// For each new sample the first old one that it is made of.
  let first: [Int]
  /// And how many there are.
  let counts: [Int]
  /// The most of them.
  let width: Int
  /// [new samples, width]; each row's sum is 1.
  let weights: [Double]

  /// - Parameters:
  ///   - count: old samples.
  ///   - extent: how many of them the picture covers, which may end within the last.
  ///   - newCount: samples that the whole extent would have.
  ///   - kept: those of them that are wanted.
  init(count: Int, extent: Double, newCount: Int, kept: Range<Int>) {
    let scale = extent / Double(newCount)
    let support = max(1, scale)
    width = Int(support.rounded(.up)) * 2 + 1
    var first: [Int] = [], counts: [Int] = []
    var weights = [Double](repeating: 0, count: kept.count * width)
    for (row, place) in kept.enumerated() {
      let centre = (Double(place) + 0.5) * scale
      let start = max(0, Int(centre - support + 0.5)), end = min(count, Int(centre + support + 0.5))
      var sum = 0.0
      for sample in start..<end {
        let weight = max(0, 1 - abs((Double(sample) - centre + 0.5) * (1 / support)))
        weights[row * width + sample - start] = weight
        sum += weight
      }
      for index in 0..<end - start where sum != 0 { weights[row * width + index] /= sum }
      first.append(start)
      counts.append(end - start)
    }
    (self.first, self.counts, self.weights) = (first, counts, weights)
  }

  /// The bits behind the point of a weight as an integer, so that a sum of products with 8 bits fits in 32.
  static let fractionBits = 22

  /// [new samples, width], in units of 2⁻²².
  var fixed: [Int32] { weights.map { Int32(0.5 + $0 * Double(1 << Self.fractionBits)) } }
}

/// What becomes of a picture's pixels: a size, and the part of it that is kept.
struct ResamplingPlan {
  /// Of the whole picture.
  let size: PictureSize
  let columns: Range<Int>
  let rows: Range<Int>

  /// Whether nothing changes for a picture of this size.
  func keeps(_ width: Int, _ height: Int) -> Bool {
    size.width == width && size.height == height && columns == 0..<width && rows == 0..<height
  }
}

extension Raster {
  /// A part of the pixels.
  func cropped(columns: Range<Int>, rows: Range<Int>) -> Raster {
    guard columns != 0..<width || rows != 0..<height else { return self }
    var part: [Sample] = []
    part.reserveCapacity(rows.count * columns.count * channels)
    for row in rows {
      part += samples[(row * width + columns.lowerBound) * channels..<(row * width + columns.upperBound) * channels]
    }
    return Raster(width: columns.count, height: rows.count, channels: channels, samples: part)
  }

  /// Rows first, then columns, each only where it changes something.
  ///
  /// - Parameters:
  ///   - extent: pixels that the picture covers, which may end within the last ones.
  fileprivate func resampled(
    _ plan: ResamplingPlan, extent: (width: Double, height: Double),
    along: (Raster, ResamplingWeights) -> Raster, across: (Raster, ResamplingWeights) -> Raster
  ) -> Raster {
    var result = self
    if plan.size.width == width && extent.width == Double(width) {
      result = result.cropped(columns: plan.columns, rows: 0..<height)
    } else {
      result = along(
        result,
        ResamplingWeights(count: width, extent: extent.width, newCount: plan.size.width, kept: plan.columns))
    }
    guard plan.size.height != height || extent.height != Double(height) else {
      return result.cropped(columns: 0..<result.width, rows: plan.rows)
    }
    return across(
      result, ResamplingWeights(count: height, extent: extent.height, newCount: plan.size.height, kept: plan.rows))
  }
}

extension Raster<UInt8> {
  func resampled(_ plan: ResamplingPlan, extent: (width: Double, height: Double)) -> Raster {
    resampled(plan, extent: extent, along: { $0.along($1) }, across: { $0.across($1) })
  }

  /// Makes the rows shorter or longer.
  private func along(_ plan: ResamplingWeights) -> Raster {
    let newWidth = plan.first.count, weights = plan.fixed
    let size = newWidth * height * channels
    let result = [UInt8](unsafeUninitializedCapacity: size) { into, count in
      samples.withUnsafeBufferPointer { from in
        weights.withUnsafeBufferPointer { weights in
          guard let from = from.baseAddress, let into = into.baseAddress, let weights = weights.baseAddress else {
            return
          }
          for row in 0..<height {
            let line = from + row * width * channels
            var target = into + row * newWidth * channels
            for column in 0..<newWidth {
              let place = line + plan.first[column] * channels
              let own = weights + column * plan.width
              if channels == 3 {
                Self.mean3(place, own, plan.counts[column], target)
              } else {
                Self.mean1(place, own, plan.counts[column], target)
              }
              target += channels
            }
          }
        }
      }
      count = size
    }
    return Raster(width: newWidth, height: height, channels: channels, samples: result)
  }

  @inline(__always)
  private static func mean1(
    _ pixel: UnsafePointer<UInt8>, _ weights: UnsafePointer<Int32>, _ count: Int, _ target: UnsafeMutablePointer<UInt8>
  ) {
    var sum = Self.half
    for index in 0..<count { sum &+= Int32(pixel[index]) &* weights[index] }
    target[0] = Self.level(sum)
  }

  @inline(__always)
  private static func mean3(
    _ pixels: UnsafePointer<UInt8>, _ weights: UnsafePointer<Int32>, _ count: Int, _ target: UnsafeMutablePointer<UInt8>
  ) {
    var red = Self.half, green = Self.half, blue = Self.half
    var pixel = pixels
    for index in 0..<count {
      let weight = weights[index]
      red &+= Int32(pixel[0]) &* weight
      green &+= Int32(pixel[1]) &* weight
      blue &+= Int32(pixel[2]) &* weight
      pixel += 3
    }
    target[0] = Self.level(red)
    target[1] = Self.level(green)
    target[2] = Self.level(blue)
  }

  /// Makes the columns shorter or longer: whole rows are added up, which is one loop over contiguous samples each.
  private func across(_ plan: ResamplingWeights) -> Raster {
    let rowSize = width * channels, newHeight = plan.first.count, weights = plan.fixed
    let result = [UInt8](unsafeUninitializedCapacity: rowSize * newHeight) { into, count in
      samples.withUnsafeBufferPointer { from in
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: rowSize) { sums in
          guard let from = from.baseAddress, let into = into.baseAddress, let sums = sums.baseAddress else { return }
          for row in 0..<newHeight {
            for index in 0..<rowSize { sums[index] = Self.half }
            for source in 0..<plan.counts[row] {
              let line = from + (plan.first[row] + source) * rowSize
              let weight = weights[row * plan.width + source]
              for index in 0..<rowSize { sums[index] &+= Int32(line[index]) &* weight }
            }
            let target = into + row * rowSize
            for index in 0..<rowSize { target[index] = Self.level(sums[index]) }
          }
        }
      }
      count = rowSize * newHeight
    }
    return Raster(width: width, height: newHeight, channels: channels, samples: result)
  }

  private static var half: Int32 { 1 << Int32(ResamplingWeights.fractionBits - 1) }

  @inline(__always)
  private static func level(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: Swift.min(255, Swift.max(0, sum >> Int32(ResamplingWeights.fractionBits))))
  }
}

extension Raster<UInt16> {
  func resampled(_ plan: ResamplingPlan, extent: (width: Double, height: Double)) -> Raster {
    resampled(
      plan, extent: extent,
      along: { raster, weights in
        raster.means(weights, newWidth: weights.first.count, newHeight: raster.height, step: 1) { column, row in
          (column, row * raster.width)
        }
      },
      across: { raster, weights in
        raster.means(weights, newWidth: raster.width, newHeight: weights.first.count, step: raster.width) {
          column, row in (row, column)
        }
      })
  }

  /// - Parameters:
  ///   - step: from a sample to the next of a mean.
  ///   - place: of a new sample, the index of its weights and where the samples' line begins.
  private func means(
    _ plan: ResamplingWeights, newWidth: Int, newHeight: Int, step: Int, place: (Int, Int) -> (Int, Int)
  ) -> Raster {
    var result: [UInt16] = []
    result.reserveCapacity(newWidth * newHeight)
    for row in 0..<newHeight {
      for column in 0..<newWidth {
        let (index, start) = place(column, row)
        var sum = 0.0
        for source in 0..<plan.counts[index] {
          let sample = Double(samples[start + (plan.first[index] + source) * step])
          sum += sample * plan.weights[index * plan.width + source]
        }
        result.append(UInt16(Swift.min(65_535, Swift.max(0, (sum + 0.5).rounded(.down)))))
      }
    }
    return Raster(width: newWidth, height: newHeight, channels: channels, samples: result)
  }
}

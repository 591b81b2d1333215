import Basics
import HDF5Storage

/// One pass over an array in blocks of rows: range and moments of its values, range of each feature, a hash of each
/// row.
///
/// Values are compared and hashed as `Double`, so that equal rows are found between arrays of different element types;
/// −0 counts as 0.
struct ValueScan {
  /// A value that is not finite, or would not be as a `Float`: where it stands.
  struct Place: Equatable {
    let row: Int
    let feature: Int
  }

  private(set) var rowHashes: [UInt64] = []
  private(set) var nanCount = 0
  /// As a `Float`, which training makes of all features and targets.
  private(set) var infiniteCount = 0
  /// Those of the infinite that are finite in the file.
  private(set) var tooLargeCount = 0
  /// The first few values that are not finite as a `Float`.
  private(set) var nonFinitePlaces: [Place] = []
  private var finiteCount = 0
  private var mean = 0.0
  private var squaredDeviations = 0.0
  private(set) var featureMinima: [Double]
  private(set) var featureMaxima: [Double]

  /// Reads all of `dataset`, about 8 MiB at a time.
  ///
  /// - Throws: `Failure` if the data set cannot be read or holds no numbers.
  init(_ dataset: any SampleRows) throws {
    let width = dataset.rowElementCount
    self.init(width: width)
    rowHashes.reserveCapacity(dataset.rowCount)
    try dataset.forEachBlock { firstRow, values in add(values, width: width, firstRow: firstRow) }
  }

  /// Of no row of so many values.
  init(width: Int) {
    featureMinima = [Double](repeating: .infinity, count: width)
    featureMaxima = [Double](repeating: -.infinity, count: width)
  }

  var statistics: ValueStatistics {
    let hasValues = finiteCount > 0
    return ValueStatistics(
      finiteCount: finiteCount, nanCount: nanCount, infiniteCount: infiniteCount,
      minimum: hasValues ? featureMinima.min() : nil, maximum: hasValues ? featureMaxima.max() : nil,
      mean: hasValues ? mean : nil,
      standardDeviation: hasValues ? (squaredDeviations / Double(finiteCount)).squareRoot() : nil)
  }

  /// The features that have one and the same finite value in all rows.
  var constantFeatures: [Int] { featureMinima.indices.filter { featureMinima[$0] == featureMaxima[$0] } }

  mutating func add(_ values: UnsafeBufferPointer<Double>, width: Int, firstRow: Int) {
    var sum = 0.0
    var count = 0
    featureMinima.withUnsafeMutableBufferPointer { minima in
      featureMaxima.withUnsafeMutableBufferPointer { maxima in
        for start in stride(from: 0, to: values.count, by: max(1, width)) {
          var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
          for feature in 0..<width {
            let value = values[start + feature] + 0
            hash = (hash ^ value.bitPattern) &* 0xBF58_476D_1CE4_E5B9
            hash ^= hash &>> 29
            if Float(value).isFinite {
              sum += value
              count += 1
              if value < minima[feature] { minima[feature] = value }
              if value > maxima[feature] { maxima[feature] = value }
            } else {
              if value.isNaN { nanCount += 1 } else { infiniteCount += 1 }
              if value.isFinite { tooLargeCount += 1 }
              if nonFinitePlaces.count < 3 {
                nonFinitePlaces.append(Place(row: firstRow + start / width, feature: feature))
              }
            }
          }
          rowHashes.append(hash)
        }
      }
    }
    guard count > 0 else { return }
    // Deviations from the block's own mean, merged by Chan, Golub and LeVeque (1979): no cancellation of large squares.
    let blockMean = sum / Double(count)
    var blockDeviations = 0.0
    for value in values where Float(value).isFinite { blockDeviations += (value - blockMean) * (value - blockMean) }
    let total = Double(finiteCount + count)
    let difference = blockMean - mean
    squaredDeviations += blockDeviations + difference * difference * Double(finiteCount) * Double(count) / total
    mean += difference * Double(count) / total
    finiteCount += count
  }
}

extension SampleRows {
  /// Reads the rows in order as `Double`, in blocks of about 8 MiB.
  func forEachBlock(_ body: (_ firstRow: Int, _ values: UnsafeBufferPointer<Double>) -> Void) throws {
    guard elementCount > 0 else { return }
    let blockRows = max(1, (1 << 20) / rowElementCount)
    let buffer = UnsafeMutableBufferPointer<Double>.allocate(capacity: min(blockRows, rowCount) * rowElementCount)
    defer { buffer.deallocate() }
    for start in stride(from: 0, to: rowCount, by: blockRows) {
      let rows = start..<min(start + blockRows, rowCount)
      let block = UnsafeMutableBufferPointer(rebasing: buffer[..<(rows.count * rowElementCount)])
      try read(rows: rows, as: .float64, into: UnsafeMutableRawBufferPointer(block))
      body(start, UnsafeBufferPointer(block))
      WorkProgress.advance(by: block.count)
    }
  }

  /// Reads one row as `Double`.
  func readRow(_ row: Int, into buffer: UnsafeMutableBufferPointer<Double>) throws {
    try read(rows: row..<(row + 1), as: .float64, into: UnsafeMutableRawBufferPointer(buffer))
  }
}

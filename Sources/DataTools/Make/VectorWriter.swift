import HDF5Storage

/// Samples that are vectors: x is float32 [N, features], y int32 classes or float32 targets.
protocol VectorWriter: SplitWriter {
  var features: Int { get }
  /// Whether labels are classes; else targets of a regression.
  var hasClasses: Bool { get }
  /// Writes the features of sample `index` and returns its class or target.
  func sample(_ index: Int, into row: UnsafeMutableBufferPointer<Float>) -> Double
  /// Adds what else is known of the labels at `path`.
  func describe(_ path: String, split: String, in file: OutputFile) throws
}

extension VectorWriter {
  func describe(_ path: String, split: String, in file: OutputFile) throws {}

  public func write(_ samples: Range<Int>, split: String, to file: OutputFile) throws {
    let width = features
    let rowsOfFeatures = try file.create("/\(split)/x", shape: [samples.count, width], elementType: .float32)
    let block = UnsafeMutableBufferPointer<Float>.allocate(
      capacity: min(samples.count, max(1, 1 << 20 / width)) * width)
    defer { block.deallocate() }
    var labels: [Double] = []
    labels.reserveCapacity(samples.count)
    for start in stride(from: 0, to: samples.count, by: block.count / width) {
      let rows = start..<min(start + block.count / width, samples.count)
      for row in rows {
        let place = (row - start) * width
        labels.append(
          sample(samples.lowerBound + row, into: .init(rebasing: block[place..<(place + width)])))
      }
      let written = UnsafeMutableBufferPointer(rebasing: block[..<(rows.count * width)])
      try rowsOfFeatures.write(rows: rows, from: UnsafeRawBufferPointer(written))
    }
    let path = "/\(split)/y"
    if hasClasses {
      try file.write(path, shape: [samples.count], labels.map { Int32($0) })
    } else {
      try file.write(path, shape: [samples.count], labels.map { Float($0) })
    }
    try describe(path, split: split, in: file)
  }
}

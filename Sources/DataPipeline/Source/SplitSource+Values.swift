extension SplitSource {
  /// Some rows as they are in the file, to be looked at.
  ///
  /// - Parameter rows: ascending, each once.
  /// - Returns: for each row its numbers, none where the column is missing.
  public func values(_ column: Column, rows: [Int]) throws -> [[Float]] {
    var result = [[Float]](repeating: [], count: rows.count)
    let type = column == .features ? featureType : targetType
    guard let type else { return result }
    try forEachRun(column, rows.map { $0..<$0 + 1 }) { run, _, bytes in
      result[run] = type.run(Singles(bytes: bytes))
    }
    return result
  }
}

private struct Singles: ElementKernel {
  let bytes: UnsafeRawBufferPointer

  func run<T: ConvertibleElement>(_: T.Type) -> [Float] {
    (0..<bytes.count / MemoryLayout<T>.stride).map {
      bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.stride, as: T.self).single
    }
  }
}

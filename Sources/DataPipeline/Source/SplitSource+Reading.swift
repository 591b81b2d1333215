import HDF5Storage

extension SplitSource {
  /// Reads contiguous rows in the native type.
  ///
  /// - Parameter destination: overwritten; exactly the bytes of the rows.
  public func read(
    _ column: Column, rows: Range<Int>, into destination: UnsafeMutableRawBufferPointer
  ) throws {
    let rowByteCount = rowByteCount(column)
    precondition(destination.count == rows.count * rowByteCount, "\(destination.count) bytes for rows \(rows)")
    try forEachRun(column, [rows]) { (_, piece, bytes) throws in
      let start = (piece.lowerBound - rows.lowerBound) * rowByteCount
      UnsafeMutableRawBufferPointer(rebasing: destination[start..<start + bytes.count]).copyMemory(from: bytes)
    }
  }

  /// Reads runs of rows in few calls: runs that lie close together are read with the gap between them.
  ///
  /// - Parameters:
  ///   - runs: ascending, not overlapping.
  ///   - body: gets the run's index, the rows (a run in order, in one or more pieces), and their bytes in the native
  ///     type.
  public func forEachRun(
    _ column: Column, _ runs: [Range<Int>],
    _ body: (_ run: Int, _ rows: Range<Int>, _ bytes: UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let rowByteCount = rowByteCount(column)
    guard rowByteCount > 0, let firstRun = runs.first, let lastRun = runs.last else { return }
    precondition(firstRun.lowerBound >= 0 && lastRun.upperBound <= sampleCount, "rows beyond \(sampleCount)")
    let slabRowLimit = max(1, Self.slabByteCount / rowByteCount)
    let gapRowLimit = Self.gapByteCount / rowByteCount
    let slab = UnsafeMutableRawBufferPointer.allocate(
      byteCount: min(slabRowLimit, lastRun.upperBound - firstRun.lowerBound) * rowByteCount, alignment: 64)
    defer { slab.deallocate() }

    var run = 0
    for part in parts {
      guard let array = part.array(column) else { return }
      while run < runs.count && runs[run].upperBound <= part.rows.lowerBound { run += 1 }
      guard run < runs.count, runs[run].lowerBound < part.rows.upperBound else { continue }
      let dataset = try array.open()
      var next = max(runs[run].lowerBound, part.rows.lowerBound)
      while run < runs.count && next < part.rows.upperBound {
        // The slab grows by the runs that start close behind it, and ends at the part's end or when it is full.
        let limit = min(next + slabRowLimit, part.rows.upperBound)
        var end = min(runs[run].upperBound, limit)
        var last = run
        while last + 1 < runs.count, end == runs[last].upperBound, runs[last + 1].lowerBound - end <= gapRowLimit,
          runs[last + 1].lowerBound < limit
        {
          last += 1
          end = min(runs[last].upperBound, limit)
        }
        let bytes = UnsafeMutableRawBufferPointer(rebasing: slab[..<((end - next) * rowByteCount)])
        let fileRows = next - part.rows.lowerBound..<end - part.rows.lowerBound
        try dataset.read(rows: fileRows, into: bytes)
        try part.align(column, firstRow: fileRows.lowerBound, bytes)
        for index in run...last {
          let rows = max(runs[index].lowerBound, next)..<min(runs[index].upperBound, end)
          guard !rows.isEmpty else { continue }
          let piece = bytes[(rows.lowerBound - next) * rowByteCount..<(rows.upperBound - next) * rowByteCount]
          try body(index, rows, UnsafeRawBufferPointer(rebasing: piece))
        }
        run = end == runs[last].upperBound ? last + 1 : last
        next = run < runs.count ? max(runs[run].lowerBound, end) : end
      }
    }
  }

  /// The most that one read holds in memory beside the data itself.
  private static var slabByteCount: Int { 4 << 20 }
  /// Up to here, reading a gap costs less than another call.
  private static var gapByteCount: Int { 64 << 10 }
}

extension SplitSource.Part {
  /// Makes rows that were read mean what the model takes them for.
  ///
  /// - Parameter firstRow: of the file.
  func align(_ column: SplitSource.Column, firstRow: Int, _ bytes: UnsafeMutableRawBufferPointer) throws {
    guard let array = array(column) else { return }
    let order = column == .features ? alignment.features : column == .targets ? alignment.targets : nil
    order?.apply(to: bytes, array.type)
    guard column == .targets, let classes = alignment.classes else { return }
    let labelsOfRow = array.shape.elementCount / classes.rowSize
    try classes.apply(to: bytes, array.type) {
      "\(array.file): \(array.path) row \(array.form.row(firstRow + $0 / labelsOfRow))"
    }
  }
}

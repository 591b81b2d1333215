import Basics
import HDF5Storage

/// Reads rows of one column of a split as memory has them, from files that it keeps open.
///
/// One thread at a time may use it.
final class RowReader {
  private let source: SplitSource
  private let column: SplitSource.Column
  private let rowByteCount: Int
  /// Those of the parts that were read last, the last one first.
  private var streams: [(part: Int, stream: RowStream)] = []
  private var slab: [UInt8] = []

  init(_ source: SplitSource, _ column: SplitSource.Column) {
    (self.source, self.column) = (source, column)
    rowByteCount = source.rowByteCount(column)
  }

  /// Reads runs of rows to one place, one behind the other.
  ///
  /// - Parameters:
  ///   - runs: ascending, not overlapping.
  ///   - destination: overwritten; exactly the bytes of the rows.
  func read(_ runs: [Range<Int>], into destination: UnsafeMutableRawBufferPointer) throws {
    guard rowByteCount > 0 else { return }
    // Runs of one part that are read together, with the gaps between them.
    var group: [Range<Int>] = []
    var place = 0, part = 0
    func finish() throws {
      guard !group.isEmpty else { return }
      let end = place + group.reduce(0) { $0 + $1.count } * rowByteCount
      try read(group, ofPart: part, into: UnsafeMutableRawBufferPointer(rebasing: destination[place..<end]))
      place = end
      group = []
    }
    for run in runs {
      var start = run.lowerBound
      while start < run.upperBound {
        let own = partIndex(ofRow: start)
        let piece = start..<min(run.upperBound, source.parts[own].rows.upperBound)
        if let last = group.last, own == part, last.upperBound == piece.lowerBound {
          group[group.count - 1] = last.lowerBound..<piece.upperBound
        } else if let last = group.last, own == part, try joins(last, piece, from: group[0].lowerBound, part) {
          group.append(piece)
        } else {
          try finish()
          (group, part) = ([piece], own)
        }
        start = piece.upperBound
      }
    }
    try finish()
    precondition(place == destination.count, "\(destination.count) bytes for rows of \(place) bytes")
  }

  /// Whether a gap is read rather than passed over by another call.
  private func joins(_ last: Range<Int>, _ next: Range<Int>, from start: Int, _ part: Int) throws -> Bool {
    let gap = (next.lowerBound - last.upperBound) * rowByteCount
    guard (next.upperBound - start) * rowByteCount <= Self.slabByteCount else { return false }
    return switch try stream(part).path {
    case .bytes: gap <= 16 << 10
    // The chunk that was unpacked last is still there.
    case .chunks: false
    case .library: gap <= 64 << 10
    }
  }

  private func read(_ runs: [Range<Int>], ofPart index: Int, into destination: UnsafeMutableRawBufferPointer) throws {
    let part = source.parts[index], stream = try stream(index)
    let arrangement = column == .features ? source.arrangement : nil
    let slabRows = max(1, Self.slabByteCount / rowByteCount)
    func read(_ rows: Range<Int>, into bytes: UnsafeMutableRawBufferPointer) throws {
      let first = rows.lowerBound - part.rows.lowerBound
      for start in stride(from: 0, to: rows.count, by: slabRows) {
        let end = min(start + slabRows, rows.count)
        let piece = UnsafeMutableRawBufferPointer(rebasing: bytes[start * rowByteCount..<end * rowByteCount])
        try ForkGate.pass { () throws(HDF5Error) in try stream.read(rows: first + start..<first + end, into: piece) }
        try part.align(column, firstRow: first + start, piece)
      }
    }
    guard runs.count > 1 || arrangement?.isTransposed == true else { return try read(runs[0], into: destination) }
    if slab.isEmpty { slab = [UInt8](repeating: 0, count: slabRows * rowByteCount) }
    try slab.withUnsafeMutableBytes { slab in
      var place = 0, start = runs[0].lowerBound
      let end = runs[runs.count - 1].upperBound
      while start < end {
        let rows = start..<min(start + slabRows, end)
        let bytes = UnsafeMutableRawBufferPointer(rebasing: slab[..<(rows.count * rowByteCount)])
        try read(rows, into: bytes)
        for run in runs where run.overlaps(rows) {
          let own = run.clamped(to: rows)
          let from = (own.lowerBound - start) * rowByteCount, count = own.count * rowByteCount
          source.arrange(
            column, UnsafeRawBufferPointer(rebasing: bytes[from..<from + count]),
            into: UnsafeMutableRawBufferPointer(rebasing: destination[place..<place + count]))
          place += count
        }
        start = rows.upperBound
      }
    }
  }

  private func partIndex(ofRow row: Int) -> Int {
    var low = 0, high = source.parts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if source.parts[middle].rows.lowerBound <= row { low = middle } else { high = middle }
    }
    return low
  }

  private func stream(_ part: Int) throws -> RowStream {
    if let first = streams.first, first.part == part { return first.stream }
    streams.first?.stream.forget()
    if let known = streams.firstIndex(where: { $0.part == part }) {
      streams.insert(streams.remove(at: known), at: 0)
    } else {
      guard let array = source.parts[part].array(column) else { preconditionFailure("no \(column) to read") }
      let stream = try ForkGate.pass { () throws(HDF5Error) in try RowStream(array.open()) }
      if streams.count == Self.openLimit { streams.removeLast() }
      streams.insert((part, stream), at: 0)
    }
    return streams[0].stream
  }

  /// The most that is read to be copied from.
  private static var slabByteCount: Int { 1 << 20 }
  /// Files that stay open.
  private static var openLimit: Int { 64 }
}

extension SplitSource {
  /// Copies rows as files have them to where memory has them.
  func arrange(_ column: Column, _ rows: UnsafeRawBufferPointer, into place: UnsafeMutableRawBufferPointer) {
    if column == .features, let arrangement, arrangement.isTransposed {
      let channels = arrangement.shape[arrangement.shape.rank - 1]
      featureType.run(
        TransposeRows(
          source: rows, destination: place, channels: channels, pixels: arrangement.shape.elementCount / channels))
    } else {
      place.copyMemory(from: rows)
    }
  }
}

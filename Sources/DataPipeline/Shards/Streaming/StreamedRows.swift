import Basics
import NumericCore

/// The rows of one rank's shards where they are not held in memory: read from the files whenever they are needed.
struct StreamedRows: Sendable {
  let source: SplitSource
  let selection: RowSelection
  let partition: ShardPartition
  let shards: Range<Int>
  /// Rows that are read at a time where they are read in order.
  let bufferRows: Int

  /// Reads blocks of rows, in the order of the rows, one behind the other.
  func read(_ blocks: [ShardPartition.Block], into buffer: RowBuffer, by readers: Readers) throws {
    buffer.blocks = blocks
    let runs = blocks.flatMap { selection.runs(of: $0.rows) }
    let count = blocks.reduce(0) { $0 + $1.rows.count }
    try readers.read(runs, count: count, into: buffer)
  }

  /// The readers of both columns, for one thread at a time.
  final class Readers {
    private let source: SplitSource
    private let features: RowReader
    private let targets: RowReader

    init(_ source: SplitSource) {
      self.source = source
      (features, targets) = (RowReader(source, .features), RowReader(source, .targets))
    }

    func read(_ runs: [Range<Int>], count: Int, into buffer: RowBuffer) throws {
      func place(_ column: SplitSource.Column) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(buffer.view(column).view(first: count * source.rowByteCount(column)))
      }
      try features.read(runs, into: place(.features))
      try targets.read(runs, into: place(.targets))
    }
  }

  /// Reads all rows once, in the order of the rows, ahead of who looks at them.
  func readAhead() -> ReadAhead {
    let readers = Readers(source)
    var blocks = partition.blocks(ofShards: shards).makeIterator()
    var waiting = blocks.next()
    return ReadAhead(lanes: 1, makeBuffer: { RowBuffer(source, capacity: bufferRows) }) { _, buffer in
      var group: [ShardPartition.Block] = []
      var count = 0
      while let block = waiting, count + block.rows.count <= bufferRows {
        group.append(block)
        count += block.rows.count
        waiting = blocks.next()
      }
      guard !group.isEmpty else { return false }
      try read(group, into: buffer, by: readers)
      return true
    }
  }

  /// Shows all rows once, block by block in the order of the rows.
  func forEachBlock(_ body: (ShardPartition.Block, RowPiece) throws -> Void) throws {
    let ahead = readAhead()
    while let buffer = try ahead.current(0) {
      var slot = 0
      for block in buffer.blocks {
        try body(block, RowPiece(source, buffer, slots: slot..<slot + block.rows.count))
        slot += block.rows.count
      }
      ahead.advance(0)
    }
  }
}

/// Rows that stand one behind the other in memory.
struct RowPiece {
  let features: UnsafeRawBufferPointer
  let targets: UnsafeRawBufferPointer
  let count: Int

  init(_ source: SplitSource, _ buffer: RowBuffer, slots: Range<Int>) {
    func bytes(_ column: SplitSource.Column) -> UnsafeRawBufferPointer {
      let size = source.rowByteCount(column)
      return UnsafeRawBufferPointer(buffer.view(column).view(slots.lowerBound * size..<slots.upperBound * size))
    }
    (features, targets, count) = (bytes(.features), bytes(.targets), slots.count)
  }

  func bytes(_ column: SplitSource.Column) -> UnsafeRawBufferPointer { column == .features ? features : targets }
}

extension RowSelection {
  /// The rows of the split that are in use under consecutive numbers, as runs.
  func runs(of numbers: Range<Int>) -> [Range<Int>] {
    guard case .rows(let rows) = self else { return [numbers] }
    var runs: [Range<Int>] = []
    var start = numbers.lowerBound
    for index in numbers where index + 1 == numbers.upperBound || rows[index + 1] != rows[index] + 1 {
      runs.append(rows[start]..<rows[index] + 1)
      start = index + 1
    }
    return runs
  }
}

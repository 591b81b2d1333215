import Basics
import HDF5Storage
import NumericCore

extension ShardStore {
  /// Rows that are contiguous both in the split and in memory.
  struct Segment {
    var rows: Range<Int>
    /// Where the first of them goes, among the rows held.
    let slot: Int
  }

  /// The segments of all rows that the shards hold, in the order of the split.
  static func segments(_ selection: RowSelection, _ partition: ShardPartition, _ shards: Range<Int>) -> [Segment] {
    var segments: [Segment] = []
    var slot = 0
    for run in shards.lazy.flatMap(partition.runs(ofShard:)) {
      for rows in selection.runs(of: run) {
        segments.append(Segment(rows: rows, slot: slot))
        slot += rows.count
      }
    }
    return segments.sorted { $0.rows.lowerBound < $1.rows.lowerBound }
  }

  /// Reads the segments' rows to their places and checks them.
  ///
  /// - Returns: the rows, and the greatest class index in the targets.
  static func load(
    _ source: SplitSource, _ segments: [Segment], rowCount: Int, _ targetCheck: any TargetCheck
  ) throws -> (RowBuffer, Int?) {
    let buffer = RowBuffer(source, capacity: rowCount)
    var largestLabel: Int?
    func load(_ column: SplitSource.Column, _ inspect: (Range<Int>, UnsafeRawBufferPointer) throws -> Void) throws {
      let rowByteCount = source.rowByteCount(column)
      let memory = UnsafeMutableRawBufferPointer(buffer.view(column))
      try source.forEachRun(column, segments.map(\.rows)) { (index, rows, bytes) throws in
        try StopSignal.checkBeforeFirstStep()
        try inspect(rows, bytes)
        let slot = segments[index].slot + rows.lowerBound - segments[index].rows.lowerBound
        source.arrange(
          column, bytes,
          into: UnsafeMutableRawBufferPointer(
            rebasing: memory[slot * rowByteCount..<(slot + rows.count) * rowByteCount]))
      }
    }
    try load(.features) { rows, bytes in try source.checkFinite(.features, rows, bytes) }
    try load(.targets) { rows, bytes in
      if let label = try targetCheck.check(rows, bytes, of: source) { largestLabel = max(largestLabel ?? 0, label) }
    }
    return (buffer, largestLabel)
  }
}

extension SplitSource {
  /// The class index of each row, for a stratified split; −1 where the label stands for no class.
  ///
  /// - Parameter ignored: the label that does so; nil where each stands for a class.
  /// - Throws: if the targets are not one class index a row.
  public func readLabels(_ numbering: TargetTransform = .identity, ignoring ignored: Int? = nil) throws -> [Int] {
    guard let type = targetType, targetSize == 1 else {
      throw Failure.data("\(place(.targets, row: 0)): expected one label a row, found \(targetShape)")
    }
    try MemoryBudget.require(Double(sampleCount) * 8, for: "\(place(.targets, row: 0)): the split of \(sizeText)")
    var labels: [Int] = []
    labels.reserveCapacity(sampleCount)
    try forEachRun(.targets, [0..<sampleCount]) { (_, rows, bytes) throws in
      _ = try ClassIndices(count: nil, numbering: numbering, ignored: ignored).check(rows, bytes, of: self)
      labels += type.run(Integers(elements: bytes)).map { $0 == ignored ? -1 : numbering.index(ofLabel: $0) ?? 0 }
    }
    return labels
  }

  /// - Throws: if a value is NaN, infinite or too large for a `Float`, with its file, data set and row.
  func checkFinite(_ column: Column, _ rows: Range<Int>, _ bytes: UnsafeRawBufferPointer) throws {
    guard let type = column == .targets ? targetType : parts[0].array(column)?.type, !type.isInteger,
      let found = type.run(FindUnusable(elements: bytes))
    else { return }
    let width = column == .features ? featureShape.elementCount : column == .targets ? targetSize : 1
    let row = rows.lowerBound + found.index / width
    let isMissing = found.value.isNaN && part(ofRow: row).array(column)?.marksMissing == true
    let value = isMissing ? "missing (as its attribute _FillValue or missing_value says)" : "\(found.value)"
    let isTooLarge = found.value.isFinite
    throw Failure.data(
      "\(place(column, row: row)), value \(found.index % width), is \(value); "
        + "expected a finite number\(isTooLarge ? " within float32, at most 3.4e+38" : ""); repair or remove the "
        + "row (`ddp-train data inspect` finds all of them)")
  }
}

/// The values, which `ScanLabels` has found to be integral.
struct Integers: ElementKernel {
  let elements: UnsafeRawBufferPointer

  func run<T: ConvertibleElement>(_: T.Type) -> [Int] {
    elements.assumingMemoryBound(to: T.self).map { Int($0.double) }
  }
}

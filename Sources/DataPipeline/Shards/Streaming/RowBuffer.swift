import NumericCore

/// Memory for rows of a split, as training reads them: features and targets in their native types, channels last.
final class RowBuffer: @unchecked Sendable {
  let features: FlatBuffer<UInt8>
  let targets: FlatBuffer<UInt8>
  /// The blocks that stand in it, one behind the other.
  var blocks: [ShardPartition.Block] = []
  /// The epoch that a window is of, the places that it has there, and which row comes at each of them.
  var epoch = 0
  var places = 0..<0
  var slots: [Int32] = []

  init(_ source: SplitSource, capacity: Int) {
    features = FlatBuffer(count: capacity * source.rowByteCount(.features))
    targets = FlatBuffer(count: capacity * source.rowByteCount(.targets))
  }

  func view(_ column: SplitSource.Column) -> BufferView<UInt8> { column == .features ? features.view : targets.view }
}

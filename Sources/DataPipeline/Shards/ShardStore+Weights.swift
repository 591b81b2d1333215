import Basics
public import Collectives
import NumericCore

extension ShardStore {
  /// Whether samples count differently in the loss.
  public var hasWeights: Bool { source.weightsPath != nil }

  /// Copies the weights of rows into a batch.
  ///
  /// - Shapes: `weights` [n] for n positions.
  public func fillWeights(
    shard: Int, positions: UnsafeBufferPointer<Int32>, into weights: BufferView<Float>
  ) {
    precondition(shards.contains(shard) && weights.count == positions.count, "\(weights.count) weights of \(shard)")
    let first = firstRow[shard - shards.lowerBound]
    for (index, position) in positions.enumerated() { weights[index] = self.weights.view[first + Int(position)] }
  }

  /// Reads the weights of the segments' rows to their places.
  static func loadWeights(
    of source: SplitSource, _ segments: [Segment], rowCount: Int
  ) throws -> FlatBuffer<Float> {
    let weights = FlatBuffer<Float>(count: source.weightsPath == nil ? 0 : rowCount)
    guard source.weightsPath != nil else { return weights }
    try source.forEachRun(.weights, segments.map(\.rows)) { (index, rows, bytes) throws in
      try source.checkWeights(rows, bytes)
      let slot = segments[index].slot + rows.lowerBound - segments[index].rows.lowerBound
      source.floats(.weights, bytes, into: weights.view.view(slot..<slot + rows.count))
    }
    return weights
  }

  /// Checks that not all samples over all ranks have the weight 0, or a label that stands for no class. Every rank must
  /// call it.
  public func requireWeight(_ communicator: any Communicator) throws {
    if ignoredLabel != nil { _ = try classCount(communicator) }
    guard let path = source.weightsPath else { return }
    let own = weights.view.contains { $0 > 0 } ? 1 : 0
    guard try communicator.allGather([own]).joined().allSatisfy({ $0 == 0 }) else { return }
    throw Failure.data(
      "\(source.place(.weights, row: 0)): all \(plural(partition.sampleCount, "sample")) of \(path.shownName) in use "
        + "have the weight 0; expected at least one above it; repair them, or give --set data.weights=none")
  }
}

extension SplitSource {
  /// Numbers of a column, in its type, as floats.
  func floats(_ column: Column, _ bytes: UnsafeRawBufferPointer, into floats: BufferView<Float>) {
    parts[0].array(column)?.type.run(Floats(elements: bytes, floats: floats))
  }
}

private struct Floats: ElementKernel {
  let elements: UnsafeRawBufferPointer
  let floats: BufferView<Float>

  func run<T: ConvertibleElement>(_: T.Type) {
    for (index, element) in elements.assumingMemoryBound(to: T.self).enumerated() { floats[index] = element.single }
  }
}

import Basics
public import Collectives
import NumericCore

extension ShardStore {
  /// Whether samples count differently in the loss.
  public var hasWeights: Bool { source.weightsPath != nil }
  /// Of the rows in use, those of other ranks included; nil where all count the same.
  public var greatestWeight: Float? {
    guard hasWeights else { return nil }
    return (0..<selection.count).reduce(0) { max($0, weights.view[selection[$1]]) }
  }

  /// Copies the weights of rows of the split into a batch.
  ///
  /// - Shapes: `rows` and `weights` [n].
  public func fillWeights(ofRows rows: BufferView<Int>, into weights: BufferView<Float>) {
    precondition(weights.count == rows.count, "\(weights.count) weights of \(rows.count) rows")
    for (index, row) in rows.enumerated() { weights[index] = self.weights.view[row] }
  }

  /// Reads the weights of all rows of a split; none where all count the same.
  static func loadWeights(of source: SplitSource) throws -> FlatBuffer<Float> {
    let count = source.weightsPath == nil ? 0 : source.sampleCount
    let weights = FlatBuffer<Float>(count: count)
    guard count > 0 else { return weights }
    try source.forEachRun(.weights, [0..<count]) { (_, rows, bytes) throws in
      try source.checkWeights(rows, bytes)
      source.floats(.weights, bytes, into: weights.view.view(rows))
    }
    return weights
  }

  /// The hashes of the weights of the rows held; 0 where all count the same.
  func sumOfWeightHashes() -> UInt64 {
    guard hasWeights else { return 0 }
    var sum: UInt64 = 0
    for shard in shards {
      for position in 0..<count(shard) {
        let row = row(shard: shard, position: position)
        var hash = RowHash(key: UInt64(row))
        withUnsafeBytes(of: weights.view[row]) { hash.add($0) }
        sum &+= hash.value
      }
    }
    return sum
  }

  /// Checks that not all samples over all ranks have the weight 0, or a label that stands for no class. Every rank must
  /// call it.
  public func requireWeight(_ communicator: any Communicator) throws {
    if ignoredLabel != nil { _ = try classCount(communicator) }
    guard let path = source.weightsPath, !(0..<selection.count).contains(where: { weights.view[selection[$0]] > 0 })
    else { return }
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

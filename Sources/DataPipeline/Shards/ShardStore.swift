import HDF5Storage
import NumericCore

/// The rows of one rank's shards in the data set's native type, `uint8` stays `uint8`: in memory, or read from the
/// files ahead of who needs them.
///
/// In memory the rows of a shard lie in the order of its positions, so that a position of the partition is an index
/// here.
public final class ShardStore: @unchecked Sendable {
  public let source: SplitSource
  /// The rows of the split that take part.
  public let selection: RowSelection
  public let partition: ShardPartition
  /// The shards that are held.
  public let shards: Range<Int>
  /// The greatest class index in the targets; nil if they have none.
  public let largestLabel: Int?
  /// How `fill` scales features. `identity` at first; set once, before training.
  public var transform: FeatureTransform = .identity {
    didSet {
      precondition(
        transform.offset.count == 1 || transform.offset.count == featureSize,
        "a transform of \(transform.offset.count) features for \(featureSize)")
      featureScale = Scale(offset: transform.offset, factor: transform.factor)
    }
  }
  /// How `fill` scales or numbers targets. `identity` at first; set once, before training.
  public var targetTransform: TargetTransform = .identity {
    didSet {
      precondition(
        targetTransform.offset.count == 1 || targetTransform.offset.count == targetSize,
        "a transform of \(targetTransform.offset.count) targets for \(targetSize)")
      targetScale = Scale(offset: targetTransform.offset, factor: targetTransform.factor)
    }
  }

  /// The label in the data for which `fill` gives −1, as it stands for no class; nil where each stands for one. Set
  /// once, before training.
  public var ignoredLabel: Int?

  /// Looked for once, since all that is decided by the features asks for it.
  private(set) lazy var featureRange = computeRange(.features)

  let featureSize: Int
  let targetSize: Int
  /// The rows of all shards held, one behind the other; nil where they are streamed.
  let memory: RowBuffer?
  /// What each row of the split counts in the loss; none where all count the same. Held whole, as four bytes a row are
  /// little beside the features.
  let weights: FlatBuffer<Float>
  /// How the rows are read where they are not in memory, and what the first look at them found.
  let streamed: StreamedRows?
  let summary: StreamSummary?
  /// The index, among the rows held, of each held shard's first row, and the number of rows at the end.
  let firstRow: [Int]
  private var featureScale = Scale(offset: [0], factor: [1])
  private var targetScale = Scale(offset: [0], factor: [1])
  private let plainScale = Scale(offset: [0], factor: [1])

  /// What `gather` subtracts and multiplies by, one for all columns or one for each.
  private struct Scale {
    let offset: FlatBuffer<Double>
    let roundedOffset: FlatBuffer<Float>
    let factor: FlatBuffer<Float>

    init(offset: [Double], factor: [Float]) {
      self.offset = FlatBuffer(offset)
      roundedOffset = FlatBuffer(offset.map { Float($0) })
      self.factor = FlatBuffer(factor)
    }
  }

  /// Reads the shards' rows and checks them.
  ///
  /// - Parameters:
  ///   - selection: the rows that take part; `partition` deals their indices.
  ///   - targetCheck: what the targets have to be.
  ///   - streaming: the rows that are read at a time where they are not to be held; nil to hold them all.
  ///   - progress: is given the share of streamed rows that have been looked at.
  /// - Throws: if a file cannot be read, a feature or target is NaN or infinite, a label is not a class index, or a
  ///   weight is negative.
  public init(
    source: SplitSource, selection: RowSelection, partition: ShardPartition, shards: Range<Int>,
    targetCheck: any TargetCheck, streaming bufferRows: Int? = nil, progress: (Double) -> Void = { _ in }
  ) throws {
    precondition(selection.count == partition.sampleCount, "\(selection.count) rows, \(partition.sampleCount) dealt")
    precondition(0 <= shards.lowerBound && shards.upperBound <= partition.shardCount, "shards \(shards)")
    self.source = source
    self.selection = selection
    self.partition = partition
    self.shards = shards
    featureSize = source.featureShape.elementCount
    targetSize = source.targetSize
    var firstRow = [0]
    for shard in shards { firstRow.append(firstRow[firstRow.count - 1] + partition.count(ofShard: shard)) }
    self.firstRow = firstRow
    weights = try Self.loadWeights(of: source)
    if let bufferRows {
      let rows = StreamedRows(
        source: source, selection: selection, partition: partition, shards: shards,
        bufferRows: max(bufferRows, partition.blockSize))
      let summary = try StreamSummary(rows, targetCheck: targetCheck, progress: progress)
      (memory, streamed, self.summary, largestLabel) = (nil, rows, summary, summary.largestLabel)
    } else {
      let (rows, label) = try Self.load(
        source, Self.segments(selection, partition, shards), rowCount: firstRow[shards.count], targetCheck)
      (memory, streamed, summary, largestLabel) = (rows, nil, nil, label)
    }
  }

  /// The number of rows of a held shard.
  public func count(_ shard: Int) -> Int { partition.count(ofShard: shard) }

  /// The row of the split at a position of a shard.
  func row(shard: Int, position: Int) -> Int { selection[partition.row(shard: shard, position: position)] }

  /// Copies rows into a batch as `Float`: features and targets scaled, labels as class indices, or the scaled features
  /// once more where those are the targets. Allocates nothing where the rows are in memory.
  ///
  /// - Parameters:
  ///   - batch: overwritten.
  ///   - shard: one of those held.
  ///   - positions: rows of the shard, in the order of the batch.
  /// - Throws: where rows have to be read and cannot be.
  public func fill(_ batch: BatchRows, shard: Int, positions: UnsafeBufferPointer<Int32>) throws {
    precondition(shards.contains(shard), "shard \(shard) is not among \(shards)")
    if let memory {
      let first = firstRow[shard - shards.lowerBound]
      gather(memory, from: first, slots: positions, count: count(shard), into: batch) {
        partition.row(shard: shard, position: $0)
      }
    } else {
      // Each row once, in the order of the files.
      let rows = Set(positions).map { partition.row(shard: shard, position: Int($0)) }.sorted()
      let buffer = RowBuffer(source, capacity: rows.count)
      try StreamedRows.Readers(source).read(
        rows.map { selection[$0]..<selection[$0] + 1 }, count: rows.count, into: buffer)
      let slots = Dictionary(uniqueKeysWithValues: zip(rows, Int32(0)...))
      let order = positions.map { slots[partition.row(shard: shard, position: Int($0))] ?? 0 }
      order.withUnsafeBufferPointer { order in
        gather(buffer, slots: order, count: rows.count, into: batch) { rows[$0] }
      }
    }
  }

  /// Copies rows of a buffer into a batch, as `fill`.
  ///
  /// - Parameters:
  ///   - first: the row of the buffer that slots are counted from.
  ///   - count: how many rows there are from there on.
  ///   - number: of the row in a slot, among those selected.
  func gather(
    _ rows: RowBuffer, from first: Int = 0, slots: UnsafeBufferPointer<Int32>, count: Int, into batch: BatchRows,
    number: (_ slot: Int) -> Int
  ) {
    precondition(
      batch.features.count == slots.count * featureSize && batch.targets.count == slots.count * targetSize
        && batch.sampleIDs.count == slots.count,
      "views of \(batch.features.count), \(batch.targets.count) and \(batch.sampleIDs.count) for \(slots.count) "
        + "samples of \(featureSize) features and \(targetSize) targets")
    func gather(_ column: SplitSource.Column, _ type: ElementType, into output: BufferView<Float>, _ scale: Scale) {
      guard let source = rows.view(column).baseAddress, let destination = output.baseAddress,
        let offsets = scale.offset.view.baseAddress, let roundedOffsets = scale.roundedOffset.view.baseAddress,
        let factors = scale.factor.view.baseAddress
      else { return }
      let width = width(column)
      type.run(
        GatherRows(
          source: source + first * width * type.byteCount, rowCount: count, width: width, positions: slots,
          destination: destination, offset: offsets, roundedOffset: roundedOffsets, factor: factors,
          isUniform: scale.offset.count == 1, isExact: column == .targets))
    }
    gather(.features, source.featureType, into: batch.features, featureScale)
    if source.reconstructs {
      copy(batch.features, into: batch.targets)
    } else if let targetType = source.targetType {
      gather(.targets, targetType, into: batch.targets, ignoredLabel == nil ? targetScale : plainScale)
      if let ignoredLabel {
        numberLabels(batch.targets, ignoring: ignoredLabel)
      } else if targetTransform.kind == .classes {
        // A class index is exact, whatever the step between labels.
        for index in batch.targets.indices { batch.targets[index].round() }
      }
    }
    for (index, slot) in slots.enumerated() { batch.sampleIDs[index] = selection[number(Int(slot))] }
  }

  /// Labels as class indices, and −1 for those that stand for no class.
  private func numberLabels(_ labels: BufferView<Float>, ignoring ignored: Int) {
    let (first, step) = targetTransform.numbering
    for index in labels.indices {
      let label = labels[index]
      labels[index] = label == Float(ignored) ? -1 : ((label - Float(first)) / Float(step)).rounded()
    }
  }

  /// The numbers of a row.
  func width(_ column: SplitSource.Column) -> Int { column == .features ? featureSize : targetSize }
}

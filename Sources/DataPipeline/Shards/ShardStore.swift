import HDF5Storage
public import NumericCore

/// The rows of one rank's shards, in memory in the data set's native type: `uint8` stays `uint8`.
///
/// Rows of a shard lie in the order of its positions, so that a position of the partition is an index here.
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

  /// The label in the data for which `fill` gives −1, as it stands for no class; nil where each stands for one. Set once,
  /// before training.
  public var ignoredLabel: Int?

  /// Looked for once, since all that is decided by the features asks for it.
  private(set) lazy var featureRange = computeRange(.features)

  let featureSize: Int
  let targetSize: Int
  let features: FlatBuffer<UInt8>
  let targets: FlatBuffer<UInt8>
  /// One a row, or none where all count the same.
  let weights: FlatBuffer<Float>
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
  /// - Throws: if a file cannot be read, a number is NaN or infinite, a label is not a class index, or a
  ///   weight is negative.
  public init(
    source: SplitSource, selection: RowSelection, partition: ShardPartition, shards: Range<Int>,
    targetCheck: any TargetCheck
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

    let segments = Self.segments(selection, partition, shards)
    features = try Self.load(.features, of: source, segments, rowCount: firstRow[shards.count]) {
      (rows, bytes) throws in
      try source.checkFinite(.features, rows, bytes)
    }
    var largestLabel: Int?
    targets = try Self.load(.targets, of: source, segments, rowCount: firstRow[shards.count]) {
      (rows, bytes) throws in
      if let label = try targetCheck.check(rows, bytes, of: source) { largestLabel = max(largestLabel ?? 0, label) }
    }
    self.largestLabel = largestLabel
    weights = try Self.loadWeights(of: source, segments, rowCount: firstRow[shards.count])
  }

  /// The number of rows of a held shard.
  public func count(_ shard: Int) -> Int { partition.count(ofShard: shard) }

  /// Copies rows into a batch as `Float`: features and targets scaled, labels as class indices, or the scaled features
  /// once more where those are the targets. Allocates nothing.
  ///
  /// - Shapes: with n positions, `features` [n, feature size], `targets` [n, target size], `sampleIDs` [n].
  /// - Parameters:
  ///   - shard: one of those held.
  ///   - positions: rows of the shard, in the epoch's order.
  ///   - sampleIDs: overwritten with the rows of the split.
  public func fill(
    shard: Int, positions: UnsafeBufferPointer<Int32>, features: BufferView<Float>, targets: BufferView<Float>,
    sampleIDs: BufferView<Int>
  ) {
    precondition(shards.contains(shard), "shard \(shard) is not among \(shards)")
    precondition(
      features.count == positions.count * featureSize && targets.count == positions.count * targetSize
        && sampleIDs.count == positions.count,
      "windows of \(features.count), \(targets.count) and \(sampleIDs.count) for \(positions.count) samples of "
        + "\(featureSize) features and \(targetSize) targets")
    gather(source.featureType, self.features, width: featureSize, shard, positions, into: features, featureScale)
    if source.reconstructs {
      copy(features, into: targets)
    } else if let targetType = source.targetType {
      let scale = ignoredLabel == nil ? targetScale : plainScale
      gather(targetType, self.targets, width: targetSize, shard, positions, into: targets, scale, isExact: true)
      if let ignoredLabel {
        number(targets, ignoring: ignoredLabel)
      } else if targetTransform.kind == .classes {
        // A class index is exact, whatever the step between labels.
        for index in targets.indices { targets[index].round() }
      }
    }
    for (index, position) in positions.enumerated() {
      sampleIDs[index] = selection[partition.row(shard: shard, position: Int(position))]
    }
  }

  /// Labels as class indices, and −1 for those that stand for no class.
  private func number(_ labels: BufferView<Float>, ignoring ignored: Int) {
    let (first, step) = targetTransform.numbering
    for index in labels.indices {
      let label = labels[index]
      labels[index] = label == Float(ignored) ? -1 : ((label - Float(first)) / Float(step)).rounded()
    }
  }

  private func gather(
    _ type: ElementType, _ rows: FlatBuffer<UInt8>, width: Int, _ shard: Int, _ positions: UnsafeBufferPointer<Int32>,
    into output: BufferView<Float>, _ scale: Scale, isExact: Bool = false
  ) {
    guard let source = rows.view.baseAddress, let destination = output.baseAddress,
      let offsets = scale.offset.view.baseAddress, let roundedOffsets = scale.roundedOffset.view.baseAddress,
      let factors = scale.factor.view.baseAddress
    else { return }
    type.run(
      GatherRows(
        source: source + firstRow[shard - shards.lowerBound] * width * type.byteCount, rowCount: count(shard),
        width: width, positions: positions, destination: destination, offset: offsets,
        roundedOffset: roundedOffsets, factor: factors, isUniform: scale.offset.count == 1,
        isExact: isExact))
  }

  /// The numbers of a row.
  func width(_ column: SplitSource.Column) -> Int {
    column == .features ? featureSize : column == .targets ? targetSize : 1
  }

  /// Folds the features or targets of a held shard into `sums`, one a column, in the order of the positions.
  func accumulate(
    _ statistic: AccumulateColumns.Statistic, of column: SplitSource.Column, ofShard shard: Int,
    into sums: inout [Double]
  ) {
    let width = width(column)
    precondition(sums.count == width, "\(sums.count) sums for \(width) columns")
    guard let rows = (column == .features ? features : targets).view.baseAddress,
      let type = column == .features ? source.featureType : source.targetType
    else { return }
    let first = firstRow[shard - shards.lowerBound] * source.rowByteCount(column)
    sums.withUnsafeMutableBufferPointer { sums in
      guard let sums = sums.baseAddress else { return }
      type.run(
        AccumulateColumns(
          source: rows + first, rowCount: count(shard), width: width, statistic: statistic, sums: sums))
    }
  }
}

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
      offset = FlatBuffer(transform.offset)
      roundedOffset = FlatBuffer(transform.offset.map { Float($0) })
      factor = FlatBuffer(transform.factor)
    }
  }

  let featureSize: Int
  private let targetSize: Int
  let features: FlatBuffer<UInt8>
  let targets: FlatBuffer<UInt8>
  /// The index, among the rows held, of each held shard's first row, and the number of rows at the end.
  let firstRow: [Int]
  private var offset = FlatBuffer<Double>([0])
  private var roundedOffset = FlatBuffer<Float>([0])
  private var factor = FlatBuffer<Float>([1])

  /// Reads the shards' rows and checks them.
  ///
  /// - Parameters:
  ///   - selection: the rows that take part; `partition` deals their indices.
  ///   - targetCheck: what the targets have to be.
  /// - Throws: if a file cannot be read, a feature or target is NaN or infinite, or a label is not a class index.
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
  }

  /// The number of rows of a held shard.
  public func count(_ shard: Int) -> Int { partition.count(ofShard: shard) }

  /// Copies rows into a batch as `Float`: features scaled, targets and class indices as they are, or the scaled
  /// features once more where those are the targets. Allocates nothing.
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
    gather(source.featureType, self.features, width: featureSize, shard, positions, into: features)
    if source.reconstructs {
      copy(features, into: targets)
    } else if let targetType = source.targetType {
      gather(targetType, self.targets, width: targetSize, shard, positions, into: targets, isScaled: false)
    }
    for (index, position) in positions.enumerated() {
      sampleIDs[index] = selection[partition.row(shard: shard, position: Int(position))]
    }
  }

  private static let zero = FlatBuffer<Float>([0])
  private static let exactZero = FlatBuffer<Double>([0])
  private static let one = FlatBuffer<Float>([1])

  private func gather(
    _ type: ElementType, _ rows: FlatBuffer<UInt8>, width: Int, _ shard: Int, _ positions: UnsafeBufferPointer<Int32>,
    into output: BufferView<Float>, isScaled: Bool = true
  ) {
    guard let source = rows.view.baseAddress, let destination = output.baseAddress,
      let offsets = (isScaled ? offset : Self.exactZero).view.baseAddress,
      let roundedOffsets = (isScaled ? roundedOffset : Self.zero).view.baseAddress,
      let factors = (isScaled ? factor : Self.one).view.baseAddress
    else { return }
    type.run(
      GatherRows(
        source: source + firstRow[shard - shards.lowerBound] * width * type.byteCount, rowCount: count(shard),
        width: width, positions: positions, destination: destination, offset: offsets,
        roundedOffset: roundedOffsets, factor: factors, isUniform: !isScaled || offset.count == 1))
  }

  /// Folds the features of a held shard into `sums`, one a feature, in the order of the positions.
  func accumulate(_ statistic: AccumulateColumns.Statistic, ofShard shard: Int, into sums: inout [Double]) {
    precondition(sums.count == featureSize, "\(sums.count) sums for \(featureSize) features")
    guard let rows = features.view.baseAddress else { return }
    let first = firstRow[shard - shards.lowerBound] * source.rowByteCount(.features)
    sums.withUnsafeMutableBufferPointer { sums in
      guard let sums = sums.baseAddress else { return }
      source.featureType.run(
        AccumulateColumns(
          source: rows + first, rowCount: count(shard), width: featureSize, statistic: statistic, sums: sums))
    }
  }
}

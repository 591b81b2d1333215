import Basics
public import Collectives

extension FeatureScaling {
  /// Finds the transform for the training split over all ranks, in double, the same bits for any number of ranks.
  ///
  /// - `standard`: mean = Σx / N, then deviation = √(Σ(x − mean)² / N); the sums are taken shard by shard, then over
  ///   the shards in the fixed tree. A constant feature is moved to zero and not scaled.
  /// - `min_max`: (x − min) / (max − min); a constant feature becomes zero.
  ///
  /// Every rank must call it.
  ///
  /// - Parameters:
  ///   - store: the shards of this rank.
  ///   - shards: which rank holds which shard.
  public func fit(
    to store: ShardStore, over shards: ShardAssignment, _ communicator: any Communicator
  ) throws(CollectiveError) -> FeatureTransform {
    precondition(shards.shards(ofRank: communicator.rank) == store.shards, "the store holds shards \(store.shards)")
    switch self {
    case .none: return .identity
    case .unit: return .unit(store.source.featureType, validMaximum: store.source.featureValidMaximum)
    case .standard: return try standard(store, shards, communicator)
    case .minMax:
      let (minimum, maximum) = try Self.range(store, communicator)
      return FeatureTransform(
        kind: self, offset: minimum,
        factor: zip(minimum, maximum).map { Self.factor(dividingBy: $1 - $0) })
    }
  }

  private func standard(
    _ store: ShardStore, _ shards: ShardAssignment, _ communicator: any Communicator
  ) throws(CollectiveError) -> FeatureTransform {
    let count = Double(store.partition.sampleCount)
    let width = store.featureSize
    let sums = store.shards.map { shard in
      var sums = [Double](repeating: 0, count: width)
      store.accumulate(.sum, ofShard: shard, into: &sums)
      return sums
    }
    let mean = try communicator.treeSum(sums, over: shards).map { $0 / count }
    let squares = store.shards.map { shard in
      var sums = [Double](repeating: 0, count: width)
      mean.withUnsafeBufferPointer { mean in
        guard let mean = mean.baseAddress else { return }
        store.accumulate(.squaredDeviation(mean: mean), ofShard: shard, into: &sums)
      }
      return sums
    }
    let deviation = try communicator.treeSum(squares, over: shards).map { ($0 / count).squareRoot() }
    // The mean of a constant is often off by a rounding error, so its deviation is tiny rather than zero.
    let (minimum, maximum) = try Self.range(store, communicator)
    return FeatureTransform(
      kind: self,
      offset: mean.indices.map { minimum[$0] < maximum[$0] ? mean[$0] : minimum[$0] },
      factor: mean.indices.map { Self.factor(dividingBy: minimum[$0] < maximum[$0] ? deviation[$0] : 0) })
  }

  /// 1 / width, or 1 where that is no finite Float: the width of a constant feature, or one of denormal numbers.
  private static func factor(dividingBy width: Double) -> Float {
    let factor = Float(1 / width)
    return factor.isFinite ? factor : 1
  }

  /// The least and greatest value of each feature over all ranks.
  private static func range(
    _ store: ShardStore, _ communicator: any Communicator
  ) throws(CollectiveError) -> (minimum: [Double], maximum: [Double]) {
    var (minimum, maximum) = store.range()
    for other in try communicator.allGather(minimum) { minimum = zip(minimum, other).map { Swift.min($0, $1) } }
    for other in try communicator.allGather(maximum) { maximum = zip(maximum, other).map { Swift.max($0, $1) } }
    return (minimum, maximum)
  }
}

extension ShardStore {
  /// The least and greatest value of each feature in this rank's shards.
  func range() -> (minimum: [Double], maximum: [Double]) {
    var minimum = [Double](repeating: .infinity, count: featureSize)
    var maximum = [Double](repeating: -.infinity, count: featureSize)
    for shard in shards {
      accumulate(.minimum, ofShard: shard, into: &minimum)
      accumulate(.maximum, ofShard: shard, into: &maximum)
    }
    return (minimum, maximum)
  }

  /// Checks that the features of this rank's shards are whole numbers that a table of `limit` rows can be asked for.
  public func checkIndices(below limit: Int) throws {
    let (minimum, maximum) = range()
    let (least, greatest) = (minimum.min() ?? 0, maximum.max() ?? 0)
    func text(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }
    guard source.featureType.isInteger, least >= 0, greatest < Double(limit) else {
      throw Failure.data(
        "\(source.place(.features, row: 0)): expected whole numbers from 0 to \(limit - 1) for the embedding, found "
          + "\(source.featureType.name) from \(text(least)) to \(text(greatest)); give the embedding's size, or "
          + "prepare the data with "
          + "ddp-train data convert text or text-csv")
    }
  }

  /// Checks that the scaled features of this rank's shards are from 0 to 1, as targets that are probabilities have to
  /// be.
  public func checkProbabilities() throws {
    let (minimum, maximum) = range()
    func scaled(_ value: Double, _ feature: Int) -> Float {
      let index = transform.offset.count == 1 ? 0 : feature
      return Float(value - transform.offset[index]) * transform.factor[index]
    }
    let least = minimum.indices.map { scaled(minimum[$0], $0) }.min() ?? 0
    let greatest = maximum.indices.map { scaled(maximum[$0], $0) }.max() ?? 0
    // `min_max` may round beyond its ends.
    guard least >= -1e-6, greatest <= 1 + 1e-6 else {
      throw Failure.usage(
        "\(source.place(.features, row: 0)): the features, scaled, go from \(least) to \(greatest), but "
          + "binary_cross_entropy "
          + "expects targets from 0 to 1; use --set data.scaling=min_max, or --loss mse")
    }
  }

  /// The number of classes in the data: the greatest label over all ranks, plus one. Every rank must call it.
  ///
  /// - Precondition: the store was loaded with a check for classes.
  public func classCount(_ communicator: any Communicator) throws(CollectiveError) -> Int {
    guard let largestLabel else { preconditionFailure("the targets were not read as classes") }
    return try communicator.allGather([largestLabel]).joined().reduce(0, max) + 1
  }
}

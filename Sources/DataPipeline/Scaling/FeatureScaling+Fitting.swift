public import Collectives

/// A transform, and why it was chosen where the scaling is `auto`.
public struct FittedScaling: Sendable, Equatable {
  public let transform: FeatureTransform
  /// Nil where nothing was chosen.
  public let choice: ScalingChoice?
  /// Values beside which all others of their columns become alike; none where columns are not scaled by their
  /// deviations.
  public let loneValues: [ColumnValue]

  public init(transform: FeatureTransform, choice: ScalingChoice? = nil, loneValues: [ColumnValue] = []) {
    (self.transform, self.choice, self.loneValues) = (transform, choice, loneValues)
  }
}

/// A value that stands out, and the column that it is of.
public struct ColumnValue: Sendable, Equatable {
  public let column: Int
  public let value: Double

  public init(column: Int, value: Double) { (self.column, self.value) = (column, value) }
}

extension ColumnMoments {
  /// The only values of columns that are far from the others: a million of their deviations, such as 3·10³⁸ that stands
  /// for what is missing. Scaled by a deviation that is all its own, the others tell nothing.
  ///
  /// Without the value x the sum of the squared deviations is less by (x − mean)² · N / (N − 1). Where what is left is
  /// a billionth of it, N of the others' deviations are at most a 30,000th of x's. A column of few ones among zeros is
  /// not meant: x has to be large.
  ///
  /// - Parameter count: N.
  fileprivate func loneValues(minimum: [Double], maximum: [Double], count: Int) -> [ColumnValue] {
    guard count > 2 else { return [] }
    let total = Double(count)
    return mean.indices.compactMap { column in
      guard maximum[column] - minimum[column] > 1e6 else { return nil }
      let squares = deviation[column] * deviation[column] * total
      let lone = [minimum[column], maximum[column]].first { value in
        let distance = value - mean[column]
        return squares - distance * distance * total / (total - 1) <= 1e-9 * squares
      }
      return lone.map { ColumnValue(column: column, value: $0) }
    }
  }
}

extension FeatureScaling {
  /// Finds the transform for the training split over all ranks, in double, the same bits for any number of ranks.
  ///
  /// - `standard`: mean = Σx / N, then deviation = √(Σ(x − mean)² / N); the sums are taken shard by shard, then over
  ///   the shards in the fixed tree. A constant feature is moved to zero and not scaled.
  /// - `min_max`: (x − min) / (max − min); a constant feature becomes zero.
  /// - `auto`: one of them, as `ScalingChoice` decides.
  ///
  /// Every rank must call it.
  ///
  /// - Parameters:
  ///   - store: the shards of this rank.
  ///   - shards: which rank holds which shard.
  ///   - use: what training asks of the features.
  public func fit(
    to store: ShardStore, over shards: ShardAssignment, _ communicator: any Communicator, for use: FeatureUse = .plain
  ) throws -> FittedScaling {
    precondition(shards.shards(ofRank: communicator.rank) == store.shards, "the store holds shards \(store.shards)")
    let source = store.source
    func fitted(
      _ offset: [Double], _ factor: [Double], _ choice: ScalingChoice? = nil, loneValues: [ColumnValue] = []
    ) -> FittedScaling {
      FittedScaling(
        transform: FeatureTransform(kind: choice?.scaling ?? self, offset: offset, factor: factor.map(Self.factor)),
        choice: choice, loneValues: loneValues)
    }
    if self == .none || (use == .indices && self != .auto) {
      return FittedScaling(transform: .identity)
    }
    let (minimum, maximum) = try store.range(.features, communicator)
    func loneValues(_ moments: ColumnMoments) -> [ColumnValue] {
      moments.loneValues(minimum: minimum, maximum: maximum, count: store.partition.sampleCount)
    }
    let choice = ScalingChoice(
      type: source.featureType, shape: source.featureShape, validMaximum: source.featureValidMaximum,
      channels: source.channels, use: use, minimum: minimum, maximum: maximum)
    if self == .auto {
      switch choice.method {
      case .asIs: return FittedScaling(transform: .identity, choice: choice)
      case .divided(let divisor): return fitted([0], [divisor], choice)
      case .range: return fitted(minimum, zip(maximum, minimum).map(-), choice)
      case .channels(let count):
        let moments = try store.moments(.features, shards, communicator, range: (minimum, maximum)).pooled(count)
        return fitted(moments.mean, moments.deviation, choice)
      case .columns:
        let moments = try store.moments(.features, shards, communicator, range: (minimum, maximum))
        let isBinary = try store.binaryColumns(minimum, maximum, communicator)
        return fitted(
          moments.mean.indices.map { isBinary[$0] ? 0 : moments.mean[$0] },
          moments.deviation.indices.map { isBinary[$0] ? 1 : moments.deviation[$0] }, choice,
          loneValues: loneValues(moments))
      }
    }
    // Booleans stay what they are.
    if source.featureType.isInteger, minimum.allSatisfy({ $0 >= 0 }), maximum.allSatisfy({ $0 <= 1 }) {
      return fitted([0], [1])
    }
    switch self {
    case .auto, .none: preconditionFailure("\(self) is dealt with above")
    case .unit:
      return FittedScaling(
        transform: .unit(source.featureType, validMaximum: source.featureValidMaximum))
    case .standard:
      let moments = try store.moments(.features, shards, communicator, range: (minimum, maximum))
      return fitted(moments.mean, moments.deviation, loneValues: loneValues(moments))
    case .minMax: return fitted(minimum, zip(maximum, minimum).map(-))
    }
  }

  /// 1 / width, or 1 where that is no finite Float: the width of a constant feature, or one of denormal numbers.
  fileprivate static func factor(dividingBy width: Double) -> Float {
    let factor = Float(1 / width)
    return factor.isFinite ? factor : 1
  }
}

extension TargetScaling {
  /// Finds the transform of the training split's targets over all ranks, as `FeatureScaling.standard` does. Every rank
  /// must call it.
  public func fit(
    to store: ShardStore, over shards: ShardAssignment, _ communicator: any Communicator
  ) throws -> TargetTransform {
    guard self == .standard else { return .identity }
    let range = try store.range(.targets, communicator)
    let moments = try store.moments(.targets, shards, communicator, range: range)
    return TargetTransform(
      kind: .standard, offset: moments.mean, factor: moments.deviation.map(FeatureScaling.factor))
  }
}

/// Mean and population standard deviation of each column; a constant column has its value and 0.
struct ColumnMoments {
  var mean: [Double]
  var deviation: [Double]

  /// The moments of channels, which are last in a row, over all positions; one value a column, equal for a channel's.
  func pooled(_ channels: Int) -> ColumnMoments {
    var result = self
    let positions = Double(mean.count / channels)
    for channel in 0..<channels {
      let columns = stride(from: channel, to: mean.count, by: channels)
      let center = columns.reduce(0) { $0 + mean[$1] } / positions
      let variance =
        columns.reduce(0) {
          $0 + deviation[$1] * deviation[$1] + (mean[$1] - center) * (mean[$1] - center)
        } / positions
      for column in columns { (result.mean[column], result.deviation[column]) = (center, variance.squareRoot()) }
    }
    return result
  }
}

extension ShardStore {
  /// Mean and deviation of each column over all ranks, summed in the fixed tree. Every rank must call it.
  func moments(
    _ column: SplitSource.Column, _ assignment: ShardAssignment, _ communicator: any Communicator,
    range: (minimum: [Double], maximum: [Double])
  ) throws -> ColumnMoments {
    let count = Double(partition.sampleCount)
    let mean = try communicator.treeSum(sums(column), over: assignment).map { $0 / count }
    let squares = try squaredDeviations(column, from: mean)
    let deviation = try communicator.treeSum(squares, over: assignment).map { ($0 / count).squareRoot() }
    // The mean of a constant is often off by a rounding error, so its deviation is tiny rather than zero.
    let varies = mean.indices.map { range.minimum[$0] < range.maximum[$0] }
    return ColumnMoments(
      mean: mean.indices.map { varies[$0] ? mean[$0] : range.minimum[$0] },
      deviation: mean.indices.map { varies[$0] ? deviation[$0] : 0 })
  }

  /// The least and greatest value of each column over all ranks. Every rank must call it.
  func range(
    _ column: SplitSource.Column, _ communicator: any Communicator
  ) throws(CollectiveError) -> (minimum: [Double], maximum: [Double]) {
    var (minimum, maximum) = range(column)
    for other in try communicator.allGather(minimum) { minimum = zip(minimum, other).map { Swift.min($0, $1) } }
    for other in try communicator.allGather(maximum) { maximum = zip(maximum, other).map { Swift.max($0, $1) } }
    return (minimum, maximum)
  }

  /// The least and greatest value of each column in this rank's shards.
  func range(_ column: SplitSource.Column = .features) -> (minimum: [Double], maximum: [Double]) {
    column == .features ? featureRange : computeRange(column)
  }

  /// Which columns hold 0 and 1 alone, both of them, over all ranks. Every rank must call it.
  fileprivate func binaryColumns(
    _ minimum: [Double], _ maximum: [Double], _ communicator: any Communicator
  ) throws(CollectiveError) -> [Bool] {
    var isBinary = minimum.indices.map { minimum[$0] == 0 && maximum[$0] == 1 }
    for other in try communicator.allGather(othersThanBinary()) {
      isBinary = zip(isBinary, other).map { $0 && $1 == 0 }
    }
    return isBinary
  }
}

extension SplitSource {
  /// How many channels a sample has, last in its shape, where the model reads images or sequences; else nil.
  var channels: Int? { arrangement.map { $0.shape[$0.shape.rank - 1] } }
}

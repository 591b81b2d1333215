import Basics
public import Collectives
public import HDF5Storage

/// The type and range of the features that a model was trained on, before scaling.
public struct FeatureKind: Sendable, Equatable {
  public let type: ElementType
  public let minimum: Double
  public let maximum: Double

  public init(type: ElementType, minimum: Double, maximum: Double) {
    (self.type, self.minimum, self.maximum) = (type, minimum, maximum)
  }

  /// Whether all are from −1 to 1, as pixels are that were scaled before.
  var isWithinUnit: Bool { minimum >= -1 && maximum <= 1 }
}

extension ShardStore {
  /// The type and range of the features over all ranks. Every rank must call it.
  public func featureKind(_ communicator: any Communicator) throws(CollectiveError) -> FeatureKind {
    let (minimum, maximum) = try range(.features, communicator)
    return FeatureKind(type: source.featureType, minimum: minimum.min() ?? 0, maximum: maximum.max() ?? 0)
  }

  /// The columns that have a value of at least this magnitude, each with its greatest, over all ranks. Every rank must
  /// call it.
  public func columns(
    of column: SplitSource.Column, reaching magnitude: Double, _ communicator: any Communicator
  ) throws(CollectiveError) -> [ColumnValue] {
    let (minimum, maximum) = try range(column, communicator)
    return minimum.indices.compactMap { index in
      let value = abs(minimum[index]) > abs(maximum[index]) ? minimum[index] : maximum[index]
      return abs(value) >= magnitude ? ColumnValue(column: index, value: value) : nil
    }
  }

  /// Checks that the features of this rank's shards are of the kind that a model was trained on: not floating-point
  /// numbers from 0 to 1 where that were integers up to 255, or the other way round, which the stored scaling would
  /// make a hundred times too small or too large.
  public func checkKind(like trained: FeatureKind) throws {
    let (minimum, maximum) = range()
    guard let least = minimum.min(), let greatest = maximum.max(), least <= greatest else { return }
    let own = FeatureKind(type: source.featureType, minimum: least, maximum: greatest)
    // Columns of a table may have any range; pixels have one.
    let mayBePixels = source.featureShape.rank > 1 || featureSize >= 64
    func isPixels(_ kind: FeatureKind) -> Bool { mayBePixels && kind.minimum >= 0 && kind.maximum > 50 }
    let isScaledBefore =
      (trained.type.isInteger && trained.maximum > 1 || isPixels(trained)) && !own.type.isInteger && own.isWithinUnit
      && hasFractions()
    let isUnscaled =
      !trained.type.isInteger && trained.isWithinUnit
      && (own.type.isInteger && !own.isWithinUnit || trained.minimum >= 0 && isPixels(own))
    guard isScaledBefore || isUnscaled else { return }
    func text(_ kind: FeatureKind) -> String {
      "\(kind.type.name) from \(trimmedNumber(kind.minimum)) to \(trimmedNumber(kind.maximum))"
    }
    throw Failure.data(
      "\(source.place(.features, row: 0)): the features are \(text(own)), but the model was trained on "
        + "\(text(trained)) and scales them itself; give features of the same kind, "
        + (isScaledBefore ? "not scaled before" : "scaled as those were")
    )
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
  /// - Throws: also where all labels stand for no class.
  public func classCount(_ communicator: any Communicator) throws -> Int {
    // A rank may have no row of a small split, or none with a class.
    let greatest = try communicator.allGather([largestLabel ?? -1]).joined().reduce(-1, max)
    guard greatest >= 0 else {
      throw Failure.data(
        "\(source.place(.targets, row: 0)): all labels of \(plural(partition.sampleCount, "sample")) are the one that "
          + "stands for no class; give another loss.ignore_index")
    }
    return greatest + 1
  }
}

import Basics
public import Collectives

/// How a training split stands to the figures of the data that a transform was found on, which tells whether both are
/// in the same units: the mean and deviation of each column, or its range.
///
/// Scaled by that transform, a column of the same units has a mean near 0 and a deviation near 1, or goes from about 0
/// to about 1. Its distance is how far it is from there: of the mean in deviations, or the ratio of the widths.
public struct UnitComparison: Sendable {
  /// Where a column lies and how wide it is: mean and deviation, or least value and range.
  struct Extent: Sendable {
    var place: Double
    var width: Double
  }

  private let own: [Extent]
  private let theirs: [Extent]
  private let isByRange: Bool

  /// Beyond so many deviations, or so many times the width, data are in other units.
  static let greatestDistance = 10.0
  /// Columns of less than this share of the width are in other units, where the median column is one: single ones may
  /// well be constant but for a few samples.
  static let leastWidth = 0.01

  init(own: [Extent], theirs: [Extent], isByRange: Bool) {
    (self.own, self.theirs, self.isByRange) = (own, theirs, isByRange)
  }

  /// The columns that are in other units, the farthest first.
  private var others: [Int] {
    func ratio(_ index: Int) -> Double { own[index].width / theirs[index].width }
    func distance(_ index: Int) -> Double {
      max(abs(own[index].place - theirs[index].place) / theirs[index].width, ratio(index))
    }
    let ratios = own.indices.map(ratio).filter { $0 > 0 }.sorted()
    let areNarrow = !ratios.isEmpty && ratios[ratios.count / 2] < Self.leastWidth
    return own.indices
      .filter { distance($0) > Self.greatestDistance || areNarrow && ratio($0) > 0 && ratio($0) < Self.leastWidth }
      .map { (index: $0, distance: max(distance($0), ratio($0) > 0 ? 1 / ratio($0) : 0)) }
      .sorted { ($1.distance, $0.index) < ($0.distance, $1.index) }.map(\.index)
  }

  /// The figures of the column that is farthest off, and how many are; nil where none is.
  ///
  /// - Parameter name: of a column by its index, such as `'width'`; nil where all are taken together.
  public func difference(name: (Int) -> String?) -> String? {
    let others = others
    guard let first = others.first else { return nil }
    func text(_ extent: Extent) -> String {
      let figures = (shortNumber(extent.place), shortNumber(isByRange ? extent.place + extent.width : extent.width))
      return isByRange ? "from \(figures.0) to \(figures.1)" : "mean \(figures.0) and deviation \(figures.1)"
    }
    let verb = isByRange ? (own.count == 1 && name(0) == nil ? "are" : "goes") : "has"
    let count = own.count == 1 ? "" : " (and so \(grouped(others.count)) of \(plural(own.count, "column")))"
    return "\(name(first) ?? "they") \(verb) \(text(own[first])), there \(text(theirs[first]))\(count)"
  }
}

extension ShardStore {
  /// Compares the features with those that a transform was found on. Collective.
  ///
  /// - Parameter kind: type and range of those; nil where unknown. Transforms that do not go by columns are compared
  ///   by it.
  /// - Returns: nil where there is nothing to compare with.
  public func compareFeatures(
    to transform: FeatureTransform, _ kind: FeatureKind?, over shards: ShardAssignment,
    _ communicator: any Communicator
  ) throws -> UnitComparison? {
    let range = try range(.features, communicator)
    switch transform.kind {
    case .standard:
      return try compare(.features, to: (transform.offset, transform.factor), range, over: shards, communicator)
    case .minMax:
      let own = zip(range.minimum, range.maximum).map { UnitComparison.Extent(place: $0, width: $1 - $0) }
      return UnitComparison(
        own: own, theirs: Self.extents(transform.offset, transform.factor, count: own.count), isByRange: true)
    case .none, .unit, .auto:
      guard let kind, kind.minimum < kind.maximum, let least = range.minimum.min(), let greatest = range.maximum.max()
      else { return nil }
      return UnitComparison(
        own: [.init(place: least, width: greatest - least)],
        theirs: [.init(place: kind.minimum, width: kind.maximum - kind.minimum)], isByRange: true)
    }
  }

  /// Compares the targets of a regression with those that a transform was found on. Collective.
  ///
  /// - Returns: nil where that does not scale them.
  public func compareTargets(
    to transform: TargetTransform, over shards: ShardAssignment, _ communicator: any Communicator
  ) throws -> UnitComparison? {
    guard transform.kind == .standard else { return nil }
    let range = try range(.targets, communicator)
    return try compare(.targets, to: (transform.offset, transform.factor), range, over: shards, communicator)
  }

  private func compare(
    _ column: SplitSource.Column, to scale: (offset: [Double], factor: [Float]),
    _ range: (minimum: [Double], maximum: [Double]), over shards: ShardAssignment, _ communicator: any Communicator
  ) throws -> UnitComparison {
    let moments = try moments(column, shards, communicator, range: range)
    let own = zip(moments.mean, moments.deviation).map { UnitComparison.Extent(place: $0, width: $1) }
    return UnitComparison(
      own: own, theirs: Self.extents(scale.offset, scale.factor, count: own.count), isByRange: false)
  }

  private static func extents(_ offset: [Double], _ factor: [Float], count: Int) -> [UnitComparison.Extent] {
    (0..<count).map { index in
      UnitComparison.Extent(place: offset[index % offset.count], width: 1 / Double(factor[index % factor.count]))
    }
  }
}

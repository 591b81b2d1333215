/// What is done with the summed gradients of a step, piece by piece, by any threads at once on different pieces.
///
/// A class, so that an exchange can keep it from the beginning of a step to its end without an allocation.
public protocol StepUpdate: AnyObject {
  /// Overwrites parameters and optimizer state in `range`. `gradient` is a flat buffer of sums; `scale` makes it the
  /// mean, clipped.
  func update(_ range: Range<Int>, gradient: BufferView<Float>, scale: Float)
  /// Called first, where the update needs sums over whole parameters, on every piece of every parameter. It may
  /// overwrite optimizer state and the gradient in `piece`.
  /// - Returns: Σθ² and Σu² over the piece, u being what it left in the gradient; they are summed over each parameter.
  func prepare(_ piece: Range<Int>, gradient: BufferView<Float>, scale: Float) -> SquareSums
  /// Called then on every piece with the sums of its parameter; overwrites parameters and optimizer state in `piece`.
  func update(_ piece: Range<Int>, gradient: BufferView<Float>, scale: Float, squares: SquareSums)
  /// Overwrites the running statistics in `range`. `sums` holds Σ over shards of samples · statistic; `scale` is 1 /
  /// samples.
  func updateStatistics(_ range: Range<Int>, sums: BufferView<Float>, scale: Float)
}

/// Sums of squares over a parameter, or a piece of one.
public typealias SquareSums = (parameter: Double, gradient: Double)

extension StepUpdate {
  // An update that takes each element by itself.
  public func prepare(_ piece: Range<Int>, gradient: BufferView<Float>, scale: Float) -> SquareSums { (0, 0) }

  public func update(_ piece: Range<Int>, gradient: BufferView<Float>, scale: Float, squares: SquareSums) {
    update(piece, gradient: gradient, scale: scale)
  }
}

/// How running statistics take in what a step brings: r ← (1 − μ)·r + μ·s / n for each statistic.
///
/// n counts a sample once for each layer that shares the statistic: such layers make one update with their average,
/// where PyTorch makes one update after another.
public struct RunningStatistics: Sendable {
  /// How one statistic moves.
  public struct Rule: Sendable {
    /// μ, the share of the newest step.
    public var momentum = 0.0
    /// The layers that share the statistic.
    public var uses = 0

    public init() {}
  }

  public let layout: ParameterLayout
  private let rules: [Rule]

  /// - Parameter rules: one for each entry of the layout.
  public init(_ layout: ParameterLayout, rules: [Rule]) {
    precondition(layout.entries.count == rules.count, "\(rules.count) rules for \(layout.entries.count) statistics")
    self.layout = layout
    self.rules = rules
  }

  /// Moves running statistics towards those of one step.
  ///
  /// - Parameters:
  ///   - range: the elements to update, so that ranks may divide the work.
  ///   - statistics: r, laid out by `layout`; overwritten.
  ///   - sums: s, what the forward passes of the step added up to, over all shards.
  ///   - scale: 1 / samples of the step, over all shards.
  public func update<S: Scalar>(_ range: Range<Int>, of statistics: BufferView<S>, sums: BufferView<S>, scale: S) {
    precondition(
      statistics.count == layout.count && sums.count == layout.count,
      "\(sums.count) sums for \(statistics.count) statistics in a layout of \(layout.count)")
    for (entry, rule) in zip(layout.entries, rules) where rule.momentum > 0 {
      let part = entry.range.clamped(to: range)
      average(
        sums.view(part), scale: scale / S(rule.uses), weight: S(rule.momentum), into: statistics.view(part))
    }
  }
}

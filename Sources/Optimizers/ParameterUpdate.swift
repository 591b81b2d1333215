public import NumericCore

/// One update of a flat state, from the summed gradient to the averaged weights:
///
///     g ← clamp(scale · Σg, ±c);  g ← g + λ₁·sign(θ) + λ₂·θ;  optimizer;  e ← d·e + (1 − d)·θ
///
/// where every step but the optimizer's is there only if asked for. It works on any part of the state and treats each element by
/// itself, or each parameter where the optimizer is layer-wise.
///
/// The penalties λ₁Σ|θ| and λ₂/2·Σθ² (L1 and L2) act through their gradients alone: the loss that is reported stays that of the
/// data. They come after clipping, which is about the data, and spare parameters that are not to decay.
public struct ParameterUpdate: Sendable {
  public let optimizer: any Optimizer
  /// The same optimizer, where it is layer-wise.
  private let layerwise: (any LayerwiseOptimizer)?
  /// The optimizer's, then `ema` where weights are averaged.
  public let momentNames: [String]
  /// Parts of the flat buffer in order, neighbours of different decay.
  private let groups: [ParameterGroup]
  private let penalty: Penalty
  private let averaging: WeightAveraging?

  /// - Parameters:
  ///   - layout: of the parameters.
  ///   - decaysVectors: whether weight decay and penalties act on parameters of one dimension, which biases and the scales and
  ///     shifts of normalisation layers are.
  ///   - averaging: nil keeps no averaged weights.
  public init(
    _ optimizer: any Optimizer, layout: ParameterLayout, decaysVectors: Bool = true, penalty: Penalty = Penalty(),
    averaging: WeightAveraging? = nil
  ) {
    self.optimizer = optimizer
    layerwise = optimizer as? any LayerwiseOptimizer
    momentNames = optimizer.momentNames + (averaging == nil ? [] : [WeightAveraging.momentName])
    self.penalty = penalty
    self.averaging = averaging
    groups = ParameterGroup.groups(of: layout, decaysVectors: decaysVectors)
  }

  /// Whether `prepare` and a sum over each parameter come before its update.
  public var isLayerwise: Bool { layerwise != nil }

  /// Overwrites `range` of the parameters, moments and, where it needs to, the gradient.
  public func update(_ range: Range<Int>, of state: FlatState, gradient: Window<Float>, rule: StepRule) {
    forEachGroup(in: range) { part, decayFactor in
      var rule = rule
      rule.decayFactor = decayFactor
      penalize(part, of: state, gradient: gradient, rule: &rule)
      optimizer.update(part, of: state, gradient: gradient, rule: rule)
    }
    average(range, of: state, step: rule.step)
  }

  /// The first pass of a layer-wise update over `range`, which lies in one parameter.
  /// - Returns: Σθ² and Σu² over the range, u being what it left in the gradient.
  public func prepare(
    _ range: Range<Int>, of state: FlatState, gradient: Window<Float>, rule: StepRule
  ) -> (parameter: Double, gradient: Double) {
    guard let layerwise else { return (0, 0) }
    var rule = rule
    rule.decayFactor = decayFactor(at: range.lowerBound)
    penalize(range, of: state, gradient: gradient, rule: &rule)
    layerwise.prepare(range, of: state, gradient: gradient, rule: rule)
    return (sumOfSquares(state.parameters.window(range)), sumOfSquares(gradient.window(range)))
  }

  /// The second pass over `range`, which lies in one parameter.
  /// - Parameter squares: Σθ² and Σu² over the whole parameter.
  public func update(
    _ range: Range<Int>, of state: FlatState, gradient: Window<Float>, rule: StepRule,
    squares: (parameter: Double, gradient: Double)
  ) {
    guard let layerwise else { return }
    var rule = rule
    rule.decayFactor = decayFactor(at: range.lowerBound)
    rule.trustRatio = layerwise.trustRatio(
      parameterNorm: squares.parameter.squareRoot(), gradientNorm: squares.gradient.squareRoot(), rule: rule)
    layerwise.update(range, of: state, gradient: gradient, rule: rule)
    average(range, of: state, step: rule.step)
  }

  /// Folds clipping by value and the penalties into the gradient.
  private func penalize(_ range: Range<Int>, of state: FlatState, gradient: Window<Float>, rule: inout StepRule) {
    guard penalty.isActive else { return }
    penalty.apply(
      gradient.window(range), parameters: state.parameters.window(range), scale: rule.gradientScale,
      decayFactor: rule.decayFactor)
    rule.gradientScale = 1
  }

  private func average(_ range: Range<Int>, of state: FlatState, step: Int) {
    guard let averaging else { return }
    averaging.update(
      state.moments[momentNames.count - 1].window(range), from: state.parameters.window(range), step: step)
  }

  private func decayFactor(at element: Int) -> Float { groups[groupIndex(of: element)].decayFactor }

  private func forEachGroup(in range: Range<Int>, _ body: (Range<Int>, Float) -> Void) {
    guard !range.isEmpty else { return }
    var index = groupIndex(of: range.lowerBound)
    while index < groups.count, groups[index].range.lowerBound < range.upperBound {
      body(groups[index].range.clamped(to: range), groups[index].decayFactor)
      index += 1
    }
  }

  /// By bisection: a block of a deep network overlaps few of its many groups.
  private func groupIndex(of element: Int) -> Int {
    var low = 0, high = groups.count - 1
    while low < high {
      let middle = (low + high) / 2
      if groups[middle].range.upperBound <= element { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// A part of the flat buffer whose elements decay alike.
struct ParameterGroup: Sendable, Equatable {
  var range: Range<Int>
  /// 1, or 0 for parameters that are not to decay.
  let decayFactor: Float

  /// The groups of a layout in order: they cover it, each gap with the entry before it, and neighbours differ.
  static func groups(of layout: ParameterLayout, decaysVectors: Bool) -> [ParameterGroup] {
    var groups: [ParameterGroup] = []
    for (index, entry) in layout.entries.enumerated() {
      let end = index + 1 < layout.entries.count ? layout.entries[index + 1].range.lowerBound : layout.count
      let decayFactor: Float = decaysVectors || entry.shape.rank > 1 ? 1 : 0
      if let last = groups.last, last.decayFactor == decayFactor {
        groups[groups.count - 1].range = last.range.lowerBound..<end
      } else {
        groups.append(ParameterGroup(range: entry.range.lowerBound..<end, decayFactor: decayFactor))
      }
    }
    return groups.isEmpty ? [ParameterGroup(range: 0..<layout.count, decayFactor: 1)] : groups
  }
}

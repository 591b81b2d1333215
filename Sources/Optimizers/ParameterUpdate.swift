public import NumericCore

/// One update of a flat state, from the summed gradient to the averaged weights:
///
///     g ← clamp(scale · Σg, ±c);  g ← g + λ₁·sign(θ) + λ₂·θ;  optimizer;  e ← d·e + (1 − d)·θ
///
/// where every step but the optimizer's is there only if asked for. It works on any part of the state and treats each element by
/// itself, or each parameter where the optimizer is layer-wise. Parts of the parameters may have optimizers of their own, as the two
/// networks of a GAN do.
///
/// The penalties λ₁Σ|θ| and λ₂/2·Σθ² (L1 and L2) act through their gradients alone: the loss that is reported stays that of the
/// data. They come after clipping, which is about the data, and spare parameters that are not to decay.
public struct ParameterUpdate: Sendable {
  /// The part of the flat buffer that one optimizer updates.
  public struct Part: Sendable {
    public let optimizer: any Optimizer
    /// Bounds of entries of the layout.
    public let range: Range<Int>
    /// What the learning rate of a step is multiplied by.
    public let rateFactor: Float
    /// Whether weight decay and penalties act on parameters of one dimension, which biases and the scales and shifts of
    /// normalisation layers are.
    public let decaysVectors: Bool
    /// The same optimizer, where it is layer-wise.
    let layerwise: (any LayerwiseOptimizer)?

    public init(_ optimizer: any Optimizer, range: Range<Int>, rateFactor: Float = 1, decaysVectors: Bool = true) {
      self.optimizer = optimizer
      self.range = range
      self.rateFactor = rateFactor
      self.decaysVectors = decaysVectors
      layerwise = optimizer as? any LayerwiseOptimizer
    }
  }

  public let parts: [Part]
  /// Those of all optimizers, each name once, then `ema` where weights are averaged.
  public let momentNames: [String]
  /// Ranges of the flat buffer in order, neighbours of different parts or decay.
  private let groups: [ParameterGroup]
  private let penalty: Penalty
  private let averaging: WeightAveraging?

  /// - Parameters:
  ///   - parts: in order, covering the layout.
  ///   - layout: of the parameters.
  ///   - averaging: nil keeps no averaged weights.
  public init(
    _ parts: [Part], layout: ParameterLayout, penalty: Penalty = Penalty(), averaging: WeightAveraging? = nil
  ) {
    precondition(
      parts.first?.range.lowerBound == 0 && parts.last?.range.upperBound == layout.count
        && zip(parts, parts.dropFirst()).allSatisfy { $0.range.upperBound == $1.range.lowerBound },
      "parts \(parts.map(\.range)) of a layout of \(layout.count)")
    self.parts = parts
    var names: [String] = []
    for name in parts.flatMap(\.optimizer.momentNames) where !names.contains(name) { names.append(name) }
    momentNames = names + (averaging == nil ? [] : [WeightAveraging.momentName])
    self.penalty = penalty
    self.averaging = averaging
    groups = ParameterGroup.groups(of: layout, parts: parts)
  }

  /// One optimizer for all parameters.
  public init(
    _ optimizer: any Optimizer, layout: ParameterLayout, decaysVectors: Bool = true, penalty: Penalty = Penalty(),
    averaging: WeightAveraging? = nil
  ) {
    self.init(
      [Part(optimizer, range: 0..<layout.count, decaysVectors: decaysVectors)], layout: layout, penalty: penalty,
      averaging: averaging)
  }

  /// A flat state as the optimizers see it, to be made once for a run.
  public struct State {
    /// All moments, in the order of `momentNames`.
    let whole: FlatState
    /// One for each part, with the moments of its optimizer.
    let views: [FlatState]
  }

  /// - Parameter state: its moments in the order of `momentNames`.
  public func state(_ state: FlatState) -> State {
    let moments = Dictionary(uniqueKeysWithValues: zip(momentNames, state.moments))
    return State(
      whole: state,
      views: parts.map { part in
        FlatState(parameters: state.parameters, moments: part.optimizer.momentNames.compactMap { moments[$0] })
      })
  }

  /// Whether `prepare` and a sum over each parameter come before its update.
  public var isLayerwise: Bool { parts.contains { $0.layerwise != nil } }

  /// Overwrites `range` of the parameters, moments and, where it needs to, the gradient.
  public func update(_ range: Range<Int>, of state: State, gradient: Window<Float>, rule: StepRule) {
    guard !range.isEmpty else { return }
    var index = groupIndex(of: range.lowerBound)
    while index < groups.count, groups[index].range.lowerBound < range.upperBound {
      update(range.clamped(to: groups[index].range), in: groups[index], of: state, gradient: gradient, rule: rule)
      index += 1
    }
    average(range, of: state, step: rule.step)
  }

  private func update(
    _ range: Range<Int>, in group: ParameterGroup, of state: State, gradient: Window<Float>, rule: StepRule
  ) {
    var rule = rule.adapted(to: group, of: parts)
    penalize(range, of: state.whole, gradient: gradient, rule: &rule)
    parts[group.part].optimizer.update(range, of: state.views[group.part], gradient: gradient, rule: rule)
  }

  /// The first pass of a layer-wise update over `range`, which lies in one parameter.
  /// - Returns: Σθ² and Σu² over the range, u being what it left in the gradient; zeros for a parameter whose optimizer takes
  ///   each element by itself.
  public func prepare(
    _ range: Range<Int>, of state: State, gradient: Window<Float>, rule: StepRule
  ) -> (parameter: Double, gradient: Double) {
    let group = groups[groupIndex(of: range.lowerBound)]
    guard let layerwise = parts[group.part].layerwise else { return (0, 0) }
    var rule = rule.adapted(to: group, of: parts)
    penalize(range, of: state.whole, gradient: gradient, rule: &rule)
    layerwise.prepare(range, of: state.views[group.part], gradient: gradient, rule: rule)
    return (sumOfSquares(state.whole.parameters.window(range)), sumOfSquares(gradient.window(range)))
  }

  /// The second pass over `range`, which lies in one parameter.
  /// - Parameter squares: Σθ² and Σu² over the whole parameter.
  public func update(
    _ range: Range<Int>, of state: State, gradient: Window<Float>, rule: StepRule,
    squares: (parameter: Double, gradient: Double)
  ) {
    let group = groups[groupIndex(of: range.lowerBound)]
    if let layerwise = parts[group.part].layerwise {
      var rule = rule.adapted(to: group, of: parts)
      rule.trustRatio = layerwise.trustRatio(
        parameterNorm: squares.parameter.squareRoot(), gradientNorm: squares.gradient.squareRoot(), rule: rule)
      layerwise.update(range, of: state.views[group.part], gradient: gradient, rule: rule)
    } else {
      update(range, in: group, of: state, gradient: gradient, rule: rule)
    }
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

  private func average(_ range: Range<Int>, of state: State, step: Int) {
    guard let averaging else { return }
    averaging.update(
      state.whole.moments[momentNames.count - 1].window(range), from: state.whole.parameters.window(range), step: step)
  }

  /// By bisection: a block of a deep network overlaps few of its many groups.
  private func groupIndex(of element: Int) -> Int {
    var low = 0
    var high = groups.count - 1
    while low < high {
      let middle = (low + high) / 2
      if groups[middle].range.upperBound <= element { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension StepRule {
  /// The rule for the elements of a group.
  fileprivate func adapted(to group: ParameterGroup, of parts: [ParameterUpdate.Part]) -> StepRule {
    var rule = self
    rule.decayFactor = group.decayFactor
    rule.learningRate *= parts[group.part].rateFactor
    return rule
  }
}

/// A range of the flat buffer whose elements one optimizer updates and which decay alike.
struct ParameterGroup: Sendable, Equatable {
  var range: Range<Int>
  /// Index of the part.
  let part: Int
  /// 1, or 0 for parameters that are not to decay.
  let decayFactor: Float

  /// The groups of a layout in order: they cover it, each gap with the entry before it, and neighbours differ.
  static func groups(of layout: ParameterLayout, parts: [ParameterUpdate.Part]) -> [ParameterGroup] {
    var groups: [ParameterGroup] = []
    for (index, entry) in layout.entries.enumerated() {
      let end = index + 1 < layout.entries.count ? layout.entries[index + 1].range.lowerBound : layout.count
      let part = parts.firstIndex { $0.range.contains(entry.range.lowerBound) } ?? 0
      precondition(end <= parts[part].range.upperBound, "\(entry.name) is of two parts")
      let decayFactor: Float = parts[part].decaysVectors || entry.shape.rank > 1 ? 1 : 0
      if let last = groups.last, last.decayFactor == decayFactor, last.part == part {
        groups[groups.count - 1].range = last.range.lowerBound..<end
      } else {
        groups.append(ParameterGroup(range: entry.range.lowerBound..<end, part: part, decayFactor: decayFactor))
      }
    }
    return groups.isEmpty ? [ParameterGroup(range: 0..<layout.count, part: 0, decayFactor: 1)] : groups
  }
}

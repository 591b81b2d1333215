import Basics
public import NumericCore

/// One update of a flat state, from the summed gradient to the averaged weights:
///
///     g ← clamp(scale · Σg, ±c);  g ← g + λ₁·sign(θ) + λ₂·θ;  optimizer;  e ← d·e + (1 − d)·θ
///
/// where every step but the optimizer's is there only if asked for. It works on any part of the state and treats each
/// element by itself, or each parameter where the optimizer is layer-wise. Parts of the parameters may have optimizers
/// of their own.
///
/// The penalties λ₁Σ|θ| and λ₂/2·Σθ² (L1 and L2) act through their gradients alone: the loss that is reported stays
/// that of the data. They come after clipping, which is about the data, and spare parameters that are not to decay.
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
    public init(_ optimizer: any Optimizer, range: Range<Int>, rateFactor: Float = 1, decaysVectors: Bool = true) {
      self.optimizer = optimizer
      self.range = range
      self.rateFactor = rateFactor
      self.decaysVectors = decaysVectors
    }
  }

  public let parts: [Part]
  /// Those of all optimizers, each name once, then `ema` where weights are averaged.
  public let stateNames: [String]
  /// Ranges of the flat buffer in order, neighbours updated in different ways.
  fileprivate let groups: [ParameterGroup]
  fileprivate let transform: GradientTransform
  fileprivate let averaging: WeightAveraging?

  /// - Parameters:
  ///   - parts: in order, covering the layout.
  ///   - layout: of the parameters.
  ///   - exceptions: parameters that are updated in another way, each in one of them at most, frozen ones apart.
  ///   - averaging: nil keeps no averaged weights.
  public init(
    _ parts: [Part], layout: ParameterLayout, exceptions: [Exception] = [],
    transform: GradientTransform = GradientTransform(),
    averaging: WeightAveraging? = nil
  ) {
    precondition(
      parts.first?.range.lowerBound == 0 && parts.last?.range.upperBound == layout.count
        && zip(parts, parts.dropFirst()).allSatisfy { $0.range.upperBound == $1.range.lowerBound },
      "parts \(parts.map(\.range)) of a layout of \(layout.count)")
    self.parts = parts
    var names: [String] = []
    for name in parts.flatMap(\.optimizer.stateNames) where !names.contains(name) { names.append(name) }
    stateNames = names + (averaging == nil ? [] : [WeightAveraging.stateName])
    self.transform = transform
    self.averaging = averaging
    groups = ParameterGroup.groups(of: layout, parts: parts, exceptions: exceptions)
  }

  /// One optimizer for all parameters.
  public init(
    _ optimizer: any Optimizer, layout: ParameterLayout, decaysVectors: Bool = true,
    transform: GradientTransform = GradientTransform(), averaging: WeightAveraging? = nil
  ) {
    self.init(
      [Part(optimizer, range: 0..<layout.count, decaysVectors: decaysVectors)], layout: layout, transform: transform,
      averaging: averaging)
  }

  /// Whether sums over whole parameters come before their update.
  public var isLayerwise: Bool { parts.contains { $0.optimizer is any LayerwiseOptimizer } }

  /// A flat state as the optimizers see it, to be made once for a run.
  public struct State {
    /// The whole optimizer state, in the order of `stateNames`.
    let whole: FlatState
    /// One for each part, with the state of its optimizer.
    let views: [FlatState]
  }

  /// - Parameter state: its buffers in the order of `stateNames`.
  public func state(_ state: FlatState) -> State {
    let buffers = Dictionary(uniqueKeysWithValues: zip(stateNames, state.buffers))
    return State(
      whole: state,
      views: parts.map { part in
        FlatState(parameters: state.parameters, buffers: part.optimizer.stateNames.compactMap { buffers[$0] })
      })
  }

  /// The update of one step, for an exchange to carry out piece by piece.
  ///
  /// - Parameters:
  ///   - number: t, counted from 1.
  ///   - statistics: the running statistics, and how they move.
  public func step(
    _ number: Int, of state: State, learningRate: Double,
    statistics: (rules: RunningStatistics, values: BufferView<Float>)
  ) -> Step {
    let step = Step(self, state: state, statisticRules: statistics.rules, statistics: statistics.values)
    step.begin(number, learningRate: learningRate)
    return step
  }

  /// One step of an update: penalties, optimizer and averaged weights, in that order, on any range of the flat buffer.
  public final class Step: StepUpdate {
    private let update: ParameterUpdate
    private let state: State
    private var number = 0
    private var learningRate: Float = 0
    private let statisticRules: RunningStatistics
    private let statistics: BufferView<Float>

    fileprivate init(
      _ update: ParameterUpdate, state: State, statisticRules: RunningStatistics, statistics: BufferView<Float>
    ) {
      (self.update, self.state) = (update, state)
      (self.statisticRules, self.statistics) = (statisticRules, statistics)
    }

    /// Makes it the step of another number, to be carried out next.
    public func begin(_ number: Int, learningRate: Double) {
      (self.number, self.learningRate) = (number, Float(learningRate))
    }

    public func update(_ range: Range<Int>, gradient: BufferView<Float>, scale: Float) {
      guard !range.isEmpty else { return }
      var index = update.groupIndex(of: range.lowerBound)
      while index < update.groups.count, update.groups[index].range.lowerBound < range.upperBound {
        let group = update.groups[index]
        index += 1
        guard !group.key.isFrozen else { continue }
        let part = range.clamped(to: group.range)
        optimize(part, in: group, gradient: gradient, scale: scale)
        average(part)
      }
    }

    public func prepare(_ piece: Range<Int>, gradient: BufferView<Float>, scale: Float) -> SquareSums {
      let group = update.groups[update.groupIndex(of: piece.lowerBound)]
      guard let layerwise = group.layerwise, !group.key.isFrozen else { return (0, 0) }
      var step = hyperparameters(of: group, scale: scale)
      penalize(piece, of: group, gradient: gradient, &step)
      layerwise.prepare(piece, of: state.views[group.key.part], gradient: gradient, step: step)
      return (sumOfSquares(state.whole.parameters.view(piece)), sumOfSquares(gradient.view(piece)))
    }

    public func update(_ piece: Range<Int>, gradient: BufferView<Float>, scale: Float, squares: SquareSums) {
      let group = update.groups[update.groupIndex(of: piece.lowerBound)]
      guard !group.key.isFrozen else { return }
      if let layerwise = group.layerwise {
        var step = hyperparameters(of: group, scale: scale)
        step.trustRatio = layerwise.trustRatio(
          parameterNorm: squares.parameter.squareRoot(), gradientNorm: squares.gradient.squareRoot(), step: step)
        layerwise.update(piece, of: state.views[group.key.part], gradient: gradient, step: step)
      } else {
        optimize(piece, in: group, gradient: gradient, scale: scale)
      }
      average(piece)
    }

    public func updateStatistics(_ range: Range<Int>, sums: BufferView<Float>, scale: Float) {
      statisticRules.update(range, of: statistics, sums: sums, scale: scale)
    }

    private func optimize(_ range: Range<Int>, in group: ParameterGroup, gradient: BufferView<Float>, scale: Float) {
      var step = hyperparameters(of: group, scale: scale)
      penalize(range, of: group, gradient: gradient, &step)
      Timeline.addUpdate { [step] in
        group.optimizer.update(range, of: state.views[group.key.part], gradient: gradient, step: step)
      }
    }

    /// Folds clipping by value and the penalties into the gradient.
    private func penalize(
      _ range: Range<Int>, of group: ParameterGroup, gradient: BufferView<Float>, _ step: inout StepHyperparameters
    ) {
      guard update.transform.isActive else { return }
      update.transform.apply(
        gradient.view(range), parameters: state.whole.parameters.view(range), scale: step.gradientScale,
        decayFactor: group.key.penaltyFactor)
      step.gradientScale = 1
    }

    private func average(_ range: Range<Int>) {
      guard let averaging = update.averaging, let averaged = state.whole.buffers.last else { return }
      averaging.update(averaged.view(range), from: state.whole.parameters.view(range), step: number)
    }

    private func hyperparameters(of group: ParameterGroup, scale: Float) -> StepHyperparameters {
      var step = StepHyperparameters(
        number: number, learningRate: learningRate * group.rateFactor, gradientScale: scale)
      step.decayFactor = group.key.decayFactor
      return step
    }
  }

  /// By bisection: a block of a deep network overlaps few of its many groups.
  fileprivate func groupIndex(of element: Int) -> Int {
    var low = 0
    var high = groups.count - 1
    while low < high {
      let middle = (low + high) / 2
      if groups[middle].range.upperBound <= element { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

public import NumericCore

/// Turns gradients into new parameters, element by element over flat buffers.
///
/// Every rank updates only its slice of the parameters, so an update must treat each element by itself. All optimizers keep
/// a zero parameter with a zero gradient at zero, which is what alignment gaps hold.
public protocol Optimizer: Sendable {
  /// Names of the flat buffers it remembers between steps, as in PyTorch's optimizer state, such as `exp_avg`.
  var momentNames: [String] { get }

  /// Overwrites `range` of the parameters and moments.
  func update(_ range: Range<Int>, of state: FlatState, gradient: Window<Float>, rule: StepRule)
}

/// What is one for the whole step.
public struct StepRule: Sendable, Equatable {
  /// t, the number of this update, counted from 1.
  public var step: Int
  /// α of this step, after the schedule.
  public var learningRate: Float
  /// What a summed gradient is multiplied by: 1 / samples, times the clipping coefficient.
  public var gradientScale: Float
  /// What the optimizer's weight decay is multiplied by: 0 for parameters that are not to decay, else 1.
  public var decayFactor: Float = 1
  /// q of the second pass of a layer-wise optimizer.
  public var trustRatio: Float = 1

  public init(step: Int, learningRate: Float, gradientScale: Float = 1) {
    precondition(step >= 1, "update \(step)")
    self.step = step
    self.learningRate = learningRate
    self.gradientScale = gradientScale
  }
}

/// Parameters and moments, all of one `ParameterLayout`.
public struct FlatState {
  public let parameters: Window<Float>
  /// In the order of `Optimizer.momentNames`.
  public let moments: [Window<Float>]

  public init(parameters: Window<Float>, moments: [Window<Float>]) {
    precondition(moments.allSatisfy { $0.count == parameters.count }, "moments of other counts than the parameters")
    self.parameters = parameters
    self.moments = moments
  }
}

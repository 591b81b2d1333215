public import NumericCore
public import Settings

/// Turns gradients into new parameters, element by element over flat buffers.
///
/// Every rank updates only its slice of the parameters, so an update must treat each element by itself. All optimizers
/// keep a zero parameter with a zero gradient at zero, which is what alignment gaps hold.
///
/// An optimizer is its hyperparameters: in double as they are configured, rounded once a step to the precision it
/// computes in.
public protocol Optimizer: Configurable {
  /// The learning rate where none is given: PyTorch's default where it has the optimizer, but 0.01 for SGD.
  static var defaultLearningRate: Double { get }
  /// Whether weight decay acts on biases and norms unless a configuration says otherwise. Default: yes.
  static var decaysBiases: Bool { get }
  /// λ, at least 0.
  var weightDecay: Double { get set }
  /// Names of the flat buffers it remembers between steps, as in PyTorch's optimizer state, such as `exp_avg`.
  var stateNames: [String] { get }

  /// Overwrites `range` of the parameters and of the state.
  func update(_ range: Range<Int>, of state: FlatState, gradient: BufferView<Float>, step: StepHyperparameters)
}

extension Optimizer {
  public static var decaysBiases: Bool { true }
}

/// What is one for the whole step.
public struct StepHyperparameters: Sendable, Equatable {
  /// t, the number of this update, counted from 1.
  public var number: Int
  /// α of this step, after the schedule.
  public var learningRate: Float
  /// What a summed gradient is multiplied by: 1 / samples, times the clipping coefficient.
  public var gradientScale: Float
  /// What the optimizer's weight decay is multiplied by: 0 for parameters that are not to decay, 1 for the others.
  public var decayFactor: Float = 1
  /// q of the second pass of a layer-wise optimizer.
  public var trustRatio: Float = 1

  public init(number: Int, learningRate: Float, gradientScale: Float = 1) {
    precondition(number >= 1, "update \(number)")
    self.number = number
    self.learningRate = learningRate
    self.gradientScale = gradientScale
  }
}

/// Parameters and what an optimizer remembers of them, all of one `ParameterLayout`.
public struct FlatState {
  public let parameters: BufferView<Float>
  /// In the order of `Optimizer.stateNames`.
  public let buffers: [BufferView<Float>]

  public init(parameters: BufferView<Float>, buffers: [BufferView<Float>]) {
    precondition(buffers.allSatisfy { $0.count == parameters.count }, "buffers of other counts than the parameters")
    self.parameters = parameters
    self.buffers = buffers
  }
}

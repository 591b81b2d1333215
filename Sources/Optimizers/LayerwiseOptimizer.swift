public import NumericCore

/// An optimizer whose step in a parameter depends on norms over the whole of it.
///
/// Ranks divide the elements, so it takes two passes with a sum over all pieces of a parameter between: `prepare` on
/// every piece, then, knowing the norms of the parameter and of what `prepare` left in the gradient, `update` with the
/// ratio of trust.
public protocol LayerwiseOptimizer: Optimizer {
  /// The first pass: overwrites the gradient in `range`, and optimizer state if need be, but no parameters.
  func prepare(_ range: Range<Int>, of state: FlatState, gradient: BufferView<Float>, step: StepHyperparameters)

  /// What the second pass finds in `StepHyperparameters.trustRatio`.
  /// - Parameters:
  ///   - parameterNorm: ‖θ‖ over the whole parameter.
  ///   - gradientNorm: the norm over the whole parameter of what `prepare` left in the gradient.
  func trustRatio(parameterNorm: Double, gradientNorm: Double, step: StepHyperparameters) -> Float
}

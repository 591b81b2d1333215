import NumericCore
import Optimizers

extension Trainer {
  /// The mean gradient of the last step with respect to one parameter, as the optimizer took it: clipped, and with
  /// penalties where the run has them. LAMB leaves in its place the change that it scales by its trust ratio.
  ///
  /// It costs no exchange: the sum over all shards of all ranks lies where the gradients of the first shard were, which
  /// rank 0 always has, and stays there until rank 0 begins its next step. On rank 0 alone.
  ///
  /// - Returns: the numbers, and what to multiply them by; nil before the first step, and where its update was not
  ///   made.
  func lastGradient(of entry: ParameterLayout.Entry) -> (values: BufferView<Float>, factor: Double)? {
    let sum = exchange.gradients(ofShard: 0)
    guard let lastTotals, lastProblem == nil, lastTotals.sums.weight > 0, entry.range.upperBound <= sum.count else {
      return nil
    }
    let part = update.parts.first { $0.range.contains(entry.range.lowerBound) }
    let penalties = configuration.regularization
    // Who changes the gradient in place scales it there.
    let isScaled =
      configuration.clipValue != nil || penalties.l1 > 0 || penalties.l2 > 0
      || part?.optimizer is any LayerwiseOptimizer
    let clipping = exchange.clippingCoefficient(norm: lastTotals.gradientNorm, limit: configuration.clipNorm)
    return (sum.view(entry.range), isScaled ? 1 : clipping / lastTotals.sums.weight)
  }
}

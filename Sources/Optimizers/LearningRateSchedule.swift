import Foundation

/// The learning rate as a function of the step: a pure function, so there is no state to save.
///
/// In the first `warmupSteps` updates the rate of the shape is multiplied by t / warmupSteps (Goyal et al. 2017).
public struct LearningRateSchedule: Sendable, Equatable {
  public enum Shape: Sendable, Equatable {
    case constant
    /// base · factor^⌊t / every⌋, `every` in steps.
    case step(every: Int, factor: Double)
    /// base · factor^(t / every), `every` in steps.
    case exponential(every: Int, factor: Double)
    /// minimum + (base − minimum) · (1 + cos(π · t / steps)) / 2, over the steps after the warm-up (Loshchilov and Hutter 2017).
    case cosine(steps: Int, minimum: Double)
  }

  public let base: Double
  public let shape: Shape
  public let warmupSteps: Int

  public init(base: Double, shape: Shape = .constant, warmupSteps: Int = 0) {
    precondition(base >= 0 && warmupSteps >= 0, "learning rate \(base), warm-up of \(warmupSteps) steps")
    self.base = base
    self.shape = shape
    self.warmupSteps = warmupSteps
  }

  /// The rate of update `step`, counted from 1.
  public func learningRate(step: Int) -> Double {
    let done = step - 1
    let warmup = step < warmupSteps ? Double(step) / Double(warmupSteps) : 1
    switch shape {
    case .constant: return base * warmup
    case .step(let every, let factor): return base * warmup * pow(factor, Double(done / every))
    case .exponential(let every, let factor): return base * warmup * pow(factor, Double(done) / Double(every))
    case .cosine(let steps, let minimum):
      let progress = Double(max(0, done - warmupSteps)) / Double(max(1, steps - warmupSteps))
      return (minimum + (base - minimum) * (1 + cos(.pi * min(1, progress))) / 2) * warmup
    }
  }
}

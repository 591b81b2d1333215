import Foundation

/// The learning rate as a function of the step: a pure function, so there is no state to save, but for `plateau`.
///
/// In the first `warmupSteps` updates the rate of the shape is multiplied by t / warmupSteps (Goyal et al. 2017). Shapes that say
/// so begin after the warm-up.
public struct LearningRateSchedule: Sendable, Equatable {
  public enum Shape: Sendable, Equatable {
    case constant
    /// base · factor^⌊t / every⌋, `every` in steps.
    case step(every: Int, factor: Double)
    /// base · factor^(milestones up to t), in steps.
    case multiStep(milestones: [Int], factor: Double)
    /// base · factor^(t / every), `every` in steps.
    case exponential(every: Int, factor: Double)
    /// minimum + (base − minimum) · (1 − t / steps)^power, over the steps after the warm-up.
    case polynomial(steps: Int, power: Double, minimum: Double)
    /// minimum + (base − minimum) · (1 + cos(π · t / steps)) / 2, over the steps after the warm-up (Loshchilov and Hutter 2017).
    case cosine(steps: Int, minimum: Double)
    /// The same over periods that begin again at the base (SGDR in the same paper): `period` steps after the warm-up, each
    /// later one `growth` times as long.
    case cosineRestarts(period: Int, growth: Int, minimum: Double)
    /// From base / `divisor` up to base over the share `rise` of the steps after the warm-up, then down to base / (`divisor` ·
    /// `finalDivisor`), each by half a cosine (Smith and Topin 2018, as PyTorch's `OneCycleLR` with two phases).
    case oneCycle(steps: Int, rise: Double, divisor: Double, finalDivisor: Double)
    /// The rate of a `PlateauState`, which follows a metric.
    case plateau(PlateauRule)
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
  ///
  /// - Parameter plateau: of the epochs before; nil before the first. Of no effect on other shapes.
  public func learningRate(step: Int, plateau: PlateauState? = nil) -> Double {
    let done = step - 1
    let warmup = step < warmupSteps ? Double(step) / Double(warmupSteps) : 1
    let afterWarmup = max(0, done - warmupSteps)
    switch shape {
    case .constant: return base * warmup
    case .step(let every, let factor): return base * warmup * pow(factor, Double(done / every))
    case .multiStep(let milestones, let factor):
      return base * warmup * pow(factor, Double(milestones.count { $0 <= done }))
    case .exponential(let every, let factor): return base * warmup * pow(factor, Double(done) / Double(every))
    case .polynomial(let steps, let power, let minimum):
      return (minimum + (base - minimum) * pow(1 - share(afterWarmup, of: steps), power)) * warmup
    case .cosine(let steps, let minimum):
      return between(base, minimum, share(afterWarmup, of: steps)) * warmup
    case .cosineRestarts(let period, let growth, let minimum):
      let (position, length) = place(afterWarmup, period: period, growth: growth)
      return between(base, minimum, Double(position) / Double(length)) * warmup
    case .oneCycle(let steps, let rise, let divisor, let finalDivisor):
      let last = Double(max(1, steps - warmupSteps)) - 1
      let top = rise * (last + 1) - 1
      let position = min(Double(afterWarmup), last)
      let start = base / divisor
      if position <= top { return between(start, base, top > 0 ? position / top : 1) * warmup }
      return between(base, start / finalDivisor, last > top ? (position - top) / (last - top) : 1) * warmup
    case .plateau: return (plateau?.learningRate ?? base) * warmup
    }
  }

  /// `done` steps as a share of all after the warm-up, at most 1.
  private func share(_ done: Int, of steps: Int) -> Double {
    min(1, Double(done) / Double(max(1, steps - warmupSteps)))
  }

  /// From `first` to `last` by half a cosine, as `share` goes from 0 to 1.
  private func between(_ first: Double, _ last: Double, _ share: Double) -> Double {
    last + (first - last) * (1 + cos(.pi * share)) / 2
  }

  /// The step within its period, and the period's length.
  private func place(_ step: Int, period: Int, growth: Int) -> (position: Int, length: Int) {
    guard growth > 1 else { return (step % period, period) }
    var position = step, length = period
    while position >= length {
      position -= length
      length *= growth
    }
    return (position, length)
  }
}

/// How the learning rate grows with the batch, against a batch that it was chosen for.
public enum BatchScaling: String, CaseIterable, Sendable {
  case none
  /// α · B / B₀ (Goyal et al. 2017), for SGD.
  case linear
  /// α · √(B / B₀) (Krizhevsky 2014), for Adam and its kin.
  case squareRoot = "square_root"

  /// The factor for a batch of `batchSize` samples where `referenceBatch` has factor 1.
  public func factor(batchSize: Int, referenceBatch: Int) -> Double {
    let ratio = Double(batchSize) / Double(referenceBatch)
    return switch self {
    case .none: 1
    case .linear: ratio
    case .squareRoot: ratio.squareRoot()
    }
  }
}

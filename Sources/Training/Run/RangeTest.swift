import Basics
public import Collectives
import Foundation
import Settings

/// A learning-rate range test (Smith 2017, "Cyclical learning rates for training neural networks"): the loss of steps
/// whose rate grows by a constant factor, and the rate at which it falls fastest.
public struct RangeTest: Sendable, Equatable {
  /// One step of the test.
  public struct Point: Sendable, Equatable {
    public let learningRate: Double
    /// Of the step's samples, before its update.
    public let loss: Double
    /// The exponential average of the losses so far.
    public let smoothedLoss: Double
  }

  public let first: Double
  public let last: Double
  public let steps: Int
  public private(set) var points: [Point] = []
  private var sum = 0.0
  private var weight = 0.0

  /// The share of the past in the smoothed loss.
  public static let smoothing = 0.9
  /// The test is over where the smoothed loss is so many times the best.
  public static let explosion = 4.0

  /// - Precondition: 0 < `first` < `last` and `steps` ≥ 2.
  public init(first: Double, last: Double, steps: Int) {
    precondition(0 < first && first < last && steps >= 2, "rates from \(first) to \(last) in \(steps) steps")
    self.first = first
    self.last = last
    self.steps = steps
  }

  /// The rate of the next step: first · (last / first)^(i / (steps − 1)).
  public var learningRate: Double {
    first * pow(last / first, Double(points.count) / Double(steps - 1))
  }

  /// Takes in the loss of the next step.
  public mutating func record(_ loss: Double) {
    sum = Self.smoothing * sum + (1 - Self.smoothing) * loss
    weight = Self.smoothing * weight + (1 - Self.smoothing)
    points.append(Point(learningRate: learningRate, loss: loss, smoothedLoss: sum / weight))
  }

  /// Whether all steps are done or the loss has exploded.
  public var isOver: Bool {
    guard points.count < steps, let latest = points.last?.smoothedLoss else { return points.count >= steps }
    let best = points.map(\.smoothedLoss).min() ?? latest
    return !latest.isFinite || (points.count > 10 && latest > Self.explosion * best)
  }

  /// The rate where the smoothed loss falls fastest over the logarithm of the rate, by central differences up to its
  /// minimum; nil where it never falls.
  ///
  /// The minimum itself is too late, as the loss is about to rise there.
  public var suggestion: Double? {
    let losses = points.map(\.smoothedLoss)
    guard let lowest = losses.indices.min(by: { losses[$0] < losses[$1] }), lowest >= 2 else { return nil }
    // The step of the logarithm is the same everywhere, so that differences stand for slopes.
    let slopes = (1..<lowest).map { (index: $0, slope: losses[$0 + 1] - losses[$0 - 1]) }
    guard let steepest = slopes.min(by: { $0.slope < $1.slope }), steepest.slope < 0 else { return nil }
    return points[steepest.index].learningRate
  }
}

extension RangeTest {
  /// Takes the steps of the test with fresh weights. Collective.
  ///
  /// Each step is one of training, with the configuration's optimizer, clipping and penalties; the schedule alone gives
  /// way.
  ///
  /// - Throws: a `UserFacingError`, also for a model whose loss suggests no rate.
  public mutating func run(_ arguments: TrainArguments, ranks: MPICommunicator) throws {
    var arguments = arguments
    arguments.settings.append(TrainArguments.Setting(path: "resume", value: .null))
    let trainer = try TrainingRun(arguments, ranks: ranks).trainer
    if let reason = trainer.network.whyNoRangeTest { throw Failure.usage("lr-find: \(reason)") }
    while !isOver {
      if trainer.progress.stepInEpoch == trainer.plan.stepsPerEpoch { trainer.progress.finishEpoch() }
      trainer.learningRateOverride = learningRate
      do {
        let totals = try trainer.step()
        record(totals.sums.meanLoss)
      } catch let error as Failure where error.exitCode == .numeric && !points.isEmpty {
        // Expected at the end of the range, and met by all ranks in the same step.
        return
      }
    }
  }
}

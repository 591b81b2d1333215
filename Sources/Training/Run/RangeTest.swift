import Basics
public import Collectives
import Foundation
import Settings

/// A learning-rate range test (Smith 2017, "Cyclical learning rates for training neural networks"): the loss of steps
/// whose rate grows by a constant factor, and the rate that their curve speaks for.
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

  /// The test is over where the smoothed loss is so many times the best.
  public static let explosion = 4.0
  /// Where a loss is so many times the average before it, and half of the fall is made, training has become unstable:
  /// what the curve does behind it does not count.
  public static let jump = 1.7
  /// The share of the fall that has to be made where the search between the steepest descent and the minimum ends. The
  /// minimum itself is too late: the loss is about to rise there.
  public static let share = 0.95

  /// - Precondition: 0 < `first` < `last` and `steps` ≥ 2.
  public init(first: Double, last: Double, steps: Int) {
    precondition(0 < first && first < last && steps >= 2, "rates from \(first) to \(last) in \(steps) steps")
    self.first = first
    self.last = last
    self.steps = steps
  }

  /// The share of the past in the smoothed loss: it looks back on a twentieth of the test.
  private var smoothing: Double { max(0, 1 - 10 / Double(steps)) }
  /// Steps at the start whose average is of too few losses to mean anything.
  private var skipped: Int { steps / 20 }

  /// The rate of the next step: first · (last / first)^(i / (steps − 1)).
  public var learningRate: Double {
    first * pow(last / first, Double(points.count) / Double(steps - 1))
  }

  /// Takes in the loss of the next step.
  public mutating func record(_ loss: Double) {
    sum = smoothing * sum + (1 - smoothing) * loss
    weight = smoothing * weight + (1 - smoothing)
    points.append(Point(learningRate: learningRate, loss: loss, smoothedLoss: sum / weight))
  }

  /// Whether all steps are done or the loss has exploded.
  public var isOver: Bool {
    guard points.count < steps, let latest = points.last?.smoothedLoss else { return points.count >= steps }
    let best = points.map(\.smoothedLoss).min() ?? latest
    return !latest.isFinite || (points.count > skipped && latest > Self.explosion * best)
  }

  /// What the curve speaks for.
  public enum Advice: Sendable, Equatable {
    case rate(Double)
    /// No rate, and why.
    case none(String)
  }

  /// The rate to train at; nil where the curve speaks for none.
  public var suggestion: Double? { if case .rate(let rate) = advice { rate } else { nil } }

  /// The rate half way, in logarithms, from where the smoothed loss falls steepest over the logarithm of the rate to
  /// where it has made nearly all of its fall.
  ///
  /// The steepest descent alone is on the safe side, and the minimum too late. Over 16 models, each with SGD and Adam,
  /// the point between the two came closest to the best of a grid of rates.
  public var advice: Advice {
    let losses = Array(points.map(\.smoothedLoss).prefix(while: \.isFinite))
    guard losses.count > skipped + 2 else {
      return .none("the loss explodes after \(plural(points.count, "step")); begin lower with --from")
    }
    func lowest(_ range: Range<Int>) -> Int { range.min { losses[$0] < losses[$1] } ?? range.lowerBound }
    let start = losses[skipped], fall = start - losses[lowest(skipped..<losses.count)]
    guard fall > max(0.01 * abs(start), 6 * noise) else {
      return .none("the loss falls nowhere by more than its noise; try other rates with --from and --to")
    }
    let unstable = (skipped + 1..<losses.count).first {
      points[$0].loss > Self.jump * losses[$0 - 1] && losses[$0 - 1] < start - fall / 2
    }
    let minimum = lowest(skipped..<(unstable ?? losses.count))
    // The step of the logarithm is the same everywhere, so that differences stand for slopes.
    let window = max(1, steps / 40)
    let slopes = (skipped..<max(minimum, skipped + 1)).map { index in
      (index: index, slope: losses[min(index + window, minimum)] - losses[max(index - window, skipped)])
    }
    let steepest = slopes.min { $0.slope < $1.slope }?.index ?? minimum
    let goal = start - Self.share * (start - losses[minimum])
    let end = (skipped...minimum).first { losses[$0] <= goal } ?? minimum
    return .rate((points[steepest].learningRate * points[max(steepest, end)].learningRate).squareRoot())
  }

  /// Whether the loss is still falling at the last rate, so that greater ones may be better.
  public var fallsToTheEnd: Bool {
    points.count == steps && points.indices.min { points[$0].smoothedLoss < points[$1].smoothedLoss } == steps - 1
  }

  /// How much the smoothed loss varies from step to step by chance: the standard deviation of the first losses, which
  /// the rate does not change yet, times what is left of it in their average.
  private var noise: Double {
    let losses = points.prefix(2 * skipped).map(\.loss)
    guard losses.count >= 2 else { return 0 }
    let squares = zip(losses, losses.dropFirst()).map { ($1 - $0) * ($1 - $0) }
    let variance = squares.reduce(0, +) / Double(2 * squares.count)
    return (variance * (1 - smoothing) / (1 + smoothing)).squareRoot()
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
    let console = Console(ranks.isRoot ? try arguments.configuration().verbosity : .quiet)
    defer { console.clearBar() }
    var arguments = arguments
    // It goes on from nowhere, and ends where the loss is no number.
    for path in ["resume", "sentinel"] { arguments.settings.append(TrainArguments.Setting(path: path, value: .null)) }
    let trainer = try TrainingRun(arguments, writesFiles: false, ranks: ranks).trainer
    StopSignal.endAtOnce()
    if let reason = trainer.network.whyNoRangeTest { throw Failure.usage("lr-find: \(reason)") }
    while !isOver {
      if trainer.progress.stepInEpoch == trainer.plan.stepsPerEpoch { trainer.progress.finishEpoch() }
      trainer.learningRateOverride = learningRate
      do {
        let totals = try trainer.step()
        try trainer.checkStep()
        record(totals.sums.meanLoss)
        console.progress("lr-find", fraction: Double(points.count) / Double(steps)) {
          "\(points.count)/\(steps)  rate \(shortNumber(learningRate))  loss \(shortNumber(totals.sums.meanLoss))"
        }
      } catch let error as Failure where error.exitCode == .numeric && !points.isEmpty {
        // Expected at the end of the range, and met by all ranks in the same step.
        return
      }
    }
  }
}

import Basics
import Settings

/// Where the seconds of a run go, on rank 0.
struct RunTimer {
  private let start = ContinuousClock.now
  private var epochStart = ContinuousClock.now
  private var stepsEnd = ContinuousClock.now
  private var epochEnd = ContinuousClock.now
  private var lastCheckpoint = ContinuousClock.now
  private var samples = 0.0
  private var stepsDone = 0
  private var exchangeSeconds = 0.0
  private var exposedSeconds = 0.0
  /// The exposed communication of all epochs.
  private(set) var totalExposed = 0.0
  private var dataSeconds = 0.0
  /// Of the steps of this epoch, in writing checkpoints between them.
  private var checkpointSeconds = 0.0
  private var stepsAreOver = false

  mutating func startEpoch() {
    epochStart = .now
    (samples, exchangeSeconds, exposedSeconds, dataSeconds, stepsAreOver) = (0, 0, 0, 0, false)
    (stepsDone, checkpointSeconds) = (0, 0)
  }

  mutating func count(samples: Double) {
    self.samples += samples
    stepsDone += 1
  }

  /// - Parameters:
  ///   - exchange: seconds that this rank spent in exchanges, waiting included.
  ///   - exposed: seconds of those that it waited for others or for the network.
  ///   - data: seconds that it waited for samples.
  mutating func endSteps(exchange: Double, exposed: Double, data: Double) {
    stepsEnd = .now
    stepsAreOver = true
    (exchangeSeconds, exposedSeconds, dataSeconds) = (exchange, exposed, data)
    totalExposed += exposed
  }

  mutating func endEpoch() { epochEnd = .now }

  /// Where the seconds of the epoch's steps went on this rank.
  var rankTimes: RunTimes.Rank {
    RunTimes.Rank(
      steps: stepSeconds, exchange: exchangeSeconds, data: dataSeconds, checkpoints: checkpointSeconds)
  }
  /// What the epoch took so far beside its steps.
  var secondsSinceSteps: Double { stepsEnd.duration(to: .now).seconds }

  /// - Parameter start: when its writing began.
  mutating func checkpointSaved(begun start: ContinuousClock.Instant) {
    lastCheckpoint = .now
    if !stepsAreOver { checkpointSeconds += start.duration(to: .now).seconds }
  }

  var total: Double { start.duration(to: .now).seconds }
  var secondsSinceCheckpoint: Double { lastCheckpoint.duration(to: .now).seconds }
  /// Since the run began or was resumed, over the steps of this epoch alone.
  var samplesPerSecond: Double { samples / max(1e-9, stepSeconds) }
  var secondsPerStep: Double { stepSeconds / Double(max(1, stepsDone)) }
  var epochSeconds: Double { epochStart.duration(to: epochEnd).seconds }

  private var stepSeconds: Double { epochStart.duration(to: stepsAreOver ? stepsEnd : .now).seconds }

  /// The key `timing` of a line of metrics.
  var json: JSONValue {
    [
      "seconds": .number(epochSeconds), "samples_per_second": .number(samplesPerSecond),
      "exchange_fraction": .number(exchangeSeconds / max(1e-9, stepSeconds)),
      "exposed_communication_seconds": .number(exposedSeconds),
      "data_wait_fraction": .number(dataSeconds / max(1e-9, stepSeconds)),
      "validation_seconds": .number(stepsEnd.duration(to: epochEnd).seconds), "total_seconds": .number(total),
    ]
  }

  /// What stands behind the bar of an epoch.
  func text(_ progress: TrainingProgress, steps: Int, epochs: Int) -> String {
    let left = Double(epochs * steps - progress.step) * secondsPerStep
    return "\(progress.stepInEpoch)/\(steps)  loss \(shortNumber(progress.sums.meanLoss))  "
      + "\(grouped(Int(samplesPerSecond))) samples/s  \(shortTime(left)) left"
  }

  /// Where the epoch's time went, for people.
  var text: String {
    "steps \(shortTime(stepSeconds)), of it exchange \(percentage(exchangeSeconds / max(1e-9, stepSeconds)))"
      + " (\(percentage(exposedSeconds / max(1e-9, stepSeconds))) exposed communication)"
      + (dataSeconds > 0 ? ", waiting for data \(percentage(dataSeconds / max(1e-9, stepSeconds)))" : "")
      + "  validation \(shortTime(stepsEnd.duration(to: epochEnd).seconds))"
  }
}

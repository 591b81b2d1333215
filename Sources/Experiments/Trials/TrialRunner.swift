import Basics
public import Collectives
import Foundation
public import Settings
public import Training

/// Runs one configuration on a group of ranks.
public struct TrialRunner: Sendable {
  public var configuration: TrainingConfiguration
  /// Where the trial keeps its files, from which it goes on after a kill or a pause; nil for none.
  public var directory: String?
  /// Whether figures are taken after a step, from 1, beside those of the epochs; nil for never.
  public var isMeasured: (@Sendable (_ step: Int) -> Bool)?
  /// The epoch after which it pauses; nil for none. It goes on from its directory.
  public var pause: Int?
  /// Whether the study ends the trial, by its figures so far; must give the same on all ranks.
  public var isHopeless: @Sendable (_ epochs: [JSONValue]) -> Bool = { _ in false }

  /// A figure that each epoch must have, such as `val_loss`: without it there is nothing to go by.
  public var goal: Goal?

  /// Whether the test split is evaluated at the end. A study that chooses by other samples has no use for it: a test
  /// that is looked at for every trial is none any more.
  public var tests = false

  /// - Parameter configuration: what it says of where results go is of no effect.
  public init(_ configuration: TrainingConfiguration, directory: String? = nil) {
    (self.configuration, self.directory) = (configuration, directory)
  }

  /// Trains, and tests at the end where that is asked for and the trial neither pauses nor is ended by the study.
  /// Collective over the group.
  ///
  /// - Returns: what became of it, equal on all ranks of the group; also where loss or gradient were not finite.
  /// - Throws: where the configuration does not fit its data, a file is damaged and so on; and a `Failure` of code
  ///   `preempted` where a signal asks to end: nothing of the trial then remains but what its directory holds.
  public func run(on ranks: MPICommunicator) throws -> TrialResult {
    let start = ContinuousClock.now
    var result = try earlier(ranks)
    // Also where its directory has more: before a kill it may have gone on.
    if let pause, result.epochs.count >= pause { return result.after(pause) }
    do {
      let run = try TrainingRun(trial: placed, writesFiles: directory != nil, ranks: ranks)
      run.isMeasured = isMeasured
      run.tests = tests
      result.warnings = run.warnings
      guard !tests || run.hasTest else {
        throw Failure.usage("the data has no test split to judge by; give split: \"val\"")
      }
      result.data = run.dataFingerprint
      var isCut = false
      run.afterEpoch = { [weak run] metrics in
        try goal?.check(metrics)
        let line = metrics.json(timing: .null)
        // What JSON cannot say of a number is lost here and not later, so that all ranks see the same.
        let members = (line.members ?? []).filter { $0.key != "timing" }
        result.epochs.append(.object(members.map { .init($0.key, $0.value.orNull) }))
        if isHopeless(result.epochs) { result.state = .stopped }
        isCut = result.state == .stopped || result.epochs.count == pause
        if isCut { run?.tests = false }
        return !isCut
      }
      let outcome = try run.run()
      guard outcome.exitCode != .preempted else { throw StopSignal.interruption }
      if !isCut { result.bestEpoch = outcome.best?.epoch }
      result.test = outcome.test.map { Self.figures($0, prefix: "") }
      result.steps = run.measurements.map(Self.figures)
    } catch let error as Failure where error.exitCode == .numeric {
      result.state = .failed
      // What to do about it is no matter of a trial.
      result.reason = error.description.components(separatedBy: ", expected finite")[0]
    }
    result.seconds = start.duration(to: .now).seconds
    return result
  }

  /// The configuration with its files where the trial has them.
  private var placed: TrainingConfiguration {
    var placed = configuration
    (placed.run, placed.resume) = (directory, directory == nil ? nil : .auto)
    (placed.name, placed.overwrite, placed.quiet) = (nil, false, true)
    placed.log = LogSettings()
    (placed.log.everySteps, placed.log.report) = (0, false)
    if directory != nil {
      placed.checkpoint = CheckpointRule()
      (placed.checkpoint.keep, placed.checkpoint.bestBy) = (1, configuration.checkpoint.bestBy)
    }
    return placed
  }

  /// What the trial's directory has: the epochs of which there are figures and a checkpoint.
  private func earlier(_ ranks: MPICommunicator) throws -> TrialResult {
    var result = TrialResult(state: .done)
    guard let directory else { return result }
    if ranks.isRoot {
      let run = RunDirectory(path: directory)
      if let newest = run.checkpoints.newest().found {
        let lines = ((try? String(contentsOfFile: run.metricsFile, encoding: .utf8)) ?? "").split(separator: "\n")
        let epochs = lines.compactMap { try? JSON5Parser.parse(String($0), file: run.metricsFile) }.filter { line in
          line["step"]?.finiteNumber.map { Int($0) <= newest.step } ?? false
        }
        result.epochs = epochs.map { .object(($0.members ?? []).filter { $0.key != "timing" }) }
        result.data = try newest.checkpoint.dataFingerprint(in: directory)
      }
    }
    let text = try ranks.broadcast(result.json.line, from: 0)
    return TrialResult(try JSON5Parser.parse(text, file: directory)) ?? result
  }

  // MARK: Figures by name

  private static func figures(_ measurement: StepMeasurement) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("step", .integer(measurement.step)), .init("train_loss", .finite(measurement.trainLoss)),
      .init("train_accuracy", .finite(measurement.trainAccuracy)),
    ]
    if let validation = measurement.validation { members += figures(validation, prefix: "val_").members ?? [] }
    return .object(members)
  }

  private static func figures(_ split: SplitMetrics, prefix: String) -> JSONValue {
    let others = (split.report?.figures ?? []).filter { $0.name != "accuracy" }
    return .object(
      [.init(prefix + "loss", .finite(split.loss)), .init(prefix + "accuracy", .finite(split.accuracy))]
        + others.map { .init(prefix + $0.name, .finite($0.value)) })
  }
}

extension JSONValue {
  /// This value, or null for a number that is not finite.
  fileprivate var orNull: JSONValue {
    if case .number(let value) = content, !value.isFinite { return .null }
    return self
  }
}

import DDPTrain

/// Trains once for each of several learning rates, with a loss and a metric of this program's own, in code and through
/// the interface that other packages use.
///
/// A rate is trained without files and, where a directory is given, once more with files: both must come to the same,
/// and what is evaluated, predicted and resumed of the files to that too.
struct SearchCase {
  private let data: String
  /// nil: nothing is written.
  private let directory: String?
  private let rates: [Double]

  static let model = Sequential {
    Dense(8)
    Tanh()
    Dense()
  }
  static let own = Extensions(losses: [PowerLoss.self], metrics: [Miss()])

  /// - Parameter arguments: DATA, DIRECTORY or `-`, RATE ….
  init(_ arguments: [String]) throws {
    let rates = arguments.dropFirst(2).compactMap { Double($0) }
    guard arguments.count > 2, rates.count == arguments.count - 2 else {
      throw SelfTestFailure("search: expected DATA, DIRECTORY or -, and rates, found \(arguments)")
    }
    (data, directory, self.rates) = (arguments[0], arguments[1] == "-" ? nil : arguments[1], rates)
  }

  func run(_ ranks: MPICommunicator) throws -> String {
    var configuration = TrainingConfiguration()
    configuration.data.path = data
    configuration.data.validation = 0.2
    configuration.data.scaling = .standard
    configuration.loss.value = PowerLoss(power: 3)
    configuration.metrics = [.accuracy, "miss"]
    configuration.optimizer = OptimizerSettings(SGD(momentum: 0.9))
    (configuration.epochs, configuration.batchSize, configuration.quiet) = (4, 96, true)
    configuration.checkpoint.keep = 9
    return try rates.map { rate in
      configuration.optimizer.learningRate = rate
      let result = try train(configuration, writesFiles: false, ranks)
      try expect(result.directory == nil, "a run without files has \(result.directory?.path ?? "")")
      if let directory { try compare(result, configuration, directory: "\(directory)/\(rate)", ranks) }
      return "\(rate): \(Self.text(result))"
    }.joined(separator: "\n")
  }

  private func train(
    _ configuration: TrainingConfiguration, writesFiles: Bool, _ ranks: MPICommunicator
  ) throws -> TrainingResult {
    let run = try TrainingRun(
      configuration, model: Self.model, extensions: Self.own, writesFiles: writesFiles, ranks: ranks)
    let result = try run.run()
    try expect(result.exitCode == .done, "the run ended with \(result.exitCode)")
    return result
  }

  private func compare(
    _ result: TrainingResult, _ configuration: TrainingConfiguration, directory: String, _ ranks: MPICommunicator
  ) throws {
    var configuration = configuration
    configuration.run = directory
    let written = try train(configuration, writesFiles: true, ranks)
    try expect(
      Self.text(written) == Self.text(result),
      "with files \(Self.text(written)), without \(Self.text(result))")

    let best = directory + "/checkpoints/best.h5"
    let evaluated = try EvaluationRun.metrics(
      EvaluateArguments(checkpoint: best), model: Self.model, extensions: Self.own, ranks: ranks)
    try expect(
      evaluated.loss == result.test?.loss && evaluated["miss"] == result.test?["miss"] && evaluated["miss"] != nil,
      "\(best) gives \(evaluated.loss) and \(evaluated["miss"] ?? .nan), the run ended with \(Self.text(result))")
    try PredictionRun.run(
      PredictArguments(checkpoint: best, data: data, output: directory + "/predictions.h5"), model: Self.model,
      extensions: Self.own, ranks: ranks)

    configuration.run = nil
    configuration.resume = (written.directory?.checkpoints.file(step: result.epochs[1].step)).map(ResumeChoice.path)
    let resumed = try train(configuration, writesFiles: false, ranks)
    let rest = result.epochs.suffix(2).map(Self.text)
    try expect(resumed.epochs.map(Self.text) == rest, "resumed, the last epochs are \(resumed.epochs.map(Self.text))")
    try expect(
      resumed.test?.loss == result.test?.loss, "resumed, the loss of the test split is \(resumed.test?.loss ?? .nan)")
  }

  private static func text(_ result: TrainingResult) -> String {
    let test = result.test.map { "\($0.loss) \($0["miss"] ?? .nan)" } ?? "none"
    return (result.epochs.map(text) + ["best \(result.best?.epoch ?? 0)", "test \(test)"]).joined(separator: ", ")
  }

  private static func text(_ epoch: EpochMetrics) -> String {
    let validation = epoch.validation.map { "\($0.loss) \($0.accuracy ?? .nan) \($0["miss"] ?? .nan)" } ?? "none"
    return "\(epoch.epoch) \(epoch.step) \(epoch.trainLoss) \(validation)"
  }
}

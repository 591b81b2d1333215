import Basics
import Foundation
import Interchange
import NumericCore
import Settings

/// `tensorboard/`: event files, which `tensorboard --logdir RUN` shows.
///
/// Training, validation and test are runs of their own with tags in common, so that their curves lie in one chart.
///
/// | run | tags | horizontal axis |
/// |---|---|---|
/// | `train` | `step/loss`, `step/learning_rate`, `step/gradient_norm`, … | steps |
/// | `train`, `val`, `test` | `epoch/loss`, `epoch/accuracy` and the metrics of the configuration | epochs |
/// | `train` | `weights/NAME` and `gradients/NAME` on `log.histograms`; `samples/…` | epochs |
/// | `.` | the configuration as text and as hyper-parameters | |
///
/// A resumed run cuts the files back to its checkpoint; the next file then begins with the notice that what a reader
/// has of later steps counts no more.
final class TensorBoardRecorder: RunRecorder {
  private let run: RecordedRun
  private let root: EventDirectory
  private let train: EventDirectory
  private let validation: EventDirectory
  private let test: EventDirectory
  private let samples: RunSamples

  init(_ run: RecordedRun) {
    self.run = run
    let path = run.directory.eventsDirectory
    root = EventDirectory(path)
    (train, validation, test) = (
      EventDirectory(path + "/train"), EventDirectory(path + "/val"), EventDirectory(path + "/test")
    )
    samples = RunSamples(run)
  }

  func begin() throws {
    let progress = run.trainer.progress
    if !run.isResumed { run.directory.setAside(run.directory.eventsDirectory) }
    for directory in [train, validation] {
      try directory.cut { event in
        switch event.content {
        case .summary(let values):
          event.step <= (values.first?.tag.hasPrefix("step/") == true ? progress.step : progress.epoch)
        default: true
        }
      }
    }
    // Written anew: other settings, and another test.
    root.clear()
    test.clear()
    if run.isResumed { try train.append(event(progress.step + 1, .sessionStart)) }
    let configuration = run.metadata.configuration.json
    try write([TensorBoardValue("configuration", .text(Self.code(configuration.text)))], 0, to: root)
    let settings = Self.settings(ResumeRule.withoutStart(configuration))
    try write(
      [.hyperparameters(settings, group: run.identity.id, start: Date().timeIntervalSince1970)], 0,
      to: root)
    if !run.isResumed { try write(samples.atStart(), 0, to: train) }
  }

  func step(_ step: StepFigures) throws {
    try write(step.figures.compactMap { Self.scalar("step/\($0.name)", $0.value) }, step.step, to: train)
  }

  func epoch(_ metrics: EpochMetrics, timing: JSONValue) throws {
    let second = metrics.secondLoss.map { [Self.scalar("epoch/\($0.key)", $0.mean)] } ?? []
    var rate: Double?
    if case .number(let number)? = timing["samples_per_second"]?.content { rate = number }
    try write(
      ([
        Self.scalar("epoch/loss", metrics.trainLoss), Self.scalar("epoch/accuracy", metrics.trainAccuracy),
        Self.scalar("epoch/learning_rate", metrics.learningRate), Self.scalar("epoch/samples_per_second", rate),
      ] + second).compactMap(\.self), metrics.epoch, to: train)
    if let figures = metrics.validation {
      try write(Self.scalars(figures, metrics.metricNames.map(\.rawValue)), metrics.epoch, to: validation)
    }
    if run.log.histograms { try write(histograms, metrics.epoch, to: train) }
    try write(samples.afterEpoch(), metrics.epoch, to: train)
  }

  func end(epoch: Int, test figures: SplitMetrics?) throws {
    if let figures {
      let names = run.metadata.configuration.metrics.map(\.rawValue).filter { $0 != "accuracy" }
      try write(Self.scalars(figures, names), epoch, to: test)
    }
    try write([.sessionEnd(Date().timeIntervalSince1970)], 0, to: root)
  }

  // MARK: Values

  /// Of the weights, and of the gradients of the epoch's last step.
  private var histograms: [TensorBoardValue] {
    let trainer = run.trainer
    return trainer.model.parameterLayout.entries.flatMap { entry -> [TensorBoardValue] in
      let weights = TensorBoardHistogram(trainer.exchange.parameters.view(entry.range))
      let gradients = trainer.lastGradient(of: entry).map { TensorBoardHistogram($0.values, times: $0.factor) }
      return [TensorBoardValue("weights/\(entry.name)", .histogram(weights))]
        + (gradients.map { [TensorBoardValue("gradients/\(entry.name)", .histogram($0))] } ?? [])
    }
  }

  private static func scalars(_ figures: SplitMetrics, _ metrics: [String]) -> [TensorBoardValue] {
    let named = metrics.map { name in (name, figures.report?.figures.first { $0.name == name }?.value) }
    return ([("loss", figures.loss), ("accuracy", figures.accuracy)] + named).compactMap {
      scalar("epoch/\($0)", $1)
    }
  }

  private static func scalar(_ tag: String, _ value: Double?) -> TensorBoardValue? {
    value.map { .scalar(tag, $0) }
  }

  private func write(_ values: [TensorBoardValue], _ step: Int, to directory: EventDirectory) throws {
    guard !values.isEmpty else { return }
    try directory.append(event(step, .summary(values)))
  }

  private func event(_ step: Int, _ content: TensorBoardEvent.Content) -> TensorBoardEvent {
    TensorBoardEvent(wallTime: Date().timeIntervalSince1970, step: step, content)
  }

  /// A text as Markdown shows it unchanged.
  static func code(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }.joined(separator: "\n")
  }

  /// The settings of a configuration by their paths, those without a value left out.
  private static func settings(
    _ value: JSONValue, at path: String = ""
  ) -> [(name: String, value: TensorBoardValue.Hyperparameter)] {
    switch value.content {
    case .null: []
    case .bool(let flag): [(path, .flag(flag))]
    case .integer(let number): [(path, .number(Double(number)))]
    case .number(let number): [(path, .number(number))]
    case .string(let text): [(path, .text(text))]
    case .array: [(path, .text(value.line))]
    case .object(let members):
      members.flatMap { settings($0.value, at: path.isEmpty ? $0.key : "\(path).\($0.key)") }
    }
  }
}

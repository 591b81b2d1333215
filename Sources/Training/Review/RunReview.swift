import Basics
import Checkpointing
import Collectives
import DataPipeline
import Foundation
import Metrics
import NeuralNetwork
import NumericCore
internal import Reports
import Settings

/// Looks a run over once more when it is done, for its report and its diagnosis: `report.json`.
///
/// All that it holds outside `timing` is a function of the model and the data, the same on any number of ranks.
struct RunReview {
  let trainer: Trainer
  let data: TrainingData
  let metadata: Checkpoint.Metadata
  let topology: Topology
  /// Whether there are pictures and texts, or what the diagnosis needs alone.
  let isIllustrated: Bool
  /// Above which logits the answers are yes; empty for 0.
  let thresholds: [Float]

  var words: OutputWords {
    OutputWords(
      metadata.data.names, metadata.targetTransform, size: metadata.outputSize, thresholds: thresholds)
  }

  var pictures: PictureEncoder? {
    PictureEncoder(
      metadata.inputShape, layout: metadata.configuration.model.inputLayout, transform: metadata.transform)
  }

  /// The split whose evaluation is looked at: test, or validation where there is none.
  var split: EvaluatedSplit? { data.test ?? data.validation }

  func makeSurvey() -> EvaluationSurvey? {
    split.map { split in
      var metricTask = trainer.task.metricTask(outputSize: data.outputSize, targets: data.targetTransform)
      metricTask.thresholds = thresholds
      return EvaluationSurvey(trainer.task, metricTask: metricTask, split: split)
    }
  }

  /// Collective; nil off rank 0.
  ///
  /// - Parameters:
  ///   - survey: of the evaluation of `split`; nil where there was none.
  ///   - figures: of that evaluation.
  func material(_ survey: EvaluationSurvey?, _ figures: SplitMetrics?) throws -> JSONValue? {
    let world = topology.world
    let seen = try survey?.result(world, trainer.exchange.assignment)
    let leaks = try LeakSearch.leaks(in: data, world)
    let probe = try trainer.probe()
    guard world.isRoot else { return nil }
    var members = facts
    members += [
      .init("best_epoch", .optional(trainer.progress.best?.epoch)),
      .init(
        "batch_norm", .optional(try TrainingSetup.checkBatches(trainer.configuration, trainer.model, trainer.plan))),
      .init("leaks", .array(leaks.map(\.json))), .init("probe", probe?.json ?? .null),
    ]
    if let seen, let figures { members.append(.init("evaluation", evaluation(seen, figures))) }
    if isIllustrated {
      members.append(.init("pictures", try picturesJSON(seen)))
      if let seen { members.append(.init("worst", .array(seen.worst.map(worstJSON)))) }
      members.append(.init("generated", generated))
    }
    members.append(
      .init("timing", ["ranks": .integer(world.size), "nodes": .integer(topology.nodeCount)]))
    return .object(members)
  }

  /// Of a run that a loss or gradient has ended that is no finite number, whose model gives nothing to look at.
  func material(failure: Failure) -> JSONValue {
    .object(
      facts + [
        .init(
          "failure",
          [
            "step": .integer(trainer.progress.step), "message": .string(failure.description),
            "problem": .optional(trainer.lastProblem?.cause?.rawValue),
          ]),
        .init("timing", ["ranks": .integer(topology.world.size), "nodes": .integer(topology.nodeCount)]),
      ])
  }

  /// What is known before the first step.
  private var facts: [JSONValue.Member] {
    [
      .init("version", 1), .init("loss_name", .string(trainer.task.lossName)),
      .init("loss_tells", .bool(trainer.task.ranksEpochs)), .init("training_is_harder", .bool(trainingIsHarder)),
      .init("samples", samples), .init("validation_samples", .optional(data.validation?.sampleCount)),
      .init("model", model),
    ]
  }

  private var samples: JSONValue {
    let splits = [("train", data.train), ("val", data.validation?.store), ("test", data.test?.store)]
    return .object(
      splits.compactMap { name, store in store.map { .init(name, .integer($0.partition.sampleCount)) } })
  }

  private var model: JSONValue {
    let layers = trainer.model.summary.map { layer -> JSONValue in
      [
        "name": .string(layer.name), "type": .string(trainer.model.kind(of: layer.name, type: layer.type)),
        "shape": .string("\(layer.outputShape)"), "parameters": .integer(layer.parameterCount),
      ]
    }
    return [
      "input": .string("\(metadata.inputShape)"), "layers": .array(layers),
      "parameters": .integer(trainer.model.parameterLayout.elementCount),
    ]
  }

  /// Whether what training sees is made harder than what validation sees.
  private var trainingIsHarder: Bool {
    let configuration = metadata.configuration
    return !configuration.data.augment.items.isEmpty || smoothsLabels
      || trainer.model.summary.contains { $0.type.contains("Dropout") }
  }

  private var smoothsLabels: Bool {
    let smoothing = metadata.configuration.loss.value?.namedJSON["label_smoothing"]
    return smoothing.map { $0 != 0 && $0 != .number(0) } ?? false
  }

  // MARK: Figures

  private func evaluation(_ seen: EvaluationSurvey.Result, _ figures: SplitMetrics) -> JSONValue {
    let report = seen.report, words = words
    let isExclusive = report.confusion != nil || trainer.task.loss.targetKind != .binary
    let total = report.classes.reduce(0.0) { $0 + $1.support }
    let majority = isExclusive ? report.classes.max { $0.support < $1.support } : nil
    func name(_ index: Int) -> String { isExclusive ? words.className(index) : words.outputName(index) }
    var members: [JSONValue.Member] = [
      .init("split", .string(data.test == nil ? "val" : "test")), .init("samples", .count(report.sampleCount)),
      .init("loss", .finite(figures.loss)), .init("accuracy", .optional(figures.accuracy)),
      .init("is_text", .bool(trainer.task.generates == .text)),
      .init("trivial_loss", .finite(trivialLoss(report))),
      .init(
        "figures", .object(report.figures.map { JSONValue.Member($0.name, .finite($0.value)) })),
      .init(
        "classes",
        .array(
          report.classes.map { item in
            [
              "name": .string(name(item.index)), "support": .count(item.support),
              "predictions": .count(item.predictions), "precision": .number(item.precision),
              "recall": .number(item.recall), "f1": .number(item.f1), "roc_auc": .finite(item.rocAUC),
              "average_precision": .finite(item.averagePrecision),
            ]
          })),
      .init(
        "confusion", report.confusion.map { .array($0.map { .array($0.map(JSONValue.count)) }) } ?? .null),
      .init(
        "curves",
        .array(
          seen.curves.map { index, curves in
            [
              "name": .string(name(seen.curves.count == 1 && report.classes.count == 2 ? 1 : index)),
              "roc": Self.points(curves.receiverOperating), "pr": Self.points(curves.precisionRecall),
            ]
          })),
    ]
    if let majority, total > 0 {
      members.append(.init("majority_share", .number(majority.support / total)))
      members.append(.init("majority_class", .string(name(majority.index))))
    }
    if trainer.task.loss.targetKind == .values, trainer.task.generates == .nothing, !metadata.configuration.reconstructs
    {
      members.append(.init("values", .array(values(seen.fixed))))
    }
    return .object(members)
  }

  private static func points(_ points: [RankingCurves.Point]) -> JSONValue {
    .array(points.map { .array([.number(Self.rounded($0.x)), .number(Self.rounded($0.y))]) })
  }

  /// To six digits, which is finer than a chart.
  private static func rounded(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }

  /// True and predicted values of the first outputs, in the units of the data.
  private func values(_ samples: [JudgedSample]) -> [JSONValue] {
    let words = words, width = metadata.outputSize
    func inUnits(_ values: [Float]) -> [Double] {
      words.transform.kind == .standard ? words.transform.inverted(values) : values.map(Double.init)
    }
    let pairs = samples.map { (inUnits($0.target), inUnits($0.outputs)) }
    return (0..<min(4, width)).map { output in
      [
        "name": .string(words.outputName(output)),
        "points": .array(pairs.map { .array([.finite($0.0[output]), .finite($0.1[output])]) }),
      ]
    }
  }

  /// The loss of a model that knows no more than how often each class occurs, or the mean of the targets; nil where
  /// that is not known.
  private func trivialLoss(_ report: MetricReport) -> Double? {
    let loss = trainer.task.loss
    let shares = report.classes.map { $0.support / (report.sampleCount > 0 ? report.sampleCount : 1) }
    func entropy(_ p: Double) -> Double { p > 0 ? -p * Foundation.log(p) : 0 }
    switch loss {
    case let loss as CrossEntropy where loss.listOptions.isEmpty && !smoothsLabels:
      return shares.reduce(0) { $0 + entropy($1) }
    case is BinaryCrossEntropy:
      // Of one output, the report has both classes.
      let positives = report.confusion == nil ? shares : Array(shares.suffix(1))
      guard !positives.isEmpty else { return nil }
      return positives.reduce(0) { $0 + entropy($1) + entropy(1 - $1) } / Double(positives.count)
    case is MeanSquaredError where data.targetTransform.kind == .standard: return 1
    default: return nil
    }
  }
}

extension Model<Float> {
  /// What a layer is, in a word: its type, or the function of an activation.
  func kind(of name: String, type: String) -> String {
    guard let activation = layer(name) as? ActivationLayer<Float> else { return type.replacing("Layer", with: "") }
    return String("\(activation.function)".prefix { $0 != "(" })
  }
}

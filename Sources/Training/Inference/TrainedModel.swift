import Checkpointing
import Collectives
import DataPipeline
import Basics
import Foundation
import Metrics
import NeuralNetwork
import NumericCore

/// A model as a checkpoint holds it, ready to be evaluated.
struct TrainedModel {
  /// The file; of a run directory that was given, its best checkpoint.
  let path: String
  let metadata: Checkpoint.Metadata
  let model: Model<Float>
  let progress: TrainingProgress
  /// All that there are.
  let metrics: [any Metric]
  let factory: ModelFactory
  /// Whether its parameters are averaged ones.
  let isAveraged: Bool
  private let parameters: FlatBuffer<Float>
  private let statistics: FlatBuffer<Float>

  /// - Parameters:
  ///   - path: a checkpoint, or a run directory.
  ///   - weights: which are meant where the run averages them.
  ///   - extensions: those of the program that trained it.
  /// - Throws: where the file is damaged, or names what is not among `extensions`.
  init(_ path: String, weights: EvaluatedWeights = .evaluated, extensions: Extensions = Extensions()) throws {
    let path = try CheckpointDirectory.bestCheckpoint(at: path)
    self.path = path
    let checkpoint = try Checkpoint.read(path)
    metadata = try checkpoint.metadata(in: path, extensions: extensions)
    metrics = extensions.allMetrics
    progress = try checkpoint.progress(in: path)
    let thresholds = progress.thresholds.count
    guard thresholds == 0 || thresholds == metadata.outputSize || (thresholds == 1 && metadata.outputSize == 2) else {
      throw Failure.data(
        "\(path): it has \(plural(thresholds, "decision threshold")) for \(plural(metadata.outputSize, "output")); use "
          + "another checkpoint")
    }
    let missing = extensions.layers.missing(in: metadata.configuration.model)
    guard missing.isEmpty else {
      throw Failure.data(
        "\(path): its model has \(missing.count == 1 ? "a layer" : "layers") of another program's own, "
          + "\(missing.joined(separator: ", ")), which this program cannot build; evaluate it in the program that "
          + "trained it"
      )
    }
    factory = ModelFactory(
      inputShape: metadata.inputShape, outputSize: metadata.outputSize, indexCount: metadata.indexCount,
      initializer: metadata.configuration.initializer, customLayers: extensions.layers,
      precision: metadata.configuration.precision)
    model = try factory.makeModel(metadata.configuration.model)
    parameters = FlatBuffer(count: model.parameterLayout.count)
    statistics = FlatBuffer(count: model.statisticLayout.count)
    let hasAverages = checkpoint.hasAverages
    guard hasAverages || weights != .averaged else {
      throw Failure.usage(
        "\(path): there are no averaged weights in it; leave --averaged out, or train with ema_decay")
    }
    isAveraged = hasAverages && weights != .raw
    if isAveraged {
      try checkpoint.restoreEvaluated(model, parameters: parameters.view, statistics: statistics.view, from: path)
    } else {
      try checkpoint.restore(model, parameters: parameters.view, statistics: statistics.view, from: path)
    }
  }

  /// The network that the task of a split trains.
  func network(_ task: any LearningTask) throws -> any TrainableNetwork {
    try task.makeNetwork(factory, metadata.configuration.model)
  }

  var values: ModelValues<Float> { ModelValues(parameters: parameters.view, statistics: statistics.view) }

  /// Of classes or target columns, by index; nil where the training data had none.
  var outputNames: [String]? {
    metadata.data.names.classNames
      ?? (metadata.outputSize > 1 ? metadata.data.names.outputs(metadata.outputSize) : nil)
  }

  /// What its outputs stand for.
  var outputMeaning: OutputMeaning {
    OutputMeaning(
      inputShape: metadata.inputShape, outputSize: metadata.outputSize, names: metadata.data.names,
      targets: metadata.targetTransform, thresholds: progress.thresholds)
  }

  /// The task of its training, with the loss resolved for a split.
  func task(_ split: SplitSource) throws -> any LearningTask {
    try TaskCatalog.task(
      metadata.configuration.loss.value ?? LossCatalog.all.make(metadata.lossName), model: metadata.configuration.model,
      declaredOutputSize: metadata.outputSize, data: split,
      numbering: metadata.targetTransform.kind == .classes ? metadata.targetTransform : .identity)
  }

  /// - Throws: where data that a checkpoint names are not there: their path may be relative to another directory.
  static func checkData(_ data: DataLocation, of checkpoint: String) throws {
    let isThere = { (path: String) in path.contains(where: { "*?[".contains($0) }) || access(path, F_OK) == 0 }
    guard let lost = data.named.first(where: { !isThere($0) }) else { return }
    let (place, remedy) =
      lost.hasPrefix("/") ? ("there", "") : ("in this directory", ", or start where the run was started")
    throw Failure.data(
      "\(checkpoint): was trained on \(lost.shownName), which is not \(place); give its place with --data FILE"
        + remedy)
  }

  /// The labels that stand for the classes in the data, where they are not counted from 0; else nil.
  var labelTexts: [String]? {
    guard metadata.targetTransform.kind == .classes else { return nil }
    return (0..<metadata.outputSize).map { "\(metadata.targetTransform.label(ofClass: $0))" }
  }

  /// The files that it was trained on, those that are still there.
  var trainingFiles: [String] {
    (try? metadata.configuration.data.location.allFiles()) ?? []
  }

  /// Where other data than its own say what their samples count.
  private func weights(of path: String?, isTold: Bool) -> WeightChoice {
    let choice = metadata.configuration.weights
    guard case .dataset(let told) = choice, !isTold, !DataSource.has(told, in: path ?? "") else { return choice }
    return .byName
  }

  /// The samples that `path` and `split` ask for.
  ///
  /// - Parameters:
  ///   - path: nil for the data that it was trained on.
  ///   - split: nil for the test split or, where there is none, the validation split, then the training split. A
  ///     validation split
  ///     that training held out of its data is held out again.
  /// - Throws: also for a task that predicts nothing.
  func open(_ path: String?, split: String?, labelsRequired: Bool) throws -> Samples {
    let data = metadata.configuration.data
    let own = try data.location
    let isOwn = path == nil || path == own.name
    // Where training was told the data sets, other files of its kind have them under the same names.
    let isTold = isOwn || data.features.map { DataSource.has($0, in: path ?? "") } == true
    if let reason = TaskCatalog.whyNotEvaluated(metadata.configuration.model) {
      throw Failure.usage("\(self.path): \(reason)")
    }
    if isOwn { try TrainedModel.checkData(own, of: self.path) }
    let other = try path.map {
      DataLocation(
        try BundledData.path($0), features: isTold ? data.features : nil, labels: isTold ? data.labels : nil,
        samplesAxis: data.samplesAxis)
    }
    let opened = try Failure.replacing([
      // Evaluation and prediction take no settings.
      "name two of them with --set data.features=/PATH --set data.labels=/PATH":
        "give two of them names such as /test/x and /test/y",
      "say which with --set data.features=/PATH --set data.labels=/PATH":
        "keep one of them in the file, or give it a name such as /test/x",
      "say it with --set data.layout=channels_first or --set data.layout=channels_last":
        "store them as height × width × channels",
    ]) {
      try DataSource.open(
        isOwn ? own : other ?? own, labelsRequired: labelsRequired,
        weights: weights(of: path, isTold: isTold), reconstructs: metadata.configuration.reconstructs
      ).arranged(as: metadata.configuration.model.inputLayout, data.layout)
    }
    let targets =
      labelsRequired || isOwn ? try opened.firstSplit.map { try task($0).targetMeaning } ?? .nothing : .nothing
    let source = try opened.matched(to: metadata.data.names, of: self.path, targets: targets)
    let heldOut =
      isOwn
      ? try TrainingData.heldOut(
        of: source, configuration: metadata.configuration,
        task: try task(source.split(.train))) : nil
    let name: SplitName
    if let split {
      guard let known = SplitName(rawValue: split) else {
        throw Failure.usage(
          "--split \(split): there is no such split (\(SplitName.allCases.map(\.rawValue).suggestion(for: split)))")
      }
      name = known
    } else {
      name =
        source.splits[.test] != nil ? .test : source.splits[.validation] != nil || heldOut != nil ? .validation : .train
    }
    let found = try source.split(heldOut != nil && name == .validation ? .train : name)
    guard found.featureShape == metadata.inputShape else {
      throw Failure.data(
        "\(found.place(.features, row: 0)): samples of \(found.featureShape), but \(self.path) takes samples of "
          + "\(metadata.inputShape)"
      )
    }
    let doubt = metadata.data.doubt(about: found, of: self.path)
    let all = RowSelection.all(count: found.sampleCount)
    let rows: RowSelection =
      switch name {
      case .train: heldOut?.train ?? all
      case .validation: heldOut?.validation ?? all
      case .test: all
      }
    return Samples(
      path: source.path, name: name, source: labelsRequired ? found : found.withoutTargets.withoutWeights, rows: rows,
      remarks: source.remarks + [doubt].compactMap(\.self))
  }
}

/// Rows of a split on disk.
struct Samples {
  /// The file, directory, glob or list.
  let path: String
  let name: SplitName
  let source: SplitSource
  let rows: RowSelection
  /// What a user should know of how they are taken, one line each.
  let remarks: [String]
}

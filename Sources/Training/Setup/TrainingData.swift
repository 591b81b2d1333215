import Basics
import Checkpointing
import Collectives
import DataPipeline
import NeuralNetwork
import NumericCore

/// One rank's part of every split that a run reads, scaled alike.
struct TrainingData {
  let source: DataSource
  let train: ShardStore
  /// `/val`, or the part that was split off the training split, or nil.
  let validation: EvaluatedSplit?
  let test: EvaluatedSplit?
  let scaling: FittedScaling
  var transform: FeatureTransform { scaling.transform }
  let targetTransform: TargetTransform
  /// The rows that are held out by groups, which stand beside the data; nil where there are none.
  private let division: [Int]?
  /// Type and range of the training split's features.
  let featureKind: FeatureKind
  /// Outputs that a model needs: classes, or target values.
  let outputSize: Int
  /// How the data stand to those that the first weights were trained on; nil where weights are drawn, or it is resumed.
  let matching: InitialMatching?
  /// How the samples are streamed; nil where they are held in memory.
  let stream: StreamPlan?
  /// Why that takes longer than it need; nil where it does not.
  let streamingDoubt: String?
  let memory: DataMemory

  /// From here on numbers are taken for what stands for missing values: 10³⁰, FLT_MAX, NetCDF's 9.97·10³⁶.
  private static let leastFillValue = 1e30
  /// Of features, and of the targets of a regression, of each split.
  private let fillValues: [(split: String, column: SplitSource.Column, found: [ColumnValue])]

  /// What a value that is far from all others does to its column, or values that are hardly meant; nil where there are
  /// none.
  var valueDoubt: String? {
    let source = train.source, names = source.names
    for (split, column, found) in fillValues where !found.isEmpty {
      let (noun, names, shape) =
        column == .targets
        ? ("targets", names.targets, source.targetShape) : ("features", names.columns, source.featureShape)
      let text = Self.text(found, "", names, shape)
      return
        "data: there are \(split)\(noun) like what stands for missing values (\(text)); others tell next to nothing "
        + "beside them: fill them in, or leave those samples out"
    }
    if let weight = train.greatestWeight, Double(weight) >= Self.leastFillValue, let path = source.weightsPath {
      return
        "data: \(path.shownName) has a weight like what stands for missing values (\(shortNumber(Double(weight)))); "
        + "other samples count next to nothing beside that one: repair it"
    }
    guard !scaling.loneValues.isEmpty else { return nil }
    return
      "data: \(Self.text(scaling.loneValues, "one value of ", names.columns, source.featureShape)), a million "
      + "deviations from all others, which scaling makes alike; look at it, or give --set data.scaling=none"
  }

  /// Up to three columns with their values, and the number of the others: columns of a table by name or by number from
  /// 0, places of an image or a sequence by their indices.
  ///
  /// - Parameter what: stands before a value.
  private static func text(_ found: [ColumnValue], _ what: String, _ names: [String]?, _ shape: Shape) -> String {
    let noun = shape.rank > 1 ? "place" : "column"
    let shown = found.prefix(3).map { item in
      let name = names.flatMap { $0.indices.contains(item.column) ? "'\($0[item.column].shownName)'" : nil }
      return "\(noun) \(name ?? place(item.column, shape)) has \(what)\(shortNumber(item.value))"
    }
    let more = found.count - shown.count
    let others = more > 0 ? " and \(plural(more, "more \(noun)")) \(more == 1 ? "has" : "have") one" : ""
    return shown.joined(separator: ", ") + others
  }

  private static func place(_ element: Int, _ shape: Shape) -> String {
    guard shape.rank > 1 else { return "\(element)" }
    var rest = element, indices: [Int] = []
    for extent in shape.extents.reversed() {
      indices.insert(rest % extent, at: 0)
      rest /= extent
    }
    return "\(indices)"
  }

  /// Reads the shards of this rank. Collective: every rank must call it.
  ///
  /// - Parameters:
  ///   - resumed: of the checkpoint that the run goes on from, whose transforms are kept; nil to find them on the
  ///     training split.
  ///   - memory: what the data may take.
  ///   - matching: to the data that the first weights were trained on; nil where there are none.
  ///   - declaredOutputSize: outputs that the model fixes; labels must fit in.
  ///   - fold: the rows of the training split that are trained on, and those that are its test split; nil for all of
  ///     it, and the test split of the data.
  ///   - progress: makes what is given the share of a piece of long work that is done, for its name.
  init(
    _ source: DataSource, configuration: TrainingConfiguration, task: any LearningTask, declaredOutputSize: Int?,
    resumed: Checkpoint.Metadata?, memory: DataMemory, matching: InitialMatching? = nil, fold: Fold? = nil,
    assignment: ShardAssignment,
    communicator: any Communicator, progress: (String) -> (Double) -> Void = { _ in { _ in } }
  ) throws {
    self.source = source
    let split = try source.split(.train)
    let shards = assignment.shards(ofRank: communicator.rank)
    let heldOut = try Self.heldOut(of: source, configuration: configuration, task: task, fold: fold)
    division =
      if configuration.data.validationGroup != nil, case .rows(let rows)? = heldOut?.validation { rows } else { nil }
    let trainRows = heldOut?.train ?? fold.map { .rows($0.train) } ?? .all(count: split.sampleCount)

    try ShardPartition.validate(sampleCount: trainRows.count, shardCount: assignment.shardCount)
    self.memory = memory
    stream = try memory.plan(split, trainRows, shardCount: assignment.shardCount, kept: resumed?.stream)
    streamingDoubt = try stream.flatMap(split.streamingDoubt)
    // No rank may take memory before all have looked.
    if memory.streams { try communicator.barrier() }
    func load(
      _ source: SplitSource, _ rows: RowSelection, _ partition: ShardPartition, _ check: any TargetCheck
    ) throws -> ShardStore {
      // Split by split on all ranks: which of several errors is told is not left to who is faster.
      try RankAnswers.together(communicator) {
        try ShardStore(
          source: source, selection: rows, partition: partition, shards: shards, targetCheck: check,
          streaming: memory.bufferRows(source, shardCount: assignment.shardCount, ownShards: shards.count),
          progress: progress("looking at \(source.name.rawValue)"))
      }
    }
    train = try load(
      split, trainRows,
      ShardPartition(
        sampleCount: trainRows.count, shardCount: assignment.shardCount, blockSize: stream?.blockSize,
        windowBlocks: stream?.windowBlocks),
      task.targetCheck)

    func evaluated(
      _ source: SplitSource, _ rows: RowSelection, _ check: any TargetCheck
    ) throws -> EvaluatedSplit {
      let plan = EvaluationPlan(
        sampleCount: rows.count, shardCount: assignment.shardCount, globalBatchSize: configuration.batchSize)
      return EvaluatedSplit(store: try load(source, rows, plan.partition, check), plan: plan)
    }
    // Which classes there are is no secret that a fold's test samples could tell: the model has an output for each.
    let tested = try fold.map { try evaluated(split, .rows($0.test), task.targetCheck) }

    // Labels of the other splits must be among the classes of the training split.
    let check: any TargetCheck
    (outputSize, check) = try task.outputs(
      classes: { [train] in
        try ([train] + [tested?.store].compactMap(\.self)).reduce(split.names.classes?.count ?? 0) {
          max($0, try $1.classCount(communicator))
        }
      }, declared: declaredOutputSize, data: split)
    try task.check(outputSize: outputSize)
    func evaluated(_ name: SplitName) throws -> EvaluatedSplit? {
      guard type(of: task).whyNotEvaluated == nil, let other = source.splits[name] else { return nil }
      try split.requireLikeness(other)
      return try evaluated(other, .all(count: other.sampleCount), check)
    }
    validation = try heldOut.map { try evaluated(split, $0.validation, check) } ?? evaluated(.validation)
    test = try fold == nil ? evaluated(.test) : tested

    let scaling = configuration.data.scaling
    if configuration.model.masksFeatures, scaling == .standard || scaling == .minMax {
      throw Failure.usage(
        "data.scaling: \(scaling.rawValue) gives each feature its own zero, which the layer mask cannot find; give "
          + "none, or scale the data before padding it")
    }
    let use: FeatureUse =
      configuration.model.inputLayout == .indices
      ? .indices : configuration.model.masksFeatures ? .padded : task.featureUse
    var matching = matching
    matching?.judgeHead(
      split.names, outputSize: outputSize, numbering: task.numbering, targets: task.targetMeaning)
    let initialTransform = use == .indices ? nil : matching?.transform(scaling, shape: split.featureShape)
    self.scaling =
      try (resumed?.transform ?? initialTransform).map { FittedScaling(transform: $0) }
      ?? scaling.fit(to: train, over: assignment, communicator, for: use)
    let featureCount = split.featureShape.elementCount
    guard [1, featureCount].contains(self.scaling.transform.offset.count) else {
      throw Failure.data(
        "\(source.path): samples of \(featureCount) features, but the checkpoint scales "
          + "\(self.scaling.transform.offset.count); resume on the same data")
    }
    if initialTransform == nil, use != .indices {
      matching?.compare(self.scaling.transform, shape: split.featureShape)
    }
    let scalesTargets = task.loss.takesScaledTargets && !split.reconstructs && split.targetType != nil
    let initialTargets =
      scalesTargets ? matching?.targetTransform(configuration.data.targetScaling, count: split.targetSize) : nil
    targetTransform =
      try resumed?.targetTransform ?? initialTargets
      ?? (scalesTargets
        ? configuration.data.targetScaling.fit(to: train, over: assignment, communicator) : task.numbering)
    let columns: [SplitSource.Column] = scalesTargets ? [.features, .targets] : [.features]
    fillValues = try [("", train), ("validation ", validation?.store), ("test ", test?.store)].flatMap { split, store in
      try columns.map { column in
        (split, column, try store?.columns(of: column, reaching: Self.leastFillValue, communicator) ?? [])
      }
    }
    featureKind = try train.featureKind(communicator)
    let indexCount = split.indexCount ?? outputSize
    let stores = [train] + [validation, test].compactMap { $0?.store }, kind = resumed?.featureKind ?? featureKind
    if let limit = configuration.model.indexLimit(indexCount: indexCount) {
      for store in stores { try RankAnswers.together(communicator) { try store.checkIndices(below: limit) } }
    }
    for store in stores {
      try RankAnswers.together(communicator) { try store.checkKind(like: kind) }
      (store.transform, store.targetTransform) = (self.scaling.transform, targetTransform)
      store.ignoredLabel = task.loss.ignoredLabel
    }
    if let initialTransform {
      try RankAnswers.together(communicator) { try matching?.check(stores, scaledBy: initialTransform) }
    }
    try matching?.compareUnits(
      of: train, features: initialTransform, targets: initialTargets, over: assignment, communicator)
    self.matching = matching
    for store in stores { try store.requireWeight(communicator) }
    if task.needsUnitFeatures { try train.checkProbabilities() }
  }

  /// The training samples, dealt as evaluation takes them; they are read once more.
  func trainForEvaluation(
    _ configuration: TrainingConfiguration, _ task: any LearningTask
  ) throws -> EvaluatedSplit {
    let plan = EvaluationPlan(
      sampleCount: train.partition.sampleCount, shardCount: train.partition.shardCount,
      globalBatchSize: configuration.batchSize)
    let store = try ShardStore(
      source: train.source, selection: train.selection, partition: plan.partition, shards: train.shards,
      targetCheck: task.targetCheck,
      streaming: memory.bufferRows(
        train.source, shardCount: train.partition.shardCount, ownShards: train.shards.count))
    (store.transform, store.targetTransform) = (transform, targetTransform)
    store.ignoredLabel = task.loss.ignoredLabel
    return EvaluatedSplit(store: store, plan: plan)
  }

  /// The loss with what follows from how often each class occurs among the samples that are trained on.
  func lossByClassCounts(_ task: any LearningTask) throws -> any Loss {
    let counts = try train.source.classCounts(
      of: train.selection, outputSize, numbering: task.numbering, ignoring: task.loss.ignoredLabel)
    return task.loss.resolved(classCounts: counts)
  }

  /// The bytes of this node's windows of streamed samples; 0 where they are held in memory.
  func windowBytes(_ assignment: ShardAssignment, _ topology: Topology) -> Double {
    let (samples, shards) = (train.partition.sampleCount, assignment.shardCount)
    let all = stream?.windowBytes(train.source, sampleCount: samples, shardCount: shards) ?? 0
    return all * Double(topology.shards(ofNode: topology.nodeIndex, assignment).count) / Double(shards)
  }

  /// The fingerprint of the whole training split, samples that were held out for validation and those that a fold tests
  /// included. Collective.
  func fingerprint(_ communicator: any Communicator) throws -> DataFingerprint {
    let others = [validation, test].compactMap { $0?.store }.filter { $0.source.name == .train }
    let whole = try DataFingerprint([train] + others, communicator)
    return division.map { whole.dividing([$0]) } ?? whole
  }

  /// The fingerprint of a validation split of its own; nil where there is none. Collective.
  func validationFingerprint(_ communicator: any Communicator) throws -> DataFingerprint? {
    guard let validation, validation.store.source.name == .validation else { return nil }
    return try DataFingerprint([validation.store], communicator)
  }

  /// The two parts of a training split, or of a fold's part of it, that has to give up its validation samples itself;
  /// nil where it keeps them all.
  static func heldOut(
    of source: DataSource, configuration: TrainingConfiguration, task: any LearningTask, fold: Fold? = nil
  ) throws -> (train: RowSelection, validation: RowSelection)? {
    guard configuration.data.validation > 0 && source.splits[.validation] == nil else { return nil }
    let split = try source.split(.train)
    let rows = fold?.train ?? Array(0..<split.sampleCount)
    let strata = try ValidationStrata(configuration, task: task, split: split, isFold: fold != nil)
    let parts = try strata.parts(rows, fraction: configuration.data.validation, seed: configuration.seed)
    return (.rows(parts.train.map { rows[$0] }), .rows(parts.validation.map { rows[$0] }))
  }
}

/// A split that is evaluated: its rows, and in which batches.
struct EvaluatedSplit {
  let store: ShardStore
  let plan: EvaluationPlan

  var sampleCount: Int { plan.partition.sampleCount }
}

extension SplitSource {
  /// - Throws: where samples of another split are not of the form of these, the training split's.
  func requireLikeness(_ other: SplitSource) throws {
    guard other.featureShape.elementCount != featureShape.elementCount || other.targetSize != targetSize else { return }
    throw Failure.data(
      "\(other.place(.features, row: 0)): samples of \(other.featureShape) with \(other.targetSize) targets, "
        + "expected \(featureShape) with \(targetSize) as in the training split")
  }
}

import Collectives
import Configuration
import DataPipeline
import Basics

/// One rank's part of every split that a run reads, scaled alike.
public struct TrainingData {
  public let source: DataSource
  public let train: ShardStore
  /// `/val`, or the part that was split off the training split, or nil.
  public let validation: ShardStore?
  public let test: ShardStore?
  public let transform: FeatureTransform
  /// Outputs that a model needs: classes, or target values.
  public let outputSize: Int

  /// Reads the shards of this rank. Collective: every rank must call it.
  ///
  /// - Parameters:
  ///   - transform: that of a checkpoint; nil to find it on the training split.
  ///   - declaredOutputSize: outputs that the model fixes; labels must fit in.
  init(
    _ source: DataSource, configuration: TrainingConfiguration, objective: Objective, declaredOutputSize: Int?,
    transform: FeatureTransform?, assignment: ShardAssignment, communicator: any Communicator
  ) throws {
    self.source = source
    let split = try source.split(.train)
    let shards = assignment.shards(ofRank: communicator.rank)
    let heldOut = try Self.heldOut(
      of: source, configuration: configuration, isClassification: objective.isClassification)
    let trainRows = heldOut?.train ?? .all(count: split.sampleCount)

    try ShardDealing.validate(sampleCount: trainRows.count, shardCount: assignment.shardCount)
    func load(_ source: SplitSource, _ rows: RowSelection, _ check: TargetCheck) throws -> ShardStore {
      try ShardStore(
        source: source, selection: rows,
        dealing: ShardDealing(sampleCount: rows.count, shardCount: assignment.shardCount), shards: shards,
        targetCheck: check)
    }
    train = try load(split, trainRows, objective.targetCheck)

    // Labels of the other splits must be among the classes of the training split.
    let check: TargetCheck
    (outputSize, check) = try objective.outputs(
      classes: { [train] in try train.classCount(communicator) }, declared: declaredOutputSize, data: split)
    try objective.check(outputSize: outputSize)
    func load(_ name: SplitName) throws -> ShardStore? {
      // A GAN is evaluated on no split.
      guard !objective.isAdversarial, let other = source.splits[name] else { return nil }
      guard other.featureShape.elementCount == split.featureShape.elementCount, other.targetSize == split.targetSize
      else {
        throw Failure.data(
          "\(other.place(.features, row: 0)): samples of \(other.featureShape) with \(other.targetSize) targets, expected "
            + "\(split.featureShape) with \(split.targetSize) as in the training split")
      }
      return try load(other, .all(count: other.sampleCount), check)
    }
    validation = try heldOut.map { try load(split, $0.validation, check) } ?? load(.validation)
    test = try load(.test)

    let scaling: FeatureScaling =
      configuration.model.inputLayout == .indices
      ? .none : FeatureScaling(rawValue: configuration.data.scaling.rawValue) ?? .unit
    if configuration.model.masksFeatures, scaling == .standard || scaling == .minMax {
      throw Failure.usage(
        "data.scaling: \(scaling.rawValue) gives each feature its own zero, which the layer mask cannot find; give none, or scale "
          + "the data before padding it")
    }
    self.transform = try transform ?? scaling.fit(to: train, over: assignment, communicator)
    let indexCount = split.indexCount ?? outputSize
    if let limit = configuration.model.indexLimit(indexCount: indexCount) {
      for store in [train, validation, test] { try store?.checkIndices(below: limit) }
    }
    for store in [train, validation, test] { store?.transform = self.transform }
    if split.reconstructs && objective.loss.targetKind == .binary { try train.checkProbabilities() }
  }

  /// The two parts of a training split that has to give up its validation samples itself; nil where it keeps them all.
  static func heldOut(
    of source: DataSource, configuration: TrainingConfiguration, isClassification: Bool
  ) throws -> (train: RowSelection, validation: RowSelection)? {
    guard configuration.data.validation > 0 && source.splits[.validation] == nil else { return nil }
    let split = try source.split(.train)
    let parts = try ValidationSplit.select(
      labels: isClassification && split.targetSize == 1 ? split.readLabels() : nil, sampleCount: split.sampleCount,
      fraction: configuration.data.validation, seed: configuration.seed)
    return (.rows(parts.train), .rows(parts.validation))
  }
}

extension TrainingConfiguration.Data {
  var channelLayout: ChannelLayout {
    switch layout {
    case .auto: .auto
    case .channelsFirst: .channelsFirst
    case .channelsLast: .channelsLast
    }
  }
}

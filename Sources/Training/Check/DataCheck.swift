import Basics
import Collectives
import DataPipeline
import NeuralNetwork
import Settings

/// Whether every rank can read its part of the data, as far as a few rows tell, and finds the same there as the others.
///
/// Features are read all where they are few, else rows at even distances, of the targets all; see `checkSample`.
struct DataCheck {
  /// What the training split turned out to be, where every rank could read it.
  struct Opened {
    let source: DataSource
    let task: any LearningTask
    /// To the data that the first weights were trained on; nil where there are none.
    let matching: InitialMatching?
    let memory: DataMemory
    let selection: RowSelection
    let assignment: ShardAssignment
    let plan: StreamPlan?
    /// The rows of the training split, dealt to shards.
    let partition: ShardPartition
    /// Of all ranks; nil for targets without classes.
    let largestLabel: Int?

    /// The bytes of a node's windows of streamed samples.
    func windowBytes(_ split: SplitSource, shards: Int) -> Double {
      let all = plan?.windowBytes(split, sampleCount: partition.sampleCount, shardCount: assignment.shardCount) ?? 0
      return all * Double(shards) / Double(assignment.shardCount)
    }
  }

  let row: CheckRow
  let opened: Opened?

  private static let name = "data"

  /// Collective.
  ///
  /// - Parameters:
  ///   - initial: the weights that the run starts from.
  ///   - world: the ranks in the order in which shards are dealt.
  ///   - ranks: the same in their launcher's order.
  init(
    _ configuration: TrainingConfiguration, _ resumed: ResumePoint?, initial: InitialWeights?,
    world: any Communicator, ranks: any Communicator, _ places: RankPlaces
  ) throws {
    var local: (source: DataSource, task: any LearningTask)?
    var matching = initial.map { InitialMatching($0, configuration.initial) }
    let answers = try RankAnswers(ranks) {
      let source = try configuration.openData(configuration.data.location)
      let split = try source.split(.train)
      let task = try configuration.task(of: source, resumed)
      try TrainingSetup.checkDivision(configuration, source, isResumed: resumed != nil)
      try TrainingSetup.checkMetrics(
        configuration, task, isValidated: source.splits[.validation] != nil || configuration.data.validation > 0)
      let matched =
        try matching?.matched(source, targets: task.targetMeaning)
        ?? source.matched(to: resumed?.metadata.data.names, of: resumed?.path ?? "", targets: task.targetMeaning)
      local = (matched, task)
      return DataFacts(source, split, digest: try source.digest())
    }
    guard let facts = answers.all, let (source, task) = local else {
      (row, opened) = (CheckRow(Self.name, "cannot be read", answers.faults(places)), nil)
      return
    }
    let others = facts.indices.filter { facts[$0].digest != facts[0].digest }
    guard others.isEmpty else {
      let fault = source.disagreement(places.text(others))
      (row, opened) = (CheckRow(Self.name, facts[0].text, [.fault(fault.description, fault.exitCode)]), nil)
      return
    }
    let memory = try DataMemory(
      configuration.data.memory, bytes: source.byteCount, streams: resumed.map { $0.metadata.stream != nil }, ranks)
    let split = try source.split(.train)
    let shardCount = configuration.shardCount(samples: split.sampleCount, of: source, resumed)
    let assignment = ShardAssignment(shardCount: shardCount, rankCount: world.size)
    var part: (selection: RowSelection, validation: RowSelection?, plan: StreamPlan?, partition: ShardPartition)?
    let readings = try RankAnswers(ranks) {
      try memory.require(source)
      let heldOut = try TrainingData.heldOut(of: source, configuration: configuration, task: task)
      let rows = heldOut?.train ?? .all(count: split.sampleCount)
      try ShardPartition.validate(sampleCount: rows.count, shardCount: shardCount)
      let plan = try memory.plan(split, rows, shardCount: shardCount, kept: resumed?.metadata.stream)
      let partition = ShardPartition(
        sampleCount: rows.count, shardCount: shardCount, blockSize: plan?.blockSize, windowBlocks: plan?.windowBlocks)
      part = (rows, heldOut?.validation, plan, partition)
      let label = try split.checkSample(
        rows, partition, shards: assignment.shards(ofRank: world.rank), share: (world.rank, world.size),
        targetCheck: task.targetCheck)
      return label ?? -1
    }
    guard let labels = readings.all, let part else {
      (row, opened) = (CheckRow(Self.name, facts[0].text, readings.firstFault(places)), nil)
      return
    }
    let largest = labels.max().flatMap { $0 < 0 ? nil : $0 }
    let opened = Opened(
      source: source, task: task, matching: matching, memory: memory, selection: part.selection, assignment: assignment,
      plan: part.plan,
      partition: part.partition, largestLabel: largest)
    self.opened = opened
    var found = facts[0].text + (memory.streams ? ", streamed" : "")
    if split.sampledRowCount < split.sampleCount { found += "; \(grouped(split.sampledRowCount)) rows looked at" }
    let doubts = source.remarks + [TrainingSetup.doubtOfDivision(configuration, source)].compactMap(\.self)
    var findings = doubts.map { CheckFinding.warning($0) }
    if let resumed {
      let isWhole = source.byteCount <= Self.greatestCompared
      if !isWhole { found += "; not compared with those of the checkpoint" }
      findings += try Self.changes(
        opened, since: resumed, heldOut: configuration.data.validationGroup == nil ? nil : part.validation,
        comparesValues: isWhole, mayChange: configuration.data.mayChange, world: world, ranks: ranks, places)
    }
    row = CheckRow(Self.name, found, findings)
  }

  /// Bytes up to which data are read as a whole, for their fingerprint.
  private static let greatestCompared = 1e9

  /// What training would say of data that are not those of the checkpoint that it goes on from. Collective.
  ///
  /// - Parameters:
  ///   - heldOut: the rows that groups hold out; nil for none.
  ///   - comparesValues: whether all values are compared; else the number of samples alone.
  private static func changes(
    _ opened: Opened, since resumed: ResumePoint, heldOut: RowSelection?, comparesValues: Bool, mayChange: Bool,
    world: any Communicator, ranks: any Communicator, _ places: RankPlaces
  ) throws -> [CheckFinding] {
    let split = try opened.source.split(.train), task = opened.task
    var now = DataDescription(split, fingerprint: nil, validation: nil)
    if comparesValues {
      let isEvaluated = type(of: task).whyNotEvaluated == nil
      let splits = [split] + [isEvaluated ? opened.source.splits[.validation] : nil].compactMap(\.self)
      var stores: [ShardStore] = []
      let readings = try RankAnswers(ranks) {
        stores = try splits.map { split in
          try opened.memory.store(
            of: split, targetCheck: task.targetCheck, over: opened.assignment, rank: world.rank)
        }
        return true
      }
      guard readings.all != nil else { return readings.firstFault(places) }
      let prints = try stores.map { try DataFingerprint([$0], world) }
      var own = prints[0]
      if case .rows(let rows)? = heldOut { own = own.dividing([rows]) }
      now = DataDescription(split, fingerprint: own, validation: prints.count > 1 ? prints[1] : nil)
    }
    do {
      try resumed.check(
        samples: opened.partition.sampleCount, now, of: opened.source.path, mayChange: mayChange)
      return []
    } catch let fault as Failure { return [.fault(fault.description, fault.exitCode)] }
  }
}

/// What a rank says of the data that it has opened.
private struct DataFacts: Codable, Sendable {
  let digest: String
  let text: String

  init(_ source: DataSource, _ split: SplitSource, digest: String) {
    self.digest = digest
    let splits = SplitName.allCases.compactMap { name in
      source.splits[name].map { "\(name.rawValue) \(grouped($0.sampleCount))" }
    }
    text =
      "\(source.path): \(splits.joined(separator: ", ")) of \(split.featureShape) \(split.featureType.name), "
      + shortBytes(source.byteCount)
  }
}

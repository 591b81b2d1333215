import Basics
import Collectives
import DataPipeline
import NeuralNetwork
import NumericCore

extension Trainer {
  private typealias Suspect = StepFindings.Suspect

  /// Those with the greatest losses, where a loss is a spike.
  private static let greatestCount = 3
  /// Samples that are looked at at a time.
  private static let chunk = 32

  /// - Throws: where the last step is not as it should be. Collective.
  package func checkStep() throws {
    if let lastProblem, let lastTotals { throw try findings(lastProblem, lastTotals).failure() }
  }

  /// Looks for what is wrong with the last step, whose problem that is. Collective, before the next step.
  ///
  /// Each rank passes the samples that it took through the model once more, as they are in the data, scaled but not
  /// augmented, with the step's dropout; where the model has running statistics as evaluation does, so that no sample
  /// spoils another. What only these bring about has no suspect.
  func findings(_ problem: StepProblem, _ totals: StepTotals) throws -> StepFindings {
    let step = progress.stepInEpoch - 1
    let positions = exchange.shards.map { shard in
      feed.positions(shard: shard, places: plan.positions(shard: shard, step: step))
    }
    let ownRows = zip(exchange.shards, positions).flatMap { store.rows(shard: $0, positions: $1) }
    let rows = try communicator.allGather(ownRows).flatMap { $0 }
    var own: [Suspect] = []
    if !problem.isPassedOver {
      try Timeline.wholeSpan(.evaluation) {
        for (shard, positions) in zip(exchange.shards, positions) where !positions.isEmpty {
          own += try suspects(shard, positions, problem)
        }
      }
    }
    var all = try communicator.allGather(own).flatMap { $0 }
    if problem.isSpike {
      all.sort { $0.value == $1.value ? $0.row < $1.row : $0.value > $1.value }
    }
    let parameter = try communicator.agree { [firstNotFinite() ?? ""] }[0]
    return StepFindings(
      step: progress.step, epoch: progress.epoch + 1, problem: problem, totals: totals, rows: rows.sorted(),
      suspects: Array(all.prefix(problem.isSpike ? Self.greatestCount : StepFindings.shownRows)),
      suspectCount: all.count,
      parameter: parameter.isEmpty ? nil : parameter)
  }

  /// Those of a shard: samples of which a number is not finite, or on a spike all, with their losses.
  private func suspects(_ shard: Int, _ positions: [Int32], _ problem: StepProblem) throws -> [Suspect] {
    guard type(of: task).whyNotEvaluated == nil else { return try badFeatures(shard, positions) }
    // A gradient that is not finite may have been taken into the parameters.
    let isJudged = problem != .gradientNotFinite || configuration.sentinel.refusesUpdates
    let values = ModelValues(parameters: exchange.parameters, statistics: exchange.statistics)
    let workspace = Workspace(model: model, capacity: min(Self.chunk, positions.count), values: values)
    let isAlone = model.statisticLayout.entries.isEmpty
    let mode = isAlone ? PassMode.training(random: random.stream(.dropout, progress.step)) : .evaluation
    let batch = Batch(workspace: workspace, data: SplitShape(store))
    let samples = store.feed { $0 == shard ? positions : [] }
    var found: [Suspect] = []
    for start in stride(from: 0, to: positions.count, by: Self.chunk) {
      try batch.fill(start..<min(start + Self.chunk, positions.count), ofShard: shard, from: samples)
      if isJudged {
        workspace.forward(samples: batch.count, mode: mode, values: values)
        batch.leaveOutPadding(for: task.loss)
      }
      for index in 0..<batch.count {
        if let suspect = suspect(index, batch, isJudged ? workspace.output() : nil, problem) { found.append(suspect) }
      }
    }
    return found
  }

  /// Those with features that are not finite, of data that the model takes no outputs of.
  private func badFeatures(_ shard: Int, _ positions: [Int32]) throws -> [Suspect] {
    let width = store.source.featureShape.elementCount, count = positions.count
    let features = FlatBuffer<Float>(count: count * width), rows = FlatBuffer<Int>(count: count)
    let targets = FlatBuffer<Float>(count: count * store.source.targetSize)
    let batch = BatchRows(features: features.view, targets: targets.view, sampleIDs: rows.view)
    try positions.withUnsafeBufferPointer { try store.fill(batch, shard: shard, positions: $0) }
    return (0..<count).compactMap {
      Self.badFeature(features.view.view($0 * width..<($0 + 1) * width), ofRow: rows.view[$0])
    }
  }

  private static func badFeature(_ features: BufferView<Float>, ofRow row: Int) -> Suspect? {
    features.firstIndex { !$0.isFinite }.map {
      Suspect(row: row, reason: .feature, value: Double(features[$0]), place: $0)
    }
  }

  /// - Parameter outputs: [n, …]; nil where they are not looked at.
  private func suspect(
    _ index: Int, _ batch: Batch, _ outputs: BufferView<Float>?, _ problem: StepProblem
  ) -> Suspect? {
    func part(_ values: BufferView<Float>, _ size: Int) -> BufferView<Float> {
      values.view(index * size..<(index + 1) * size)
    }
    let row = batch.sampleIDs[index]
    let features = part(batch.features, batch.features.count / batch.count)
    if let suspect = Self.badFeature(features, ofRow: row) { return suspect }
    guard let outputs else { return nil }
    let greatest = Double(features.reduce(0) { max($0, abs($1)) })
    let output = part(outputs, model.outputShapes[0].elementCount)
    if let value = output.first(where: { !$0.isFinite }) {
      return Suspect(row: row, reason: .output, value: Double(value), greatest: greatest)
    }
    let loss = task.loss.evaluate(
      outputs: output, targets: part(batch.targets, batch.targets.count / batch.count), weights: nil, samples: 1,
      gradient: nil
    ).meanLoss
    guard problem.isSpike || !loss.isFinite else { return nil }
    return Suspect(row: row, reason: .loss, value: loss, greatest: greatest)
  }

  /// The parameter nearest to the loss whose gradient is not finite: the last one, as backward goes from the last to
  /// the first. On rank 0, where the sum over all shards lies.
  private func firstNotFinite() -> String? {
    let gradient = exchange.gradients(ofShard: 0)
    return model.parameterLayout.entries.indices.reversed().first { index in
      let entry = model.parameterLayout.entries[index]
      return !model.frozenEntries.contains(index) && gradient.view(entry.range).contains { !$0.isFinite }
    }.map { model.parameterLayout.entries[$0].name }
  }
}

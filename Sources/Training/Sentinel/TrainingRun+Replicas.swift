import Basics
import Collectives
import NeuralNetwork
import NumericCore
import Optimizers

// Comparing the copies of a run's state.

extension TrainingRun {
  /// Compares all copies of parameters, optimizer state and statistics. Collective.
  ///
  /// - Throws: where they differ.
  func compareReplicas() throws {
    guard try !trainer.exchange.replicasAgree() else { return agreedStep = trainer.progress.step }
    throw try replicaFailure()
  }

  /// Whether a step is one after which they are compared, by its number alone.
  func isCompared(step: Int) -> Bool {
    let interval = configuration.sentinel.compareSteps
    return interval > 0 && step % interval == 0
  }

  /// Finds where they differ and on which hosts, and which checkpoint was written when they did not. Collective.
  private func replicaFailure() throws -> Failure {
    let buffers = stateBuffers
    let difference = try trainer.exchange.replicaDifference(in: buffers.map(\.values))
    let hosts = try topology.world.allGather(Array(hostName.utf8)).map { String(decoding: $0, as: UTF8.self) }
    let good = try topology.world.agree { [try lastAgreedCheckpoint() ?? ""] }[0]
    let moment = "step \(trainer.progress.step), epoch \(trainer.progress.epoch + 1)"
    let found =
      difference.map { describe($0, buffers, hosts) } ?? "the copies of the parameters differ between ranks"
    let way =
      good.isEmpty
      ? "there is no checkpoint from before: start again"
      : "the last checkpoint on which all agreed is \(good): go on from it with --resume auto"
    return Failure(
      "\(moment): \(found); all agreed after step \(agreedStep); check the memory of these hosts, and that all run the "
        + "same program; \(way)", exitCode: .replicas)
  }

  /// A buffer of the state under its name in a checkpoint. What a difference begins in comes before what it spreads to:
  /// moments change parameters, which change their averages.
  private var stateBuffers: [(name: String, layout: ParameterLayout, values: BufferView<Float>)] {
    let exchange = trainer.exchange, model = trainer.model
    let states = zip(trainer.update.stateNames, exchange.optimizerState).map { name, values in
      (name: "optimizer/\(name)", layout: model.parameterLayout, values: values)
    }
    let own = [
      (name: "model", layout: model.parameterLayout, values: exchange.parameters),
      (name: "model", layout: model.statisticLayout, values: exchange.statistics),
    ]
    let averages = "optimizer/" + WeightAveraging.stateName
    return states.filter { $0.name != averages } + own + states.filter { $0.name == averages }
  }

  private func describe(
    _ difference: ReplicaDifference, _ buffers: [(name: String, layout: ParameterLayout, values: BufferView<Float>)],
    _ hosts: [String]
  ) -> String {
    let buffer = buffers[difference.buffer]
    let others = difference.buffers.dropFirst().map { buffers[$0].name }
    let holders = trainer.exchange.copyHolders
    func place(_ copy: Int) -> String {
      let ranks = holders[copy].map(String.init)
      return "\(hosts[holders[copy].lowerBound].shownName) (\(ranks.count == 1 ? "rank" : "ranks") "
        + "\(listing(ranks, limit: 8)))"
    }
    // Most copies are taken to be right; of two nobody knows.
    let groups = Dictionary(grouping: holders.indices) { difference.values[$0] }
      .sorted { $0.value.count == $1.value.count ? $0.value[0] < $1.value[0] : $0.value.count > $1.value.count }
    let hasMajority = groups[0].value.count > groups[1].value.count
    let texts = groups.enumerated().map { index, group in
      let digits = String(group.key, radix: 16), zeros = String(repeating: "0", count: 8 - digits.count)
      let value = "\(shortNumber(Double(Float(bitPattern: group.key)))) (0x\(zeros)\(digits))"
      return "\(value) on "
        + (index == 0 && hasMajority
          ? "the other \(group.value.count)" : group.value.map(place).joined(separator: ", "))
    }
    return "the copies of \(buffer.name)/\(buffer.layout.place(of: difference.element)) differ: "
      + texts.reversed().joined(separator: ", ")
      + (others.isEmpty ? "" : "; so do others in \(listing(others.reduced, limit: 4))")
  }

  /// The newest checkpoint that was written when all copies agreed; later ones are set aside. On rank 0.
  private func lastAgreedCheckpoint() throws -> String? {
    try? writer?.finish()
    guard let directory, let agreedCheckpoint else { return nil }
    directory.checkpoints.setAside(after: agreedCheckpoint)
    guard let newest = directory.checkpoints.newest().found else { return nil }
    try? directory.checkpoints.repairLinks(latest: newest.step, best: trainer.progress.best?.step)
    return directory.checkpoints.file(step: newest.step)
  }
}

extension ParameterLayout {
  /// The parameter that an element of the flat buffer is of, and its index there, such as `0.weight[3, 5]`.
  func place(of element: Int) -> String {
    guard let entry = entries.last(where: { $0.range.lowerBound <= element }) else { return "[\(element)]" }
    guard entry.range.contains(element) else { return "\(entry.name), in the gap behind it" }
    var rest = element - entry.range.lowerBound, index: [Int] = []
    for extent in entry.shape.extents.reversed() {
      index.insert(rest % extent, at: 0)
      rest /= extent
    }
    return "\(entry.name)\(index)"
  }
}

extension [String] {
  /// Each once, in their order.
  fileprivate var reduced: [String] { reduce(into: []) { if !$0.contains($1) { $0.append($1) } } }
}

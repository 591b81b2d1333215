import Basics
import Collectives
import NumericCore
import Settings

/// Whether all ranks have one configuration, which is right, and where a run by it would begin.
struct ConfigurationCheck {
  let row: CheckRow
  /// nil where a run could not begin.
  let start: RunStart?
  /// The weights that it would start from, other than drawn ones or those of a checkpoint to go on from.
  let initial: InitialWeights?

  private static let name = "configuration"

  /// Also sets this rank's threads. Collective.
  init(
    _ arguments: TrainArguments, topology: Topology, ranks: any Communicator, _ places: RankPlaces
  ) throws {
    var configuration = TrainingConfiguration()
    let answers = try RankAnswers(ranks) { () -> RankSettings in
      configuration = try arguments.configuration()
      BLAS.threads = configuration.threads
      return RankSettings(
        rank: ranks.rank, host: hostName, text: configuration.shared.line, threads: BLAS.threads)
    }
    guard let settings = answers.all else {
      self.init(CheckRow(Self.name, "wrong", answers.faults(places)))
      return
    }
    if let difference = RankSettings.difference(settings) {
      self.init(CheckRow(Self.name, "differs between ranks", [.fault(difference, .launch)]))
      return
    }
    let request = StartRequest(
      configuration: configuration, configurationFile: arguments.configurationFile, extensions: Extensions(),
      over: { try arguments.configuration(goingOnFrom: $0) }, onlyLooks: true)
    var start: RunStart?
    // Rank 0 decides; all have read the checkpoint to go on from, or say why not.
    let starts = try RankAnswers(ranks) { () -> [String] in
      let own = try RunStart(request, writesFiles: true, communicator: topology.world)
      start = own
      let changes = try own.resumed?.changes(to: own.configuration) ?? []
      if ranks.isRoot, let trace = own.configuration.log.trace { try RunTrace.check(trace) }
      return [own.hold?.directory.path ?? "", own.resumed?.path ?? ""] + own.warnings
        + RunHeader.warnings(resumed: own.resumed, changes: changes)
    }
    guard let found = starts.all?[0], let start else {
      self.init(CheckRow(Self.name, "no run could begin", starts.faults(places)))
      return
    }
    var initial: InitialWeights?
    let weights = try RankAnswers(ranks) { () -> UInt64 in
      guard start.resumed == nil, let file = start.configuration.initial.from else { return 0 }
      let own = try InitialWeights(file, extensions: Extensions(), communicator: SingleProcess())
      initial = own
      return own.digest
    }
    guard let digests = weights.all else {
      self.init(CheckRow(Self.name, "its weights cannot be read", weights.faults(places)))
      return
    }
    if let other = digests.firstIndex(where: { $0 != digests[0] }) {
      let fault = InitialWeights.disagreement(start.configuration.initial.from ?? "", rank: other)
      self.init(CheckRow(Self.name, "its weights differ", [.fault(fault.description, fault.exitCode)]))
      return
    }
    let directory = start.configuration.run == nil ? "a new directory in \(RunDirectory.home)" : found[0]
    let way = found[1].isEmpty ? "a new run in \(directory)" : "goes on from \(found[1])"
    self.init(
      CheckRow(
        Self.name, (arguments.configurationFile.map { $0 + ", " } ?? "") + way,
        found.dropFirst(2).map { .warning($0) }), start, initial)
  }

  private init(_ row: CheckRow, _ start: RunStart? = nil, _ initial: InitialWeights? = nil) {
    (self.row, self.start, self.initial) = (row, start, initial)
  }
}

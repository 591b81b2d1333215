import Basics
import Collectives
import Foundation

/// Whether a run could leave its results where it is to, and what is known of the file system there.
package enum DirectoryCheck {
  /// What rank 0 finds of a directory.
  package struct Facts: Codable, Sendable {
    /// The innermost that is there.
    let place: String
    let kind: String?
    let free: Int?
    let isVolatile: Bool
    /// The most bytes that a file may have; nil for no limit.
    let greatestFile: Int?
    /// Seconds that a small file takes to be written, synced and renamed; nil where it cannot be.
    let seconds: Double?
    /// Why a copy of a checkpoint could not be written; nil where it could.
    let doubt: String?

    package init(
      place: String, kind: String?, free: Int?, isVolatile: Bool, greatestFile: Int? = nil, seconds: Double
    ) {
      (self.place, self.kind, self.free) = (place, kind, free)
      (self.isVolatile, self.greatestFile, self.seconds, doubt) = (isVolatile, greatestFile, seconds, nil)
    }

    /// Tries it out, and leaves nothing.
    ///
    /// - Parameter isOfCopies: whether a run goes on where it cannot write there, if only it could make the directory.
    fileprivate init(_ directory: String, isOfCopies: Bool) throws {
      let place = URL(fileURLWithPath: RunDirectory.nearestPlace(directory)).path
      let system = FileSystem(of: place)
      (kind, free, isVolatile) = (system?.kind, system?.freeBytes, system?.isVolatile ?? false)
      (self.place, greatestFile) = (place, FileSystem.greatestFile)
      do {
        (seconds, doubt) = (try DirectoryCheck.withTrial(in: place, Self.tryOut), nil)
      } catch let error as any UserFacingError where isOfCopies && Self.canMakeDirectory(in: place) {
        (seconds, doubt) = (nil, error.description)
      }
    }

    private static func canMakeDirectory(in place: String) -> Bool {
      let path = place + "/.ddp-train-check.\(getpid()).d"
      guard mkdir(path, 0o777) == 0 else { return false }
      return rmdir(path) == 0
    }

    /// Writes a file as a run does, another over it, and reads that one back.
    private static func tryOut(_ path: String) throws -> Double {
      let start = ContinuousClock.now
      try AtomicFile.write(Data("first".utf8), to: path)
      let seconds = start.duration(to: .now).seconds
      try AtomicFile.write(Data("second".utf8), to: path)
      guard try Data(contentsOf: URL(fileURLWithPath: path)) == Data("second".utf8) else {
        throw Failure.data(
          "\(path): a file that was renamed over another does not read back; give another place with --run DIR")
      }
      return seconds
    }
  }

  /// Gives `body` the path of a file that may be made in a directory, and that is gone afterwards, whatever happens.
  private static func withTrial<Result>(in place: String, _ body: (String) throws -> Result) rethrows -> Result {
    let path = place + "/.ddp-train-check.\(getpid())"
    UnfinishedFile.begin(path)
    defer {
      unlink(path)
      UnfinishedFile.end(path)
    }
    return try body(path)
  }

  /// Collective.
  ///
  /// - Parameters:
  ///   - directory: of the run; on rank 0.
  ///   - room: of its checkpoints; nil where the model is not known.
  static func rows(
    _ configuration: TrainingConfiguration, directory: String?, room: CheckpointRoom?, topology: Topology,
    ranks: any Communicator, _ places: RankPlaces
  ) throws -> [CheckRow] {
    let answers = try RankAnswers(ranks) { () -> [Facts] in
      guard ranks.isRoot, let directory else { return [] }
      let copies = try configuration.checkpoint.copyTo.map { try Facts($0, isOfCopies: true) }
      return [try Facts(directory, isOfCopies: false)] + [copies].compactMap(\.self)
    }
    // Of rank 0; no other has looked.
    guard let facts = answers.all?[0], let own = facts.first else {
      return [CheckRow("file system", "cannot be written to", answers.faults(places))]
    }
    let unseen = try unseen(own.place, topology: topology, ranks: ranks)
    let count = CheckpointRoom.count(configuration.checkpoint, epochs: configuration.epochs)
    return [
      CheckRow(
        "file system", facts.map(text).joined(separator: "; copies in "),
        doubts(own) + facts.compactMap(\.doubt).map { .warning("checkpoint.copy_to: \($0)") }
          + sharing(own.place, unseen: unseen, places)),
      roomRow(facts, room, count: count, rule: configuration.checkpoint.onFailure),
    ]
  }

  private static func text(_ facts: Facts) -> String {
    "\(facts.place) on \(facts.kind ?? "a file system without a name"), "
      + (facts.seconds.map { "a file synced and renamed in \(shortTime($0))" } ?? "where nothing can be written")
  }

  private static func doubts(_ facts: Facts) -> [CheckFinding] {
    guard facts.isVolatile else { return [] }
    return [
      .warning(
        "\(facts.place) is in memory (\(facts.kind ?? "")): results are lost when the machine is started again; give "
          + "another place with --run DIR")
    ]
  }

  // MARK: Other hosts

  /// The ranks that do not see within a second what rank 0 writes in a directory, the first of each host alone.
  /// Collective.
  private static func unseen(_ place: String, topology: Topology, ranks: any Communicator) throws -> [Int] {
    guard topology.nodeCount > 1 else { return [] }
    return try withTrial(in: place) { path in
      let path = try ranks.broadcast(path, from: 0)
      // What cannot be written is told already.
      if ranks.isRoot { _ = FileManager.default.createFile(atPath: path, contents: Data(path.utf8)) }
      try ranks.barrier()
      return try whoseHostIsBlind(path, topology: topology, ranks: ranks)
    }
  }

  /// Collective.
  private static func whoseHostIsBlind(_ path: String, topology: Topology, ranks: any Communicator) throws -> [Int] {
    let seen = try RankAnswers(ranks) { () -> Bool in
      guard topology.node.isRoot else { return true }
      let end = ContinuousClock.now + .seconds(1)
      repeat {
        if let bytes = FileManager.default.contents(atPath: path), bytes == Data(path.utf8) { return true }
        usleep(20_000)
      } while ContinuousClock.now < end
      return false
    }.values
    return seen.indices.filter { seen[$0] == false }
  }

  /// A run starts all the same: rank 0 alone writes, and reads what is not to go on from.
  package static func sharing(_ place: String, unseen: [Int], _ places: RankPlaces) -> [CheckFinding] {
    guard !unseen.isEmpty else { return [] }
    return [
      .warning(
        "\(places.text(unseen)) does not see within a second what rank 0 writes in \(place): a run starts, but to go "
          + "on by --resume every host has to see its checkpoints; give --run DIR on a file system that the hosts share"
      )
    ]
  }

  // MARK: Room

  package static func roomRow(
    _ facts: [Facts], _ room: CheckpointRoom?, count: Int, rule: CheckpointRule.FailureRule
  ) -> CheckRow {
    let free = facts.compactMap(\.free).min().map { "\(shortBytes(Double($0))) are free" } ?? "room is not told"
    guard let room else { return .skipped("room", "\(free); the size of a checkpoint is not known") }
    var findings: [CheckFinding] = []
    for (index, place) in facts.enumerated() {
      if let lack = room.lack(in: place.place, free: place.free, greatestFile: place.greatestFile) {
        // A copy that cannot be written, or a checkpoint where the rule says so, is a warning of the run too.
        let isFault = index == 0 && rule == .stop
        findings.append(isFault ? .fault(lack.description, lack.exitCode) : .warning(lack.description))
      } else if let free = place.free, room.byteCount * Double(count) > Double(free) {
        findings.append(
          .warning(
            "\(place.place): up to \(plural(count, "checkpoint")) take \(shortBytes(room.byteCount * Double(count))), "
              + "and \(shortBytes(Double(free))) are free; free some space, or keep fewer with checkpoint.keep"))
      }
    }
    return CheckRow(
      "room", "up to \(plural(count, "checkpoint")) of \(shortBytes(room.byteCount)); \(free)", findings)
  }
}

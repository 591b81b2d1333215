import Basics
import Foundation
import Synchronization

/// Ends a job that has come to a standstill, and names the rank that is to blame. Each rank has one, on a thread of its
/// own that calls nothing that could wait for another rank.
///
/// Four times a second it looks where the ranks of its host are (`StatusTable`). On each host the first rank whose
/// process still moves speaks for it, and tells the first host (`HostLink`); that one judges (`StallRule`). Where half
/// of the time is over it warns, and at its end one line says who holds the job up; then every rank ends with exit code
/// 5: by MPI's launcher, or, where that does not do it within some seconds, each by itself. A host that hears nothing
/// from the first judges for itself, a little later.
///
/// What counts as progress is whatever `Whereabouts` is told: phases, layers, steps, calls that read or write files,
/// blocks of rows, batches of an evaluation. While its own process was stopped, time does not count.
public final class Watchdog: @unchecked Sendable {
  /// This process's; nil before it has begun to watch.
  nonisolated(unsafe) public private(set) static var current: Watchdog?

  private let program: String
  private let isLaunched: Bool
  /// nil where it is not the parent of this process.
  private let launcher = LocalLauncher()
  private let table: StatusTable
  private let places: JobPlaces
  /// Those of the rows of the table.
  private let ownRanks: [Int]
  /// nil on a single host, and for the ranks of the first host that do not speak for it.
  private let link: HostLink?
  private let canSeePeers: Bool
  /// In milliseconds; -1 for `nil` of the rule.
  private let limit = Atomic<Int>(-1)

  // Of its thread alone.
  private var observers: [RowObserver]
  private var hosts: [Int: HostNews] = [:]
  private var lastLook = Timeline.now
  private var secondsSinceEnded = 0.0
  private var secondsWatched = 0.0
  /// Since this process was last stopped.
  private var secondsAwake = Double.infinity
  private var hasCounted = false
  private var hasWarned = false

  /// Seconds between two looks.
  private static let interval = 0.25
  /// Seconds after which a rank whose watchdog does not move no longer speaks for its host, or a host is not heard.
  private static let patience = 1.5

  /// Begins to watch. Collective over all ranks of the job, once.
  ///
  /// - Parameters:
  ///   - program: what lines of error begin with.
  ///   - isLaunched: whether there is a launcher that can end the job.
  public static func start(_ ranks: MPICommunicator, program: String, isLaunched: Bool) throws(CollectiveError) {
    guard current == nil else { return }
    let watchdog = try Watchdog(ranks, program: program, isLaunched: isLaunched)
    current = watchdog
    watchdog.begin()
  }

  private init(_ ranks: MPICommunicator, program: String, isLaunched: Bool) throws(CollectiveError) {
    (self.program, self.isLaunched) = (program, isLaunched)
    let node = try ranks.splitByNode()
    table = try StatusTable(node: node)
    Whereabouts.publish(in: table.own)
    places = try JobPlaces(ranks, node: node)
    ownRanks = table.rows.count == node.size ? places.ranks(ofHost: places.ownHost) : [ranks.rank]
    // The first host's number is 0, as is its first rank's.
    let hub = ranks.isRoot && places.hostNames.count > 1 ? HostLink(ofFirstHost: ()) : nil
    let invitation = try ranks.broadcast(hub?.invitation ?? "", from: 0)
    link = places.ownHost == 0 ? hub : HostLink(invitation: invitation, host: places.ownHost)
    // The process numbers of all are there.
    try node.barrier()
    canSeePeers = table.rows.allSatisfy { ProcessState(of: $0.process) != .ended }
    observers = table.rows.map(RowObserver.init)
    try node.close()
  }

  /// Seconds without progress after which the job ends; 0: never, nil: by the steps so far.
  public func setLimit(_ seconds: Double?) {
    limit.store(seconds.map { Int(($0 * 1000).rounded(.up)) } ?? -1, ordering: .relaxed)
  }

  private var rule: StallRule {
    let milliseconds = limit.load(ordering: .relaxed)
    return StallRule(seconds: milliseconds < 0 ? nil : Double(milliseconds) / 1000)
  }

  /// Whether the caller is the one of this host that may tell why the job ends.
  public func claimLastWord() -> Bool { table.claimLastWord() }

  // MARK: The thread

  private func begin() {
    QuitSignal.install()
    Thread.detachDeaf { [self] in
      while true { look() }
    }
  }

  private func look() {
    let isAsked = QuitSignal.wait(seconds: Self.interval)
    table.own.beat()
    let now = Timeline.now
    // What is more has gone by while this process was stopped.
    let passed = Double(now - lastLook) * 1e-9, elapsed = min(passed, 2 * Self.interval)
    secondsAwake = passed > 1 ? 0 : secondsAwake + passed
    lastLook = now
    for index in observers.indices { observers[index].look(after: elapsed) }
    exchangeNews(after: elapsed)
    if isAsked { report() }
    if table.isOver { leave() }
    judge(after: elapsed)
  }

  /// Where the ranks of this host are; those that have come to their end, or were never there, are left out.
  private var ownStatuses: [RankStatus] {
    let looksClosely = canSeePeers && StopSignal.isRequested
    return zip(observers, ownRanks).compactMap { observer, rank in
      observer.status(rank: rank, seesState: canSeePeers, isClose: looksClosely)
    }
  }

  /// Whether this rank is the first of its host whose process moves.
  private var speaks: Bool {
    !zip(observers, 0..<table.ownIndex).contains { $0.0.isAtWork && $0.0.stillness < Self.patience }
  }

  // MARK: Other hosts

  private func exchangeNews(after elapsed: Double) {
    guard let link else { return }
    secondsWatched += elapsed
    for host in hosts.keys { hosts[host]?.age += elapsed }
    for message in link.receive(isOver: table.isOver) where places.hostNames.indices.contains(message.host) {
      hosts[message.host] = HostNews(ranks: message.ranks.filter { places.isOn($0.rank, host: message.host) })
      if message.isOver { table.declareOver() }
    }
    if places.ownHost != 0, speaks { link.send(ownStatuses, isOver: table.isOver) }
    if places.ownHost == 0, secondsWatched >= 10, !hasCounted { countHosts() }
  }

  /// Says once which hosts could not be heard, by a firewall for instance.
  private func countHosts() {
    hasCounted = true
    guard let silent = places.hostNames.indices.first(where: { $0 > 0 && hosts[$0] == nil }), rule.seconds != 0
    else { return }
    Output.printError(
      "\(program): warning: the watchdog hears nothing from \(places.name(host: silent)), by UDP over IPv4: a host or "
        + "network that goes down will end the job only when MPI notices")
  }

  /// All that is known of all ranks. Those of other hosts that are gone are for their own host to tell.
  private var statuses: [RankStatus] {
    ownStatuses + hosts.values.filter { $0.age < Self.patience }.flatMap(\.ranks).filter { $0.state != .ended }
  }

  /// For how long nothing has come from other hosts.
  private var unheard: [Int: Double] { hosts.mapValues(\.age).filter { $0.value >= Self.patience } }

  // MARK: Judgement

  private func judge(after elapsed: Double) {
    if isLaunched, StopSignal.isTermination { nameLostHost() }
    let unheard = unheard, isFirstHost = places.ownHost == 0
    // Only the first host hears of all others.
    let isComplete = isFirstHost && unheard.isEmpty && hosts.count == places.hostNames.count - 1
    guard let finding = rule.finding(statuses, unheard: unheard, isComplete: isComplete) else {
      if hasWarned {
        hasWarned = false
        table.allowWarning()
      }
      secondsSinceEnded = 0
      return
    }
    if case .ended = finding.cause {
      // Who was stopped meanwhile sees the end of a job that others have told the reason of.
      if secondsAwake >= 3 { ended(finding, after: elapsed) }
      return
    }
    // As long as the first host is heard, it is the one that judges; another is a little slower, as it may be there.
    let delay = isFirstHost ? 0.0 : 2
    guard speaks, isFirstHost || hosts[0] == nil || unheard[0] != nil, finding.seconds >= finding.limit / 2 + delay
    else { return }
    if finding.seconds >= finding.limit + delay {
      // A launcher that waits for its daemons on a host that is not there comes to no end by itself.
      if case .host = finding.cause { launcher?.endLater() }
      end(telling: words(finding) + "; the job ends (watchdog.seconds)")
    }
    // Where a rank has failed, or the launcher ends the job, that is what holds the others up.
    guard !hasWarned, !observers.contains(where: { $0.row.stage == .failing }),
      !(isLaunched && StopSignal.isTermination)
    else { return }
    hasWarned = true
    guard table.claimWarning() else { return }
    Output.printError(
      "\(program): warning: \(words(finding)); after \(shortTime(finding.limit)) the job ends (watchdog.seconds)")
  }

  /// A rank is gone. Its launcher sees that too and ends the others, if it has any.
  private func ended(_ finding: StallRule.Finding, after elapsed: Double) {
    secondsSinceEnded += elapsed
    if table.claimLastWord() { Output.printError("\(program): \(words(finding)); the job ends") }
    if secondsSinceEnded >= 3 { end(telling: words(finding)) }
  }

  /// A launcher that has lost a host ends the job within a second, with words that do not say so.
  private func nameLostHost() {
    guard let (host, news) = hosts.first(where: { $0.value.age > 2 * Self.interval }), !news.ranks.isEmpty,
      table.claimLastWord()
    else { return }
    Output.printError(
      "\(program): the launcher ends the job, and nothing comes from \(places.name(host: host)) any more: the host, "
        + "its processes or its network are down")
    LocalLauncher.note(ExitCode.launch.rawValue)
  }

  private func words(_ finding: StallRule.Finding) -> String {
    let time = shortTime(finding.seconds)
    switch finding.cause {
    case .rank(let status):
      return "\(places.name(status)) has made no progress for \(time)\(status.stateText): \(status.place)"
    case .ended(let status):
      return "\(places.name(status)) is gone, killed by a signal such as that of the system's out-of-memory killer: "
        + status.place
    case .host(let host):
      let last = hosts[host]?.ranks.first.map { ", last seen in \($0.place)" } ?? ""
      return "nothing has come from \(places.name(host: host)) for \(time) and all others wait for it: the host or its "
        + "network is down\(last)"
    case .everybody(let status):
      return "no rank has made progress for \(time) and all wait for each other: messages of MPI do not arrive; "
        + "\(places.name(status)): \(status.place)"
    }
  }

  /// Where every rank is that this one knows of, in answer to SIGQUIT.
  private func report() {
    for status in statuses.sorted(by: { $0.rank < $1.rank }) {
      let silence = status.silence >= 1 ? ", no progress for \(shortTime(status.silence))" : ""
      Output.printError("\(program): \(places.name(status))\(status.stateText): \(status.place)\(silence)")
    }
  }

  // MARK: The end

  /// Ends every rank of the job.
  private func end(telling line: String) -> Never {
    table.own.stage = .failing
    if table.claimLastWord() { Output.printError("\(program): \(line)") }
    table.declareOver()
    let launched = isLaunched
    LocalLauncher.note(ExitCode.launch.rawValue)
    // Either may hang as the job does.
    Thread.detachNewThread { launched ? MPILibrary.endJob(ExitCode.launch.rawValue) : UnfinishedFile.remove() }
    leave(after: launched ? 4 : 0.5)
  }

  /// Waits for the launcher to end this process, then does it itself, with those of this host that cannot.
  private func leave(after seconds: Double = 2) -> Never {
    table.own.stage = .failing
    let end = Timeline.now + UInt64(seconds * 1e9)
    while Timeline.now < end {
      Thread.sleep(forTimeInterval: 0.05)
      // Tells those who have not heard it.
      if let link {
        _ = link.receive(isOver: true)
        if places.ownHost != 0 { link.send([], isOver: true) }
      }
    }
    for row in table.rows where canSeePeers && row.stage == .atWork {
      if [.stopped, .uninterruptible].contains(ProcessState(of: row.process)) { kill(row.process, SIGKILL) }
    }
    _exit(ExitCode.launch.rawValue)
  }
}

/// What has come from another host.
private struct HostNews {
  /// Seconds since then.
  var age = 0.0
  let ranks: [RankStatus]

  init(ranks: [RankStatus]) { self.ranks = ranks }
}

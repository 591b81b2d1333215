import Basics
import Collectives
import Foundation

/// Whether ranks and their threads fit the cores that they may run on.
package enum CoreCheck {
  /// Where a rank may run.
  package struct Place: Codable, Sendable, Equatable {
    /// nil where the system does not say.
    var own: CoreSet?
    var host: CoreSet?

    package init(own: CoreSet? = nil, host: CoreSet? = nil) { (self.own, self.host) = (own, host) }
  }

  /// Collective.
  static func row(threads: Int, _ places: RankPlaces, _ ranks: any Communicator) throws -> CheckRow {
    let found = try RankAnswers(ranks) { Place(own: .own, host: .ofHost) }.values.map { $0 ?? Place() }
    let hosts = places.byHost
    let counts = hosts.compactMap { host in cores(of: host.ranks, found)?.count }
    let bound = found.count { isBound($0) }
    let binding = bound == 0 ? "not bound" : bound == found.count ? "bound" : "\(bound) of them bound"
    let (least, most) = (counts.min() ?? 0, counts.max() ?? 0)
    let range = least == most ? plural(most, "core") : "\(least) to \(plural(most, "core"))"
    return CheckRow(
      "ranks",
      "\(plural(ranks.size, "rank")) of \(plural(threads, "thread")) on \(plural(hosts.count, "host")) of \(range), "
        + binding,
      doubts(found, threads: threads, places))
  }

  private static func isBound(_ place: Place) -> Bool {
    guard let own = place.own, let host = place.host else { return false }
    return own.cores.count < host.cores.count
  }

  /// Those that the host has, or else those that its ranks may use together.
  private static func cores(of ranks: [Int], _ places: [Place]) -> Set<Int>? {
    if let host = ranks.lazy.compactMap({ places[$0].host }).first { return Set(host.cores) }
    let all = ranks.compactMap { places[$0].own?.cores }
    return all.count == ranks.count ? Set(all.joined()) : nil
  }

  /// One line for each host where ranks have to wait for cores, with the command that would help.
  ///
  /// - Parameters:
  ///   - found: of each rank.
  ///   - threads: of a rank.
  package static func doubts(_ found: [Place], threads: Int, _ names: RankPlaces) -> [CheckFinding] {
    // What the cores of all hosts are enough for.
    let most = names.byHost.reduce(0) { sum, host in
      sum + min(host.ranks.count, room(of: host.ranks, found, threads: threads) ?? host.ranks.count)
    }
    return names.byHost.compactMap { host, ranks in
      doubt(host, ranks, found, threads: threads, all: found.count, most: most, names).map { .warning($0) }
    }
  }

  /// How many ranks the cores of a host and the limit on its time are enough for; nil where no one knows.
  private static func room(of ranks: [Int], _ places: [Place], threads: Int) -> Int? {
    guard let cores = cores(of: ranks, places)?.count else { return nil }
    let quota = ranks.compactMap { places[$0].own?.quota }.min().map { Int($0) } ?? cores
    return min(cores, quota) / threads
  }

  private static func doubt(
    _ host: String, _ ranks: [Int], _ places: [Place], threads: Int, all: Int, most: Int, _ names: RankPlaces
  ) -> String? {
    guard let cores = cores(of: ranks, places)?.count else { return nil }
    let demand = ranks.count * threads
    let load = "\(plural(ranks.count, "rank")) of \(plural(threads, "thread"))"
    let fewer = most > 0 ? "start fewer: mpirun -np \(most)" : "give fewer --threads"
    if demand > cores { return "\(host) has \(plural(cores, "core")) for \(load), which take turns on them; \(fewer)" }
    if let quota = ranks.compactMap({ places[$0].own?.quota }).min(), Double(demand) > quota {
      return "\(host): the limit of the container, \(trimmedNumber(quota)) cores' time, is less than \(load) take; "
        + "raise it, or \(fewer)"
    }
    let command = "mpirun -np \(all) \(Launch.option(bindingThreads: threads))"
    if let rank = ranks.first(where: { places[$0].own.map { $0.cores.count < threads } ?? false }) {
      return "rank \(rank) on \(host) is bound to \(plural(places[rank].own?.cores.count ?? 0, "core")) and has "
        + "\(threads) threads, which take turns on it; give \(command)"
    }
    let sets = Set(ranks.compactMap { places[$0].own.map { Set($0.cores) } })
    for set in sets.sorted(by: { ($0.count, $0.min() ?? 0) < ($1.count, $1.min() ?? 0) }) {
      let inside = ranks.filter { places[$0].own.map { set.isSuperset(of: $0.cores) } ?? false }
      guard inside.count * threads > set.count else { continue }
      let numbers = set.sorted().map(String.init).joined(separator: ", ")
      return "\(names.ranks(inside)) on \(host) are bound to \(plural(set.count, "core")) (\(numbers)) and take turns "
        + "on \(set.count == 1 ? "it" : "them"); give \(command), and --bind-to none where several jobs share the host"
    }
    return nil
  }
}

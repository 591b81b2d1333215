/// The hosts of a job's ranks, as messages name them.
package struct RankPlaces: Sendable, Equatable {
  /// Of each rank.
  package let hosts: [String]
  /// What the launcher calls each rank.
  private let numbers: [Int]

  /// - Parameter numbers: by default from 0 on.
  package init(hosts: [String], numbers: [Int]? = nil) {
    (self.hosts, self.numbers) = (hosts, numbers ?? Array(hosts.indices))
  }

  /// Such as `node1 (ranks 0, 1), node2 (rank 2)`; four hosts at most, and four ranks of each.
  package func text(_ ranks: [Int]) -> String {
    var named: [String] = []
    for rank in ranks where !named.contains(hosts[rank]) { named.append(hosts[rank]) }
    let texts = named.prefix(4).map { host in "\(host) (\(self.ranks(ranks.filter { hosts[$0] == host })))" }
    return texts.joined(separator: ", ") + (named.count > 4 ? " and \(named.count - 4) more" : "")
  }

  /// Such as `ranks 0, 1`.
  package func ranks(_ ranks: [Int]) -> String { Self.text(ofRanks: ranks.map { numbers[$0] }) }

  /// Such as `ranks 0, 1`; four at most.
  static func text(ofRanks numbers: [Int]) -> String {
    let shown = numbers.prefix(4).map(String.init).joined(separator: ", ") + (numbers.count > 4 ? ", …" : "")
    return "\(numbers.count == 1 ? "rank" : "ranks") \(shown)"
  }

  /// The hosts, each once, in the order of their first ranks, with their ranks.
  package var byHost: [(host: String, ranks: [Int])] {
    var found: [(host: String, ranks: [Int])] = []
    for (rank, host) in hosts.enumerated() {
      if let index = found.firstIndex(where: { $0.host == host }) {
        found[index].ranks.append(rank)
      } else {
        found.append((host, [rank]))
      }
    }
    return found
  }

  /// What ranks have found, each kind with its places: `a on node1 (rank 0), b on node2 (rank 1)`; nil where all have
  /// found the same.
  package func difference(_ found: [String]) -> (kinds: [String], text: String)? {
    var kinds: [String] = []
    for value in found where !kinds.contains(value) { kinds.append(value) }
    guard kinds.count > 1 else { return nil }
    let texts = kinds.map { kind in "\(kind) on " + text(found.indices.filter { found[$0] == kind }) }
    return (kinds, texts.joined(separator: ", "))
  }
}

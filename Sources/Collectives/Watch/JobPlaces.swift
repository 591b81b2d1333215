import Basics
import Foundation

/// Which ranks of a job are on which hosts.
struct JobPlaces: Sendable {
  let ownHost: Int
  let hostNames: [String]
  /// The number of each rank's host; hosts have the order of their first ranks.
  private let hosts: [Int]

  /// Collective over all ranks of the job.
  ///
  /// - Parameter node: the ranks of this host.
  init(_ ranks: MPICommunicator, node: MPICommunicator) throws(CollectiveError) {
    let leader = try node.allGather([ranks.rank])[0][0]
    let all = try ranks.allGather(Array("\(leader) \(hostName)".utf8)).map { bytes in
      String(decoding: bytes, as: UTF8.self).split(separator: " ", maxSplits: 1).map(String.init)
    }
    let leaders = all.map { Int($0[0]) ?? 0 }
    let order = Set(leaders).sorted()
    hosts = leaders.map { leader in order.count { $0 < leader } }
    hostNames = order.map { all[$0][1] }
    ownHost = hosts[ranks.rank]
  }

  func ranks(ofHost host: Int) -> [Int] { hosts.indices.filter { hosts[$0] == host } }

  func isOn(_ rank: Int, host: Int) -> Bool { hosts.indices.contains(rank) && hosts[rank] == host }

  /// Such as `rank 2 on node7 (process 4711)`.
  func name(_ status: RankStatus) -> String {
    let host = hosts.indices.contains(status.rank) ? " on \(hostNames[hosts[status.rank]])" : ""
    return "rank \(status.rank)\(host) (process \(status.process))"
  }

  /// Such as `node7 (ranks 2, 3)`.
  func name(host: Int) -> String {
    "\(hostNames[host]) (\(RankPlaces.text(ofRanks: ranks(ofHost: host))))"
  }
}

import Basics
public import Collectives
import Training

/// The ranks of a job in groups of neighbours, each of which trains by itself as a job of its size does.
public struct RankGroups: Sendable {
  /// All ranks, node by node.
  public let world: MPICommunicator
  /// The ranks of this rank's group.
  public let group: MPICommunicator
  /// Of this rank's group.
  public let index: Int
  public let count: Int

  /// Collective over all ranks of the job.
  ///
  /// Groups differ by one rank at most where they do not come out even. Small ones are the best use of ranks, as
  /// nothing
  /// is exchanged between them; what a trial gives is the same bits in any.
  ///
  /// - Parameters:
  ///   - ranksPerTrial: nil for as many groups as there can be trials at once.
  ///   - trialsAtOnce: what more groups would be idle for.
  public init(_ ranks: MPICommunicator, ranksPerTrial: Int?, trialsAtOnce: Int) throws {
    let topology = try Topology(ranks)
    let size = topology.world.size
    count = Self.count(ranks: size, ranksPerTrial: ranksPerTrial, trialsAtOnce: trialsAtOnce)
    index = topology.world.rank * count / size
    world = try topology.world.split(color: 0, key: topology.world.rank)
    group = try world.split(color: index, key: world.rank)
    try topology.close()
    MemoryBudget.copies = count
  }

  /// How many groups there are.
  public static func count(ranks: Int, ranksPerTrial: Int?, trialsAtOnce: Int) -> Int {
    max(1, min(ranks / max(1, ranksPerTrial ?? 1), trialsAtOnce))
  }

  /// Frees the groups, after all that uses them. Collective.
  public func close() throws {
    try group.close()
    try world.close()
    MemoryBudget.copies = 1
  }

  /// Does `jobs` side by side, the i-th in group i mod `count`. Collective over all ranks.
  ///
  /// - Parameter body: does one on the ranks of a group; its result, equal on all of them, becomes known to all ranks
  /// of
  ///   the job as the text that it is.
  /// - Returns: the results in the order of the jobs.
  public func map<Job>(_ jobs: [Job], _ body: (Job, MPICommunicator) throws -> String) throws -> [String] {
    var own: [String] = []
    for number in stride(from: index, to: jobs.count, by: count) { own.append(try body(jobs[number], group)) }
    let spoken = try gather(own)
    return jobs.indices.map { spoken[$0 % count][$0 / count] }
  }

  /// The texts of each group's root, group by group. Collective over all ranks.
  public func gather(_ own: [String]) throws -> [[String]] {
    // A text has its length before it, and all have their number in front.
    var bytes: [UInt8] = []
    if group.isRoot {
      withUnsafeBytes(of: UInt64(own.count)) { bytes += $0 }
      for text in own {
        withUnsafeBytes(of: UInt64(text.utf8.count)) { bytes += $0 }
        bytes += text.utf8
      }
    }
    return try world.allGather(bytes).filter { !$0.isEmpty }.map { Self.texts($0.dropFirst(8)) }
  }

  private static func texts(_ bytes: ArraySlice<UInt8>) -> [String] {
    var texts: [String] = []
    var rest = bytes
    while !rest.isEmpty {
      let length = rest.prefix(8).withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
      texts.append(String(decoding: rest.dropFirst(8).prefix(length), as: UTF8.self))
      rest = rest.dropFirst(8 + length)
    }
    return texts
  }
}

import Basics
import Collectives
package import Settings

/// The comparison of ranks, or hosts, with the one in their middle.
enum Ranking {
  /// The one whose figure is the greatest, and the median one, of two the lower; nil for fewer than two.
  static func last(_ ranks: [Int], by figure: (Int) -> Double) -> (last: Int, middle: Int)? {
    let order = ranks.sorted { figure($0) < figure($1) }
    guard order.count > 1, let last = order.last else { return nil }
    return (last, order[(order.count - 1) / 2])
  }
}

/// The one whose speed is below four fifths of the median.
package struct OddOneOut: Equatable {
  package let index: Int
  package let median: Double

  private static let share = 0.8

  /// The slowest, if it is one.
  package init?(_ speeds: [Double]) {
    guard let (last, middle) = Ranking.last(Array(speeds.indices), by: { -speeds[$0] }),
      speeds[last] < Self.share * speeds[middle]
    else { return nil }
    (index, median) = (last, speeds[middle])
  }
}

/// A rank that takes more than twice as long for its share of an epoch's steps as the median rank.
package struct Straggler: Sendable, Equatable {
  package enum Phase: String, Sendable {
    case compute = "forward and backward"
    case data = "waiting for data"
  }

  /// Among those that were compared.
  package let index: Int
  /// Where most of what it takes longer goes.
  package let phase: Phase
  /// Of its steps, without the exchange, and of the median rank's for as many shards.
  package let seconds: Double
  package let median: Double

  /// Less than this is noise.
  private static let leastExcess = 0.5

  /// The slowest of the ranks, if it is one.
  ///
  /// - Parameter shards: of each rank; a rank without shards has no share.
  package init?(_ ranks: [RunTimes.Rank], shards: [Int]) {
    func own(_ rank: Int) -> Double { ranks[rank].own / Double(shards[rank]) }
    guard let (last, middle) = Ranking.last(ranks.indices.filter { shards[$0] > 0 }, by: own) else { return nil }
    let share = Double(shards[last])
    (index, seconds, median) = (last, ranks[last].own, own(middle) * share)
    let waited = ranks[last].data - ranks[middle].data / Double(shards[middle]) * share
    phase = waited > (seconds - median) / 2 ? .data : .compute
    guard seconds > 2 * median, seconds - median >= Self.leastExcess else { return nil }
  }
}

/// The ranks that were stragglers in a run, and how often.
package struct Stragglers: Sendable {
  private var counts: [Int: (epochs: Int, phase: Straggler.Phase, host: String)] = [:]
  private var epochs = 0

  package init() {}

  /// Takes in an epoch.
  ///
  /// - Parameters:
  ///   - rank: the straggler's number, as its launcher has it.
  ///   - phase: nil for an epoch without one.
  package mutating func add(rank: Int, host: String, _ phase: Straggler.Phase?) {
    epochs += 1
    guard let phase else { return }
    counts[rank] = (1 + (counts[rank]?.epochs ?? 0), phase, host)
  }

  /// Such as `rank 2 on node7: in 3 of 10 epochs, forward and backward`, the most frequent first.
  package var lines: [String] {
    sorted.map { rank, entry in
      "rank \(rank) on \(entry.host): in \(entry.epochs) of \(plural(epochs, "epoch")), \(entry.phase.rawValue)"
    }
  }

  package var json: JSONValue {
    .array(
      sorted.map { rank, entry in
        [
          "rank": .integer(rank), "host": .string(entry.host), "epochs": .integer(entry.epochs),
          "phase": .string(entry.phase.rawValue),
        ]
      })
  }

  private var sorted: [(Int, (epochs: Int, phase: Straggler.Phase, host: String))] {
    counts.sorted { ($1.value.epochs, $0.key) < ($0.value.epochs, $1.key) }.map { ($0.key, $0.value) }
  }
}

extension TrainingRun {
  /// Says which rank keeps the others waiting in every step. Collective: all ranks have the same times.
  func nameStraggler(_ times: [RunTimes.Rank]) throws {
    let assignment = trainer.exchange.assignment
    let found = Straggler(times, shards: times.indices.map { assignment.shards(ofRank: $0).count })
    let own = DistributedProgram.launchedRank ?? topology.world.rank
    // Rank numbers are the launcher's, as in all messages.
    let place = try found.map { try topology.world.broadcast("\(own) \(hostName)", from: $0.index) } ?? ""
    guard isRoot else { return }
    let parts = place.split(separator: " ", maxSplits: 1)
    let rank = parts.first.flatMap { Int($0) } ?? 0, host = parts.last.map(String.init) ?? ""
    stragglers.add(rank: rank, host: host, found?.phase)
    if let found {
      try console.warn(
        "epoch \(trainer.progress.epoch + 1): rank \(rank) on \(host) takes \(shortTime(found.seconds)) where "
          + "the median rank takes \(shortTime(found.median)), in \(found.phase.rawValue), and all wait for it: see "
          + "what else runs there")
    }
  }
}

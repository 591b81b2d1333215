import Basics
import Foundation
package import Settings

/// Where the time of a run went, summed up over its epochs.
package struct RunTimes: Sendable {
  /// Seconds of one rank's steps in an epoch.
  package struct Rank: Sendable, BitwiseCopyable {
    /// All of them.
    package var steps: Double
    /// In exchanges: summing, updating, waiting for others.
    package var exchange: Double
    /// Waiting for samples.
    package var data: Double
    /// Writing checkpoints between steps, for which the other ranks wait in their next exchange.
    package var checkpoints: Double

    package init(steps: Double, exchange: Double, data: Double, checkpoints: Double = 0) {
      (self.steps, self.exchange, self.data, self.checkpoints) = (steps, exchange, data, checkpoints)
    }

    /// What it takes for its own share: computing and waiting for samples.
    package var own: Double { max(0, steps - exchange - checkpoints) }
  }

  /// Forward and backward, on the rank that they take longest.
  package private(set) var compute = 0.0
  /// What that rank spends in exchanges.
  package private(set) var exchange = 0.0
  /// What it waits for samples.
  package private(set) var data = 0.0
  /// By how much it takes longer than the mean of all ranks, which the others wait for.
  package private(set) var imbalance = 0.0
  /// Writing checkpoints between the steps of an epoch.
  package private(set) var checkpoints = 0.0
  /// Between the epochs' steps: validation, and the checkpoint of an epoch.
  package private(set) var evaluation = 0.0
  /// How often each rank was the slowest.
  private var slowest: [Int: Int] = [:]

  package init() {}

  /// Takes in the steps of an epoch.
  package mutating func add(_ ranks: [Rank]) {
    let saving = ranks.map(\.checkpoints).max() ?? 0
    guard let last = ranks.indices.max(by: { ranks[$0].own < ranks[$1].own }) else { return }
    let mean = ranks.reduce(0) { $0 + $1.own } / Double(ranks.count)
    let late = max(0, ranks[last].own - mean - ranks[last].data)
    slowest[last, default: 0] += 1
    imbalance += late
    data += ranks[last].data
    exchange += max(0, ranks[last].exchange - (saving - ranks[last].checkpoints))
    checkpoints += saving
    compute += max(0, ranks[last].own - ranks[last].data - late)
  }

  /// Takes in what lies between the steps of two epochs.
  package mutating func add(evaluation seconds: Double) { evaluation += max(0, seconds) }

  /// Names and shares of the whole; empty where nothing was measured.
  package var shares: [(name: String, share: Double)] {
    let parts = [
      ("compute", compute), ("exchange", exchange), ("data", data), ("imbalance", imbalance),
      ("checkpoints", checkpoints), ("evaluation", evaluation),
    ]
    let whole = parts.reduce(0) { $0 + $1.1 }
    return whole > 0 ? parts.map { ($0.0, $0.1 / whole) } : []
  }

  /// The rank that was the slowest in most epochs.
  package var slowestRank: Int {
    slowest.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 0
  }
}

/// What holds a run up most, and what would help.
package struct Bottleneck: Sendable {
  /// Where a run ran.
  package struct Place: Sendable {
    package var ranks: Int
    package var nodes: Int
    /// Of the node that has most.
    package var ranksPerNode: Int
    package var threads: Int
    /// Of a node.
    package var cores: Int
    package var shards: Int

    package init(ranks: Int, nodes: Int, ranksPerNode: Int, threads: Int, cores: Int, shards: Int) {
      (self.ranks, self.nodes, self.ranksPerNode) = (ranks, nodes, ranksPerNode)
      (self.threads, self.cores, self.shards) = (threads, cores, shards)
    }
  }

  /// Below it nothing but compute is worth a remedy.
  private static let least = 0.15

  /// `compute`, `exchange`, `data`, `imbalance`, `checkpoints` or `evaluation`.
  package let name: String
  package let advice: String
  private let shares: [(name: String, share: Double)]

  /// - Returns: nil where nothing was measured.
  package init?(_ times: RunTimes, _ place: Place) {
    var shares = times.shares
    guard !shares.isEmpty else { return nil }
    if place.ranks == 1 {
      // Alone a rank exchanges nothing: that is its update.
      shares[0].share += shares[1].share
      shares[1].share = 0
    }
    self.shares = shares
    let worst = shares.dropFirst().max { $0.share < $1.share }
    name = worst.map { $0.share >= Self.least ? $0.name : "compute" } ?? "compute"
    advice =
      switch name {
      case "exchange": Self.exchangeAdvice(place)
      case "data": "a larger data.memory, faster storage or smaller chunks would help"
      case "imbalance": "rank \(times.slowestRank) keeps the others waiting: see what else runs on its cores"
      case "checkpoints": "rarer checkpoints would help: checkpoint.every_steps, every_minutes"
      case "evaluation": "fewer validation samples or rarer checkpoints would help"
      default: Self.computeAdvice(place)
      }
  }

  private static func computeAdvice(_ place: Place) -> String {
    let free = place.cores / place.threads - place.ranksPerNode
    guard free > 0 else { return "more cores would help: ranks on more hosts" }
    let most = place.ranks + free * place.nodes
    return "more ranks would help, up to \(most) here" + (most > place.shards ? " with shards=\(most)" : "")
  }

  private static func exchangeAdvice(_ place: Place) -> String {
    if place.ranksPerNode * place.threads > place.cores {
      return "there are more ranks than cores: one a core would help"
    }
    return place.nodes > 1
      ? "a larger batch_size, a faster network or fewer hosts would help"
      : "a larger batch_size or fewer ranks would help"
  }

  /// The greatest four shares, such as `exchange 40 %, compute 57 %`, what is under 1 % left out; and what would help.
  package var lines: [String] {
    let others = shares.filter { $0.name != name && $0.share >= 0.01 }.sorted { $0.share > $1.share }
    let shown = (shares.filter { $0.name == name } + others).prefix(4)
    return [shown.map { "\($0.name) \(Int(($0.share * 100).rounded())) %" }.joined(separator: ", "), advice]
  }

  package var json: JSONValue {
    .object(
      [.init("name", .string(name))] + shares.map { .init("\($0.name)_fraction", .number($0.share)) }
        + [.init("advice", .string(advice))])
  }
}

import Basics

/// When a job counts as stuck, and who is to blame.
package struct StallRule: Sendable, Equatable {
  /// Seconds without progress after which a job ends; 0: never, nil: by the steps so far.
  package var seconds: Double?

  package init(seconds: Double? = nil) { self.seconds = seconds }

  /// What holds a job up.
  package enum Cause: Sendable, Equatable {
    /// A rank that is stopped, or busy with something that comes to no end.
    case rank(RankStatus)
    /// The process of a rank is gone, and nobody has said why.
    case ended(RankStatus)
    /// Nothing comes from a host any more: from all of its processes, or by its network.
    case host(Int)
    /// All wait for each other; the first of those that are furthest behind.
    case everybody(RankStatus)
  }

  /// What holds a job up, how long it has done so, and how long it may.
  package struct Finding: Sendable, Equatable {
    package let cause: Cause
    package let seconds: Double
    package let limit: Double
  }

  /// Seconds that a rank may go without progress: 0 for any number.
  ///
  /// By the steps so far: 20 times the longest, at least a minute. Outside of steps, and before the first has ended, it
  /// is at least five minutes: what is done there, such as reading all data, has pieces of any size.
  package func limit(_ status: RankStatus) -> Double {
    guard let seconds else {
      return max(status.isInStep && status.longestStep > 0 ? 60 : 300, 20 * status.longestStep) + status.allowance
    }
    return seconds == 0 ? 0 : seconds + status.allowance
  }

  /// What holds a job up most.
  ///
  /// - Parameters:
  ///   - ranks: those that are known of and have not come to their end.
  ///   - hosts: for how many seconds nothing has come from them, by their numbers: those that were heard before.
  ///   - isComplete: whether all ranks are known of that have not come to their end.
  /// - Returns: nil where the job makes progress, as far as can be seen.
  package func finding(
    _ ranks: [RankStatus], unheard hosts: [Int: Double] = [:], isComplete: Bool = true
  ) -> Finding? {
    if let ended = ranks.first(where: { $0.state == .ended }) {
      return Finding(cause: .ended(ended), seconds: ended.silence, limit: 0)
    }
    guard seconds != 0 else { return nil }
    // A process that stands still lets the others down even where it would only wait for them.
    let stuck = ranks.filter { status in
      (status.waits ? min(status.stillness, status.silence) : status.silence) >= limit(status) / 2
    }
    if let worst = stuck.max(by: { ($0.isHeld ? 1 : 0, share($0)) < ($1.isHeld ? 1 : 0, share($1)) }) {
      return Finding(cause: .rank(worst), seconds: worst.silence, limit: limit(worst))
    }
    // Others than those that wait are still at work.
    guard ranks.allSatisfy(\.waits), let least = ranks.min(by: { $0.silence < $1.silence }) else { return nil }
    let longest = ranks.map(limit).max() ?? 0
    if let host = hosts.max(by: { $0.value < $1.value }), min(host.value, least.silence) >= longest / 2 {
      return Finding(cause: .host(host.key), seconds: min(host.value, least.silence), limit: longest)
    }
    guard isComplete, least.silence >= longest / 2,
      let last = ranks.min(by: { ($0.step, $0.rank) < ($1.step, $1.rank) })
    else { return nil }
    return Finding(cause: .everybody(last), seconds: least.silence, limit: longest)
  }

  /// Of its limit that a rank has gone without progress.
  private func share(_ status: RankStatus) -> Double { status.silence / limit(status) }
}

import Basics
import Collectives
import Foundation
import Testing

@Suite("Who holds a job up")
struct StallRuleTests {
  /// Ranks that do something, and have done nothing else for so many seconds.
  private func ranks(_ activities: [(Activity?, silence: Double)]) -> [RankStatus] {
    activities.enumerated().map { rank, what in
      var status = RankStatus(rank: rank, process: pid_t(100 + rank))
      (status.activity, status.outer, status.silence) = (what.0, .exchange, what.silence)
      (status.epoch, status.step, status.isInStep) = (1, 12, true)
      return status
    }
  }

  private let rule = StallRule(seconds: 10)

  @Test("The rank that the others wait for, however long they have waited")
  func blame() throws {
    let finding = try #require(
      rule.finding(ranks([(.wait, 11), (.forward, 10.5), (.wait, 11), (.wait, 11)])))
    guard case .rank(let status) = finding.cause else { throw Unexpected(finding: finding) }
    #expect(status.rank == 1 && finding.seconds == 10.5 && finding.limit == 10)
    // At half of its time it is found already, before that not.
    #expect(rule.finding(ranks([(.wait, 5), (.forward, 5)]))?.seconds == 5)
    #expect(rule.finding(ranks([(.wait, 5), (.forward, 4.9)])) == nil)
  }

  @Test("As long as one rank goes on, others may wait for it")
  func progress() {
    #expect(rule.finding(ranks([(.wait, 100), (.checkpoint, 1)])) == nil)
    #expect(rule.finding(ranks([(.network, 100), (nil, 0)]), unheard: [1: 100]) == nil)
    #expect(rule.finding([], unheard: [1: 100]) == nil)
  }

  @Test("A process that is stopped while it waits is to blame, before one that computes")
  func stopped() throws {
    var all = ranks([(.wait, 12), (.wait, 12), (.forward, 12)])
    all[1].stillness = 11
    all[1].state = .stopped
    let finding = try #require(rule.finding(all))
    guard case .rank(let status) = finding.cause else { throw Unexpected(finding: finding) }
    #expect(status.rank == 1)
  }

  @Test("A host that is not heard is to blame where all others wait; else all of them")
  func hosts() throws {
    let all = ranks([(.network, 8), (.wait, 9)])
    let host = try #require(rule.finding(all, unheard: [1: 7, 2: 7.5]))
    #expect(host.cause == .host(2) && host.seconds == 7.5)
    let everybody = try #require(rule.finding(all, unheard: [1: 2]))
    #expect(everybody.cause == .everybody(all[0]) && everybody.seconds == 8)
    // Ranks that are not known of may be at work.
    #expect(rule.finding(all, isComplete: false) == nil)
  }

  @Test("A process that is gone is found at once, with a deadline or without", arguments: [0, 10, nil])
  func ended(seconds: Double?) {
    var all = ranks([(.wait, 0), (.forward, 0.1)])
    all[1].state = .ended
    #expect(StallRule(seconds: seconds).finding(all)?.cause == .ended(all[1]))
    all[1] = ranks([(.forward, 1e6)])[0]
    #expect((StallRule(seconds: seconds).finding(all) == nil) == (seconds == 0))
  }

  @Test("By default the deadline follows the steps")
  func automatic() {
    var status = ranks([(.forward, 0)])[0]
    let rule = StallRule()
    #expect(rule.limit(status) == 300)
    status.longestStep = 0.5
    #expect(rule.limit(status) == 60)
    status.longestStep = 7
    #expect(rule.limit(status) == 140)
    status.isInStep = false
    status.allowance = 40
    #expect(rule.limit(status) == 340)
    #expect(StallRule(seconds: 2).limit(status) == 42 && StallRule(seconds: 0).limit(status) == 0)
  }

  @Test("What one host tells another is read as it was")
  func messages() throws {
    var status = ranks([(.wait, 1.5)])[0]
    (status.file, status.state, status.stillness, status.longestStep) = ("read /x in a b\n.h5", .stopped, 0.25, 2)
    status.allowance = 3
    let read = try #require(RankStatus(message: status.message))
    status.file = "read /x in a b\\n.h5"
    #expect(read == status)
    #expect(read.place == "waiting for other ranks in exchange and update, epoch 1, step 12, read /x in a b\\n.h5")
    let numbers = status.message.split(separator: " ")
    for wrong in ["", "a", "1 2 3", numbers.dropFirst().joined(separator: " "), "x" + status.message] {
      #expect(RankStatus(message: wrong) == nil, "\(wrong)")
    }
  }

  private struct Unexpected: Error { let finding: StallRule.Finding }
}

import Basics
import Checkpointing
import Foundation
import Synchronization

/// Writes the checkpoints of a run while it trains on, one after the other in their order.
///
/// A step waits for a copy of the run's state, and, where the one before is still being written, for its end: no more
/// than two are in memory, but where writing fails and the run goes on, when the best one is kept until it is written.
final class CheckpointWriter: Sendable {
  /// A checkpoint and where it belongs.
  struct Job: Sendable {
    let checkpoint: Checkpoint
    let step: Int
    var isBest: Bool
    /// The epoch, where the checkpoint is kept for good.
    let milestone: Int?
  }

  private struct State {
    /// What could not be written, and is tried again.
    var waiting: [Job] = []
    /// What the last attempts have met, until it is told.
    var failure: (any Error)?
    /// What is to be said.
    var news: [String] = []
    /// Attempts that have failed since the last that did not; of several the first alone is told.
    var failures = 0, copyFailures = 0
  }

  private let directory: CheckpointDirectory
  private let rule: CheckpointRule
  /// Those that a run may have to go back to; nil for a run that does not.
  private let points: ReturnPoints?
  /// The second directory.
  private let copies: CheckpointDirectory?
  private let queue = DispatchQueue(label: "checkpoints")
  private let state = Mutex(State())

  /// - Parameters:
  ///   - points: the newest of which is kept.
  ///   - copies: a directory for the same checkpoints again, which exists.
  init(_ directory: CheckpointDirectory, rule: CheckpointRule, points: ReturnPoints?, copies: CheckpointDirectory?) {
    (self.directory, self.rule, self.points, self.copies) = (directory, rule, points, copies)
  }

  /// Begins to write a checkpoint; waits for the one before.
  ///
  /// - Throws: what the one before has met, where the run is to end with it.
  func begin(_ job: Job) throws {
    wait()
    try check()
    queue.async { [self] in add(job) }
  }

  /// Until what is being written is.
  private func wait() { Timeline.span(.checkpoint) { queue.sync {} } }

  /// Writes a checkpoint before it returns; nothing may be being written.
  ///
  /// - Throws: where it cannot be written, whatever the rule.
  func write(_ job: Job) throws {
    add(job)
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  private func add(_ job: Job) {
    var jobs = state.withLock { $0.waiting }
    // Of those that have waited, the last best one and those that are kept for good are still of use.
    if job.isBest { for index in jobs.indices { jobs[index].isBest = false } }
    jobs = jobs.filter { $0.isBest || $0.milestone != nil } + [job]
    attempt(jobs)
  }

  /// Writes each of them that can be written.
  private func attempt(_ jobs: [Job]) {
    var left: [Job] = [], problem: (any Error)?, copyProblem: (any Error)?
    for job in jobs {
      do {
        let image = try job.checkpoint.image(named: directory.file(step: job.step))
        let own = Result { try save(image, of: job, in: directory) }
        let copy = Result { try copies.map { try save(image, of: job, in: $0) } }
        if case .failure(let error) = copy { copyProblem = error }
        try own.get()
      } catch {
        left.append(job)
        problem = error
      }
    }
    state.withLock { state in
      (state.waiting, state.failure) = (left, problem)
      state.failures = Self.count(
        problem, state.failures, "checkpoints are", "training goes on, and tries again", &state.news)
      state.copyFailures = Self.count(
        copyProblem, state.copyFailures, "copies are", "the checkpoint itself is not touched by it", &state.news)
    }
  }

  /// - Returns: how many attempts in a row have failed.
  private static func count(
    _ problem: (any Error)?, _ failures: Int, _ subject: String, _ consequence: String, _ news: inout [String]
  ) -> Int {
    guard let problem else {
      if failures > 0 { news.append("\(subject) written again, after \(plural(failures, "attempt")) that failed") }
      return 0
    }
    let words = "\(problem)".replacing(", then go on with --resume auto", with: "")
    if failures == 0 { news.append("\(words); \(consequence)") }
    return failures + 1
  }

  private func save(_ image: [UInt8], of job: Job, in directory: CheckpointDirectory) throws {
    try directory.save(
      image, step: job.step, isBest: job.isBest, milestone: job.milestone, keep: rule.retention,
      newestWhere: mayReturn(to:))
  }

  /// Deletes what is not to be kept of the checkpoints up to a step; while nothing is being written.
  func prune(upTo step: Int) {
    directory.prune(upTo: step, keep: rule.retention, newestWhere: mayReturn(to:))
  }

  private func mayReturn(to step: Int) -> Bool { points?.contains(step: step) == true }

  /// Whether there is something that could not be written.
  var isBehind: Bool { state.withLock { !$0.waiting.isEmpty } }

  /// What the last attempts have met that the run goes on after, a line each; each is given once.
  func takeNews() -> [String] {
    state.withLock { state in
      defer { state.news = [] }
      return state.news
    }
  }

  /// - Throws: once, what the last attempts have met, where the run is to end with it.
  func check() throws {
    let failure = state.withLock { state in
      defer { state.failure = nil }
      if state.failure != nil, rule.onFailure == .stop { state.waiting = [] }
      return state.failure
    }
    if let failure, rule.onFailure == .stop { throw failure }
  }

  /// Waits until all is written, and tries once more what could not be.
  ///
  /// - Throws: where that fails too.
  func finish() throws {
    wait()
    try check()
    let waiting = state.withLock { $0.waiting }
    guard !waiting.isEmpty else { return }
    attempt(waiting)
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }
}

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
    /// What the last attempt has met, until it is told.
    var failure: (any Error)?
    /// What could not be written, and is tried again.
    var waiting: [Job] = []
    /// What is wrong with the copies, until it is told.
    var copyFailure: (any Error)?
  }

  private let directory: CheckpointDirectory
  private let rule: CheckpointRule
  /// The second directory.
  private let copies: CheckpointDirectory?
  private let queue = DispatchQueue(label: "checkpoints")
  private let state = Mutex(State())

  /// - Parameter copies: a directory for the same checkpoints again, which exists.
  init(_ directory: CheckpointDirectory, rule: CheckpointRule, copies: CheckpointDirectory?) {
    (self.directory, self.rule, self.copies) = (directory, rule, copies)
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

  private func attempt(_ jobs: [Job]) {
    var left = jobs
    do {
      while let job = left.first {
        try save(job, in: directory)
        left.removeFirst()
      }
      state.withLock { $0.waiting = [] }
    } catch {
      state.withLock { ($0.waiting, $0.failure) = (left, error) }
    }
    guard let copies else { return }
    do {
      for job in jobs { try save(job, in: copies) }
    } catch {
      state.withLock { $0.copyFailure = error }
    }
  }

  private func save(_ job: Job, in directory: CheckpointDirectory) throws {
    try directory.save(
      job.checkpoint, step: job.step, isBest: job.isBest, milestone: job.milestone, keep: rule.retention)
  }

  /// Whether there is something that could not be written.
  var isBehind: Bool { state.withLock { !$0.waiting.isEmpty } }

  /// Tells, once, what the last attempts have met.
  ///
  /// - Returns: what the run goes on after, a line each.
  /// - Throws: what it is to end with.
  @discardableResult
  func check() throws -> [String] {
    let (failure, copyFailure) = state.withLock { state in
      defer { (state.failure, state.copyFailure) = (nil, nil) }
      if state.failure != nil, rule.onFailure == .stop { state.waiting = [] }
      return (state.failure, state.copyFailure)
    }
    if let failure, rule.onFailure == .stop { throw failure }
    return [failure.map { "\($0); training goes on, and tries again" }, copyFailure.map { "\($0); it is no copy" }]
      .compactMap(\.self)
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

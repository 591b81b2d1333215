import Foundation

/// Works for a rank beside its own thread, which computes: MPI moves messages only inside of its calls. It sleeps most
/// of the time: buckets under way keep a network of 10 Gbit/s busy for longer than it sleeps, and where both threads
/// have one core, each time that it wakes holds the other up.
final class ProgressThread: @unchecked Sendable {
  /// Does what can be done without waiting; returns whether anything was.
  typealias Work = () throws(CollectiveError) -> Bool

  private let work: Work
  /// Held while `work` runs, so by one of the two threads at a time.
  private let condition = NSCondition()
  private var isActive = false
  private var isOver = false
  private var failure: CollectiveError?

  /// In microseconds. With 50 a rank with one core took 12 % longer for its steps.
  private static let pause: UInt32 = 500

  init(_ work: @escaping Work) {
    self.work = work
    let thread = Thread { [self] in run() }
    thread.qualityOfService = .userInteractive
    thread.start()
  }

  /// Has it work from now on.
  func start() {
    condition.lock()
    isActive = true
    condition.signal()
    condition.unlock()
  }

  /// Has it stop; the work is the caller's then.
  /// - Throws: what the work has met.
  func stop() throws(CollectiveError) {
    condition.lock()
    isActive = false
    let failure = failure
    condition.unlock()
    if let failure { throw failure }
  }

  /// Ends the thread.
  func close() {
    condition.lock()
    isOver = true
    condition.signal()
    condition.unlock()
  }

  private func run() {
    condition.lock()
    while !isOver {
      guard isActive else {
        condition.wait()
        continue
      }
      var hasMoved = false
      do throws(CollectiveError) { hasMoved = try work() } catch { (failure, isActive) = (error, false) }
      condition.unlock()
      if !hasMoved { usleep(Self.pause) }
      condition.lock()
    }
    condition.unlock()
  }
}

import Foundation

/// Works for a rank beside its own thread, which computes: MPI moves messages only inside of its calls. It sleeps most
/// of the time, as messages of the sizes that are exchanged take far longer on the wire than it sleeps.
final class ProgressThread: @unchecked Sendable {
  /// Does what can be done without waiting; returns whether anything was.
  typealias Work = () throws(CollectiveError) -> Bool

  private let work: Work
  /// Held while `work` runs, so by one of the two threads at a time.
  private let condition = NSCondition()
  private var isActive = false
  private var isOver = false
  private var failure: CollectiveError?

  /// In microseconds; the system's own slack comes on top.
  private static let pause: UInt32 = 50

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

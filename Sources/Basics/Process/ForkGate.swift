import Glibc
import Synchronization

/// Keeps copies of this process from being made in the midst of what another thread does.
///
/// A copy has the memory of all threads, with the locks that they hold, and none of the threads but its own: it would
/// wait forever for what another one holds, such as the lock of the HDF5 library.
public enum ForkGate {
  private static let gate = Mutex(())

  /// Does work that a copy must not be made in the midst of; it should be short.
  public static func pass<Result, Problem: Error>(_ work: () throws(Problem) -> Result) throws(Problem) -> Result {
    let outcome: Swift.Result<Result, Problem> = gate.withLock { _ in
      do throws(Problem) { return .success(try work()) } catch { return .failure(error) }
    }
    return try outcome.get()
  }

  /// Makes a copy while no other thread is in the midst of such work.
  ///
  /// - Parameter fork: makes the copy; in it, too, the gate is open again.
  public static func fork(_ fork: () -> pid_t) -> pid_t { gate.withLock { _ in fork() } }
}

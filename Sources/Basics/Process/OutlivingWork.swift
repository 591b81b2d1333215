import Glibc

/// Work that this process is waiting for and that outlives it.
///
/// A launcher that is told to end kills its ranks a second or two later, whatever they are doing, with their process
/// groups.
public enum OutlivingWork {
  /// Does `body` in a child process of a session of its own, with the memory of this moment, and waits for its end.
  ///
  /// - Parameter body: what it changes in memory is lost.
  /// - Returns: whether it was done; where it was not, the caller does it itself and meets the error.
  public static func run(_ body: () throws -> Void) -> Bool {
    fflush(nil)
    let child = ForkGate.fork { fork() }
    guard child >= 0 else { return false }
    if child == 0 {
      setsid()
      // Whoever reads the output of this job is not to wait for the child.
      let nothing = open("/dev/null", O_RDWR)
      for file: Int32 in 0...2 { dup2(nothing, file) }
      do { try body() } catch { _exit(1) }
      _exit(0)
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 {
      guard errno == EINTR else { return false }
    }
    return status == 0
  }
}

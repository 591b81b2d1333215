import Glibc
import Synchronization

/// Set by a signal handler, so it is touched before the first signal can arrive.
private let stopRequested = Atomic<Bool>(false)

/// SIGUSR1 and SIGTERM ask for a checkpoint and an end; schedulers send them before they kill.
enum StopSignal {
  /// What was asked for holds for all later runs of the program too.
  static func install() {
    _ = isRequested
    for number in [SIGUSR1, SIGTERM] { signal(number) { _ in stopRequested.store(true, ordering: .relaxed) } }
    // A write to a file that is too large must fail with an error, not end the process without one.
    signal(SIGXFSZ, SIG_IGN)
  }

  static var isRequested: Bool { stopRequested.load(ordering: .relaxed) }
}

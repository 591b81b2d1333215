import Glibc
import Synchronization

/// SIGQUIT: someone asks where the ranks are. It wakes the watchdog, which answers, and the process goes on.
enum QuitSignal {
  private static let ends: [Int32] = {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return [-1, -1] }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    return ends
  }()

  static func install() {
    writeEnd = ends[1]
    _ = isAsked.load(ordering: .relaxed)
    signal(SIGQUIT) { _ in
      let before = errno
      isAsked.store(true, ordering: .relaxed)
      var byte: UInt8 = 0
      _ = write(writeEnd, &byte, 1)
      errno = before
    }
  }

  /// Waits; whether someone has asked meanwhile.
  static func wait(seconds: Double) -> Bool {
    var file = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
    if poll(&file, 1, Int32(seconds * 1000)) > 0 {
      var bytes: (UInt64, UInt64) = (0, 0)
      _ = read(ends[0], &bytes, 16)
    }
    return isAsked.exchange(false, ordering: .relaxed)
  }
}

private nonisolated(unsafe) var writeEnd: Int32 = -1
private let isAsked = Atomic<Bool>(false)

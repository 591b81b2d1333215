internal import CHDF5
internal import Basics
internal import Glibc

/// A copy of this process, in which to try what may crash.
public enum ChildProcess {
  /// How a copy has ended.
  public enum Ending: Equatable, Sendable, CustomStringConvertible {
    case exit(Int32)
    case signal(Int32)
    /// Not at all, within the time that it had.
    case timeout
    /// There was no room for a copy.
    case notStarted

    public var description: String {
      switch self {
      case .exit(let code): "exit \(code)"
      case .signal(let number): "signal \(number)"
      case .timeout: "timeout"
      case .notStarted: "not started"
      }
    }
  }

  /// Whether `body` comes to an end in a copy of this process, where there is room for one.
  public static func survives(seconds: Int, _ body: () -> Void) -> Bool {
    let ending = ending(seconds: seconds) {
      body()
      return 0
    }
    return ending == .exit(0) || ending == .notStarted
  }

  /// Runs `body` in a copy of this process, without a word or a core file of its own.
  ///
  /// - Parameters:
  ///   - seconds: the most that it may compute.
  ///   - body: its result is the exit code; nothing else comes back.
  public static func ending(seconds: Int, _ body: () -> Int32) -> Ending {
    let child = ForkGate.fork { chdf5_fork() }
    if child == 0 {
      for number in CrashHandler.signals + [SIGXCPU, SIGPROF, SIGTERM, SIGUSR1] { signal(number, SIG_DFL) }
      var none = rlimit()
      setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
      var time = rlimit(rlim_cur: rlim_t(seconds), rlim_max: rlim_t(seconds + 1))
      setrlimit(__rlimit_resource_t(RLIMIT_CPU.rawValue), &time)
      let nowhere = open("/dev/null", O_WRONLY)
      for output: Int32 in [1, 2] { dup2(nowhere, output) }
      _exit(body())
    }
    guard child > 0 else { return .notStarted }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 {
      guard errno == EINTR else { return .notStarted }
    }
    let number = status & 0x7F
    if number == SIGXCPU || number == SIGKILL { return .timeout }
    return number == 0 ? .exit(status >> 8 & 0xFF) : .signal(number)
  }
}

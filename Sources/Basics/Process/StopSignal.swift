import Glibc
import Synchronization

/// What is done when a terminal, a scheduler, a container or a service manager asks this process to end.
///
/// Training notices the request at the end of a step and writes a checkpoint. Everything else ends at once, and what it
/// has not finished writing is removed.
public enum StopSignal {
  /// The requests. Of several the first counts, but a second Ctrl-C ends the process at once.
  private static let requests = [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE]
  /// Ends the process at once, whatever it does.
  private static let order = SIGALRM

  /// Records requests from now on. A program calls it in its first line: until then a signal ends the process.
  ///
  /// What the process was started to ignore, such as SIGHUP under `nohup`, it goes on to ignore. What it was started
  /// with blocked arrives now.
  public static func install() {
    _ = (request.load(ordering: .relaxed), endsAtOnce.load(ordering: .relaxed), wasContinued.load(ordering: .relaxed))
    UnfinishedFile.prepare()
    var waiting = sigset_t()
    sigemptyset(&waiting)
    for number in requests + [order, SIGCONT] {
      var present = sigaction()
      sigaction(number, nil, &present)
      if present.__sigaction_handler.sa_handler.map({ unsafeBitCast($0, to: Int.self) }) != Self.ignored {
        signal(number, receive)
      }
      sigaddset(&waiting, number)
    }
    pthread_sigmask(SIG_UNBLOCK, &waiting, nil)
    // A write to a file that is too large must fail with an error, not end the process without one.
    signal(SIGXFSZ, SIG_IGN)
  }

  /// `SIG_IGN` as a number: functions cannot be compared.
  private static let ignored = 1

  /// Whether the process was asked to end. What was asked for holds for all later runs of the program too.
  public static var isRequested: Bool { request.load(ordering: .relaxed) != 0 }

  /// Whether it was by SIGTERM, as a launcher does that is ending a job.
  public static var isTermination: Bool { request.load(ordering: .relaxed) == SIGTERM }

  /// Whether the process was told to go on, which `mpirun` also does a second before it ends its ranks; once each time.
  public static func takeContinuation() -> Bool { wasContinued.exchange(false, ordering: .relaxed) }

  /// From now on a request waits for the end of a step.
  public static func waitForStep() {
    endsAtOnce.store(false, ordering: .relaxed)
    // A program may run without the frame that does it in its first line.
    install()
  }

  /// From now on a request ends the process, as does one that has come before.
  public static func endAtOnce() {
    endsAtOnce.store(true, ordering: .relaxed)
    let number = request.load(ordering: .relaxed)
    if number != 0 { end(by: number) }
  }

  /// From now on a first Ctrl-C that waits for the end of a step is answered by a line, where a person reads standard
  /// error.
  public static func answer(_ line: String) {
    guard Output.errorsAreOnTerminal else { return }
    // Above a progress bar, whose line it replaces.
    let bytes = Array("\r\u{1B}[2K\(line.escaped)\n".utf8)
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    memory.copyBytes(from: bytes)
    // For good: a handler may be reading the one before.
    notice = UnsafeRawBufferPointer(memory)
  }

  /// - Throws: where the process was asked to end before there was anything to keep.
  public static func checkBeforeFirstStep() throws(Failure) {
    if isRequested { throw interruption }
  }

  /// For what was asked to end before there was anything to keep.
  public static var interruption: Failure {
    Failure(
      "stopped by a signal before the first step; nothing new was trained: start it again in the same way",
      exitCode: .preempted)
  }

  /// Runs as a signal handler: nothing here allocates or locks.
  private static let receive: @convention(c) (Int32) -> Void = { number in
    let before = errno
    defer { errno = before }
    if number == SIGCONT { return wasContinued.store(true, ordering: .relaxed) }
    let isSecond = !request.compareExchange(expected: 0, desired: number, ordering: .relaxed).exchanged
    if number == order || endsAtOnce.load(ordering: .relaxed) || (number == SIGINT && isSecond) { end(by: number) }
    if number == SIGINT, let notice { Output.printError(unescaped: notice) }
  }

  /// Ends the process as `number` does by itself, so that whoever waits for it sees the signal.
  private static func end(by number: Int32) {
    Whereabouts.end(.failing)
    UnfinishedFile.remove()
    signal(number, SIG_DFL)
    raise(number)
  }
}

/// The first request, 0 before it.
private let request = Atomic<Int32>(0)
private let endsAtOnce = Atomic<Bool>(false)
/// What answers a Ctrl-C; set before there is one, and read by the handler.
private nonisolated(unsafe) var notice: UnsafeRawBufferPointer?
private let wasContinued = Atomic<Bool>(false)

/// The temporary files that a signal that ends the process removes: one that is being written, one that is read.
public enum UnfinishedFile {
  /// The most at a time; more are left where they are.
  private static let count = 4
  private static let capacity = Int(PATH_MAX)
  private nonisolated(unsafe) static let paths = {
    let paths = UnsafeMutablePointer<CChar>.allocate(capacity: count * capacity)
    paths.initialize(repeating: 0, count: count * capacity)
    return paths
  }()

  /// Has the memory in place that a signal handler reads.
  static func prepare() { _ = (paths, places.load(ordering: .relaxed)) }

  /// The file at `path` is about to be made.
  public static func begin(_ path: String) {
    let used = places.load(ordering: .sequentiallyConsistent)
    guard path.utf8.count < capacity, let place = (0..<count).first(where: { used & 1 << $0 == 0 }) else { return }
    strcpy(paths + place * capacity, path)
    places.bitwiseOr(1 << place, ordering: .sequentiallyConsistent)
  }

  /// It has its name, or is gone.
  public static func end(_ path: String) {
    let used = places.load(ordering: .sequentiallyConsistent)
    for place in 0..<count where used & 1 << place != 0 && strcmp(paths + place * capacity, path) == 0 {
      places.bitwiseAnd(~(1 << place), ordering: .sequentiallyConsistent)
    }
  }

  /// Runs inside a signal handler.
  package static func remove() {
    let used = places.load(ordering: .sequentiallyConsistent)
    for place in 0..<count where used & 1 << place != 0 { unlink(paths + place * capacity) }
  }
}

/// A bit for each path in use.
private let places = Atomic<UInt32>(0)

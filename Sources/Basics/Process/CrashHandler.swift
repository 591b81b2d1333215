import Foundation
import Glibc
import Synchronization

/// Ends a process that is struck by a signal of a fault with one line of its own.
///
/// - Inside a library that reads a file (see `FileReading`), the file is to blame: exit code 3, as for any that is
///   damaged. So it is where one call computes for longer than any file that is whole needs.
/// - Anywhere else it is a fault of the program: the line says what to report, and the process ends by the signal.
/// - A signal that another process has sent, as `kill -SEGV` does, ends this one.
///
/// Swift's own handler, which prints registers and backtraces, follows where the variable `SWIFT_BACKTRACE` is set.
public enum CrashHandler {
  /// The signals of faults.
  public static let signals = [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP]

  /// Takes over from the handlers that are there. To be called once, before there are other threads.
  ///
  /// - Parameters:
  ///   - prefix: what lines of error begin with, such as `ddp-train: [rank 2] `.
  ///   - product: the program at fault with its version, such as `ddp-train 0.1.0`.
  ///   - waits: whether a line about a damaged file waits 2 s. All ranks of a job meet the file alike, one line is
  ///     enough, and the launcher ends this rank meanwhile.
  public static func install(prefix: String, product: String, waits: Bool) {
    let followsSwift = ProcessInfo.processInfo.environment["SWIFT_BACKTRACE"] != nil
    let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
    let previous = UnsafeMutableBufferPointer<sigaction>.allocate(capacity: 65)
    previous.initialize(repeating: sigaction())
    state.initialize(
      to: State(
        prefix: copy(prefix),
        advice: copy(
          "; this is a fault of \(product): please report this line, with the command"
            + (followsSwift ? "" : "; SWIFT_BACKTRACE=enable=yes shows where it is")),
        line: .allocate(capacity: lineCapacity), waits: waits, followsSwift: followsSwift, previous: previous,
        key: FileReading.key, process: getpid(),
        // Of a number that no other file gets when MPI closes its own.
        socket: Launch.hydraSocket.map { fcntl($0, F_DUPFD_CLOEXEC, 0) } ?? -1))
    handlerState = state
    _ = hasCrashed.load(ordering: .relaxed)

    // Of its own, as the stack may be what has overflowed.
    let size = 1 << 16
    var stack = stack_t(ss_sp: malloc(size), ss_flags: 0, ss_size: size)
    sigaltstack(&stack, nil)
    for number in signals + [SIGPROF] {
      var action = sigaction()
      action.__sigaction_handler.sa_sigaction = { handle($0, $1, $2) }
      action.sa_flags = SA_SIGINFO | SA_ONSTACK
      for other in signals { sigaddset(&action.sa_mask, other) }
      sigaction(number, &action, &previous[Int(number)])
    }
    FileReading.timedThread = pthread_self()
  }

  private static func copy(_ text: String) -> UnsafePointer<CChar> { UnsafePointer(strdup(text)) }
}

// MARK: The handler, which may only use what is safe wherever a signal strikes: no allocation, no locks.

private struct State {
  let prefix: UnsafePointer<CChar>
  let advice: UnsafePointer<CChar>
  let line: UnsafeMutablePointer<UInt8>
  let waits: Bool
  let followsSwift: Bool
  /// What handled the signals before, by number.
  let previous: UnsafeMutableBufferPointer<sigaction>
  let key: pthread_key_t
  /// That which is the rank: a copy of it, made to write a checkpoint, is none.
  let process: pid_t
  /// That of Hydra; negative where there is none.
  let socket: Int32

  /// Has Hydra end the job, whose other launchers take the code from the end of this process.
  func endJob(_ code: Int32) {
    guard socket >= 0 && getpid() == process else { return }
    // What it has not passed on yet of what was printed would be lost.
    var pause = timespec(tv_sec: 0, tv_nsec: 200_000_000)
    nanosleep(&pause, nil)
    var command = Line(memory: line)
    command.append("cmd=abort exitcode=")
    command.append(UInt(code), radix: 10)
    command.send(to: socket)
  }
}

nonisolated(unsafe) private var handlerState: UnsafeMutablePointer<State>?
private let hasCrashed = Atomic<Bool>(false)
private let lineCapacity = 2048

private func handle(
  _ number: Int32, _ info: UnsafeMutablePointer<siginfo_t>?, _ context: UnsafeMutableRawPointer?
) {
  guard let state = handlerState else { return }
  let file = FileReading.current(state.pointee.key)
  // The timer may have run out just when the library came to an end.
  if number == SIGPROF && file == nil { return }
  // Of several threads that crash, the first one speaks.
  guard !hasCrashed.exchange(true, ordering: .relaxed) else { while true { pause() } }
  Whereabouts.end(.failing)
  var line = Line(memory: state.pointee.line)
  line.append(state.pointee.prefix)
  // Codes above 0 are the kernel's.
  let sender = info.map { $0.pointee.si_code > 0 ? getpid() : $0.pointee._sifields._kill.si_pid } ?? getpid()
  if sender != getpid() {
    line.append("ended by ")
    line.append(name(of: number))
    line.append(", which process ")
    line.append(UInt(sender), radix: 10)
    line.append(" has sent")
    line.appendPlace()
    line.write()
  } else if let file {
    if state.pointee.waits {
      signal(SIGTERM, SIG_DFL)
      var pause = timespec(tv_sec: 2, tv_nsec: 0)
      nanosleep(&pause, nil)
    }
    line.append(file)
    line.append(": the library that reads it ")
    if number == SIGPROF {
      line.append("came to no end in 10 s")
    } else {
      line.append("crashed (")
      line.append(name(of: number))
      line.append(")")
    }
    line.append(": the file is damaged; copy or download it again, or use another")
    line.write()
    state.pointee.endJob(ExitCode.data.rawValue)
    _exit(ExitCode.data.rawValue)
  } else {
    line.append("crashed: ")
    line.append(name(of: number))
    line.append(meaning(of: number))
    if number == SIGSEGV || number == SIGBUS, let info {
      line.append(" at address 0x")
      line.append(UInt(bitPattern: info.pointee._sifields._sigfault.si_addr), radix: 16)
    }
    line.appendPlace()
    line.append(state.pointee.advice)
    line.write()
    if state.pointee.followsSwift { follow(state.pointee.previous[Int(number)], number, info, context) }
  }
  state.pointee.endJob(128 + number)
  signal(number, SIG_DFL)
  var this = sigset_t()
  sigaddset(&this, number)
  pthread_sigmask(SIG_UNBLOCK, &this, nil)
  raise(number)
}

/// Calls the handler that was there before, if it is more than the default.
private func follow(
  _ action: sigaction, _ number: Int32, _ info: UnsafeMutablePointer<siginfo_t>?, _ context: UnsafeMutableRawPointer?
) {
  guard action.sa_flags & SA_SIGINFO != 0, let handler = action.__sigaction_handler.sa_sigaction else { return }
  handler(number, info, context)
}

private func name(of number: Int32) -> StaticString {
  switch number {
  case SIGSEGV: "SIGSEGV"
  case SIGBUS: "SIGBUS"
  case SIGFPE: "SIGFPE"
  case SIGILL: "SIGILL"
  case SIGTRAP: "SIGTRAP"
  case SIGABRT: "SIGABRT"
  default: "a signal"
  }
}

private func meaning(of number: Int32) -> StaticString {
  switch number {
  case SIGSEGV, SIGBUS: ", an invalid access to memory"
  case SIGFPE: ", an invalid division"
  // Swift's way to end a program whose state is not what it relies on.
  case SIGILL, SIGTRAP: ", a check of the program's own that failed"
  default: ""
  }
}

/// A line of text that is put together in memory that is there already.
private struct Line {
  let memory: UnsafeMutablePointer<UInt8>
  private var count = 0

  init(memory: UnsafeMutablePointer<UInt8>) { self.memory = memory }

  mutating func append(_ text: UnsafePointer<CChar>) {
    var next = text
    while next.pointee != 0, count < lineCapacity - 1 {
      memory[count] = UInt8(bitPattern: next.pointee)
      count += 1
      next += 1
    }
  }

  mutating func append(_ text: StaticString) {
    text.utf8Start.withMemoryRebound(to: CChar.self, capacity: text.utf8CodeUnitCount + 1) { append($0) }
  }

  mutating func append(_ number: UInt, radix: UInt) {
    if number >= radix { append(number / radix, radix: radix) }
    let digit = UInt8(number % radix)
    guard count < lineCapacity - 1 else { return }
    memory[count] = digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
    count += 1
  }

  /// Where the rank is, if it has said so, such as `, in forward, epoch 3, step 120`.
  mutating func appendPlace() {
    guard let row = Whereabouts.row else { return }
    if let activity = Activity(code: row.position & 0xFF) {
      append(", in ")
      append(activity.text)
    }
    guard row.epoch > 0 else { return }
    append(", epoch ")
    append(UInt(row.epoch), radix: 10)
    append(", step ")
    append(UInt(row.step), radix: 10)
  }

  func write() {
    memory[count] = UInt8(ascii: "\n")
    Output.printError(unescaped: UnsafeRawBufferPointer(start: memory, count: count + 1))
  }

  func send(to file: Int32) {
    memory[count] = UInt8(ascii: "\n")
    _ = Glibc.write(file, memory, count + 1)
  }
}

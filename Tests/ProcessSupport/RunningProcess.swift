import Foundation

/// A child process in its own process group, its outputs going to files.
///
/// Files, not pipes: a full pipe stops the child, and a pipe that a grandchild inherited never ends.
public final class RunningProcess: @unchecked Sendable {
  /// Its process number, which is also that of its process group.
  public let identifier: pid_t
  private let outputPath: String
  private let errorsPath: String
  private let commandLine: String
  private let started = ContinuousClock.now

  /// Starts `executable`.
  ///
  /// - Parameters:
  ///   - executable: a path, or a name looked up on PATH.
  ///   - environment: changes to this process's own environment; nil removes a variable.
  ///   - directory: the working directory; this process's own if nil.
  public init(
    _ executable: String, _ arguments: [String], environment: [String: String?] = [:], directory: String? = nil
  ) throws(ProcessError) {
    commandLine = ([executable] + arguments).joined(separator: " ")
    let files = FileManager.default.temporaryDirectory.appending(path: "process-\(UUID().uuidString)").path
    outputPath = files + ".out"
    errorsPath = files + ".err"

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errorsPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setpgroup(&attributes, 0)
    // The threads that tests run on block signals, and a child would inherit that.
    var noSignals = sigset_t()
    sigemptyset(&noSignals)
    posix_spawnattr_setsigmask(&attributes, &noSignals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))

    let variables = ProcessInfo.processInfo.environment
      .merging(environment.compactMapValues { $0 }) { $1 }
      .filter { name, _ in environment[name].map { $0 != nil } ?? true }
    // Spawning has no portable way to change the directory; `env` changes it and then becomes the program.
    let command = (directory.map { ["env", "--chdir=\($0)"] } ?? []) + [executable] + arguments
    Self.keepFilesToThisProcess()
    var child: pid_t = 0
    let status = Self.withCStrings(command) { argumentPointers in
      Self.withCStrings(variables.map { "\($0)=\($1)" }) { variablePointers in
        posix_spawnp(&child, command[0], &actions, &attributes, argumentPointers, variablePointers)
      }
    }
    guard status == 0 else { throw ProcessError(command: commandLine, reason: String(cString: strerror(status))) }
    identifier = child
  }

  /// A test on another thread may be writing an HDF5 file: its lock would live on in a child that inherits the file.
  private static func keepFilesToThisProcess() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
      guard let file = Int32(name), file > 2 else { continue }
      _ = fcntl(file, F_SETFD, FD_CLOEXEC)
    }
  }

  /// What it has written to standard output so far.
  public var outputSoFar: String { Self.text(outputPath) }

  /// What it has written to standard error so far.
  public var errorsSoFar: String { Self.text(errorsPath) }

  /// Sends `signal` to this process alone (`mpirun` hands SIGUSR1 on to its ranks by itself).
  public func send(_ signal: Int32) { kill(identifier, signal) }

  /// Waits until it ends, or kills its whole process group once `timeout` has passed since its start.
  public func wait(timeout: Duration) -> FinishedProcess {
    var status: Int32 = 0
    var timedOut = false
    while waitpid(identifier, &status, WNOHANG) == 0 {
      if ContinuousClock.now - started > timeout {
        timedOut = true
        stop()
        waitpid(identifier, &status, 0)
        break
      }
      usleep(5_000)
    }
    defer {
      unlink(outputPath)
      unlink(errorsPath)
    }
    let signal = status & 0x7f
    return FinishedProcess(
      status: signal == 0 ? (status >> 8) & 0xff : 128 + signal, output: outputSoFar, errors: errorsSoFar,
      timedOut: timedOut, commandLine: commandLine)
  }

  /// Waits until `condition` holds, at most `timeout`; false if it never did.
  public func wait(until condition: () -> Bool, timeout: Duration) -> Bool {
    let start = ContinuousClock.now
    while !condition() {
      if ContinuousClock.now - start > timeout { return false }
      usleep(2_000)
    }
    return true
  }

  /// SIGTERM first, so that `mpirun` takes its ranks along (they are in process groups of their own), then SIGKILL.
  private func stop() {
    kill(-identifier, SIGTERM)
    for _ in 0..<300 {
      if kill(identifier, 0) != 0 || Self.isZombie(identifier) { break }
      usleep(10_000)
    }
    kill(-identifier, SIGKILL)
  }

  private static func isZombie(_ identifier: pid_t) -> Bool {
    text("/proc/\(identifier)/stat").contains(") Z ")
  }

  private static func text(_ path: String) -> String {
    String(decoding: (try? Data(contentsOf: URL(filePath: path))) ?? Data(), as: UTF8.self)
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let pointers = strings.map { strdup($0) }
    defer { pointers.forEach { free($0) } }
    return body(pointers + [nil])
  }
}

/// A process that could not be started.
public struct ProcessError: Error, CustomStringConvertible {
  /// The command line.
  public let command: String

  /// The system's reason.
  public let reason: String

  /// One line with both.
  public var description: String { "cannot start \(command): \(reason)" }
}

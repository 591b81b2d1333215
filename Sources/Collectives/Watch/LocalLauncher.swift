import Basics
import Foundation

/// The `mpirun` that has started this process, where it is its parent: on one host of the job.
struct LocalLauncher {
  private let process: pid_t

  /// The file that a launch script looks into for the exit code where the launcher could not end with it.
  private static let variable = "DDP_TRAIN_STATUS"

  init?() {
    guard let process = Launch.process else { return nil }
    self.process = process
  }

  /// Has it killed if it is still there in ten seconds, by a process that outlives this one.
  func endLater() {
    let highest = min(Int32(sysconf(Int32(_SC_OPEN_MAX))), 4096)
    let child = fork()
    guard child == 0 else { return }
    // Only what is safe in a copy of one thread of many: no allocation, no locks.
    setsid()
    // Who reads what this process has said is not to wait for the child.
    for file in 0..<highest { close(file) }
    for _ in 0..<100 {
      usleep(100_000)
      if kill(process, 0) != 0 { _exit(0) }
    }
    kill(process, SIGKILL)
    _exit(0)
  }

  /// Writes down with which code the job ends, for a script that has asked for it.
  static func note(_ code: Int32) {
    guard let path = ProcessInfo.processInfo.environment[variable] else { return }
    let file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard file >= 0 else { return }
    defer { close(file) }
    let text = Array("\(code)\n".utf8)
    _ = write(file, text, text.count)
  }
}

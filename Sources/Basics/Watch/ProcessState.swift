import Glibc

/// What the system says of a process of this host.
package enum ProcessState: UInt8, Sendable {
  case running
  /// By SIGSTOP, or a debugger.
  case stopped
  /// In a system call that no signal interrupts, such as one to a disk or a network file system that does not answer.
  case uninterruptible
  /// It does not exist, or no more than as a zombie: a launcher that is ending a job may be slow to reap its children.
  case ended

  package init(of process: pid_t) {
    self = .ended
    let file = open("/proc/\(process)/stat", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    defer { close(file) }
    withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      // "PID (name) state …", where the name may hold anything, also parentheses.
      let text = buffer[..<max(0, read(file, buffer.baseAddress, buffer.count))]
      guard let name = text.lastIndex(of: UInt8(ascii: ")")), name + 2 < text.endIndex else { return }
      switch text[name + 2] {
      case UInt8(ascii: "Z"), UInt8(ascii: "X"): return
      case UInt8(ascii: "T"), UInt8(ascii: "t"): self = .stopped
      case UInt8(ascii: "D"): self = .uninterruptible
      default: self = .running
      }
    }
  }
}

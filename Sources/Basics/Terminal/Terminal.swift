import Foundation

/// The terminal that a person watches, if there is one behind standard output.
///
/// `mpirun` gives every rank a pseudo-terminal of its own as standard output, also when its own output goes to a file.
/// So under a launcher it is the launcher's standard output that counts.
public struct Terminal: Sendable {
  /// Columns of the window.
  public let width: Int
  /// Whether colours are welcome: `NO_COLOR` is not set, as https://no-color.org has it.
  public let hasColors: Bool

  /// nil where the output is read by a file or a pipe.
  public static func behindStandardOutput() -> Terminal? {
    let isUnderLauncher = Launch.own?.isMPIRun == true
    guard let process = isUnderLauncher ? Launch.ancestor : getpid() else { return nil }
    let path = "/proc/\(process)/fd/1"
    let file = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    let environment = ProcessInfo.processInfo.environment
    guard isatty(file) == 1, environment["TERM"] != "dumb" else { return nil }
    var size = winsize()
    let known = ioctl(file, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return Terminal(width: known ? Int(size.ws_col) : 80, hasColors: (environment["NO_COLOR"] ?? "").isEmpty)
  }
}

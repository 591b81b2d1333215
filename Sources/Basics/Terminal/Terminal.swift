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
    let underLauncher = ProcessInfo.processInfo.environment["OMPI_COMM_WORLD_RANK"] != nil
    guard let path = underLauncher ? launcherOutput() : "/proc/self/fd/1" else { return nil }
    let file = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    let environment = ProcessInfo.processInfo.environment
    guard isatty(file) == 1, environment["TERM"] != "dumb" else { return nil }
    var size = winsize()
    let known = ioctl(file, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return Terminal(width: known ? Int(size.ws_col) : 80, hasColors: (environment["NO_COLOR"] ?? "").isEmpty)
  }

  /// The standard output of the nearest ancestor that is an MPI launcher.
  private static func launcherOutput() -> String? {
    var process = getppid()
    while process > 1 {
      guard let name = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8) else { return nil }
      if ["mpirun", "mpiexec", "orterun", "prterun"].contains(name.trimmingCharacters(in: .newlines)) {
        return "/proc/\(process)/fd/1"
      }
      guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
        let parent = status.split(separator: ")").last?.split(separator: " ").dropFirst().first.flatMap({ Int32($0) })
      else { return nil }
      process = parent
    }
    return nil
  }
}

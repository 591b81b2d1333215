import Basics
import Checkpointing
import Settings

/// How much a run says on the screen; `log.txt` has what `normal` and `verbose` say.
public enum Verbosity: String, SettingChoice {
  /// Errors and warnings alone.
  case quiet
  /// A line an epoch.
  case normal
  /// Also a line for each step of `steps.jsonl`, and where the time of each epoch went.
  case verbose
}

/// What rank 0 says: lines to standard output and to `log.txt`, and on a terminal a progress bar below them.
final class Console {
  private let verbosity: Verbosity
  private let terminal: Terminal?
  private let bar: ProgressBar
  private var log: RunDirectory?
  private var pending: [String] = []

  /// Whether warnings go to the log alone too.
  private let isSilent: Bool

  /// What a line is, which a terminal with colours shows.
  enum Style {
    case plain, heading, best

    /// The code of the terminal; nil for none.
    fileprivate var code: Int? {
      switch self {
      case .plain: nil
      case .heading: 1
      case .best: 32
      }
    }
  }

  /// - Parameter isSilent: whether warnings go to the log alone too.
  init(_ verbosity: Verbosity, isSilent: Bool = false) {
    (self.verbosity, self.isSilent) = (isSilent ? .quiet : verbosity, isSilent)
    terminal = self.verbosity == .quiet ? nil : Terminal.behindStandardOutput()
    bar = ProgressBar(terminal)
  }

  /// From now on lines also go to the directory's `log.txt`, those so far included.
  func startLog(in directory: RunDirectory) throws {
    for line in pending { try directory.append(line, to: directory.logFile) }
    pending = []
    log = directory
  }

  /// Prints a line above the progress bar.
  func line(_ text: String, _ style: Style = .plain) throws {
    bar.clear()
    let text = text.escaped
    if verbosity != .quiet {
      if terminal?.hasColors == true, let code = style.code {
        write("\u{1B}[\(code)m\(text)\u{1B}[0m\n", isRaw: true)
      } else {
        write(text + "\n")
      }
    }
    if let log { try log.append(text, to: log.logFile) } else { pending.append(text) }
  }

  /// Prints a line that only those want who asked for much.
  func detail(_ text: @autoclosure () -> String) throws {
    if verbosity == .verbose { try line(text()) }
  }

  /// Prints a line of warning to standard error.
  func warn(_ text: String) throws {
    let text = text.escaped
    bar.clear()
    if !isSilent { Output.printError("ddp-train: warning: \(text)") }
    if let log { try log.append("warning: \(text)", to: log.logFile) } else { pending.append("warning: \(text)") }
  }

  /// Writes a line to `log.txt` alone.
  func note(_ text: String) throws { try log?.append(text.escaped, to: log?.logFile ?? "") }

  /// Redraws the progress bar, ten times a second at most; nothing where no terminal is.
  ///
  /// - Parameters:
  ///   - fraction: done so far, 0 to 1.
  ///   - text: what stands behind the bar, made only when it is drawn.
  func progress(_ label: String, fraction: Double, _ text: () -> String) {
    bar.show(label, fraction: fraction, text)
  }

  /// What shows how far a piece of work has come that begins now, and the time that is left.
  func progress(_ label: String) -> (Double) -> Void {
    let start = ContinuousClock.now
    return { [bar] in bar.show(label, fraction: $0, since: start) }
  }

  func clearBar() { bar.clear() }

  /// Whether a person watches.
  var hasTerminal: Bool { terminal != nil }

  /// Writes to the terminal; a run goes on where no one can read it any more.
  private func write(_ text: String, isRaw: Bool = false) { try? Output.write(text, isRaw: isRaw) }
}

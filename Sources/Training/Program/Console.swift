import Basics
import Checkpointing
import Foundation

/// What rank 0 says: lines to standard output and to `log.txt`, and on a terminal a progress bar below them.
final class Console {
  private let isQuiet: Bool
  private let terminal: Terminal?
  private var log: RunDirectory?
  private var pending: [String] = []
  private var barIsShown = false
  private var lastBar = ContinuousClock.now

  private let isSilent: Bool

  /// - Parameters:
  ///   - isQuiet: whether lines go to the log alone.
  ///   - isSilent: whether warnings do too.
  init(isQuiet: Bool, isSilent: Bool = false) {
    self.isQuiet = isQuiet || isSilent
    self.isSilent = isSilent
    terminal = isQuiet || isSilent ? nil : Terminal.behindStandardOutput()
  }

  /// From now on lines also go to the directory's `log.txt`, those so far included.
  func startLog(in directory: RunDirectory) throws {
    for line in pending { try directory.append(line, to: directory.logFile) }
    pending = []
    log = directory
  }

  /// Prints a line above the progress bar.
  func line(_ text: String) throws {
    clearBar()
    let text = text.escaped
    if !isQuiet { write(text + "\n") }
    if let log { try log.append(text, to: log.logFile) } else { pending.append(text) }
  }

  /// Prints a line of warning to standard error.
  func warn(_ text: String) throws {
    let text = text.escaped
    clearBar()
    if !isSilent { Output.printError("ddp-train: warning: \(text)") }
    if let log { try log.append("warning: \(text)", to: log.logFile) } else { pending.append("warning: \(text)") }
  }

  /// Redraws the progress bar, ten times a second at most; nothing where no terminal is.
  ///
  /// - Parameters:
  ///   - fraction: done so far, 0 to 1.
  ///   - text: what stands behind the bar, made only when it is drawn.
  func progress(_ label: String, fraction: Double, _ text: () -> String) {
    guard let terminal, !barIsShown || lastBar.duration(to: .now) > .milliseconds(100) else { return }
    lastBar = .now
    let label = label.escaped, tail = text().escaped
    let room = max(4, min(30, terminal.width - label.count - tail.count - 6))
    let filled = Int(Double(room) * fraction)
    let bar = String(repeating: "━", count: filled) + String(repeating: "╌", count: room - filled)
    write("\r\u{1B}[2K" + String("\(label) \(bar) \(tail)".prefix(terminal.width - 1)), isRaw: true)
    barIsShown = true
  }

  func clearBar() {
    guard barIsShown else { return }
    write("\r\u{1B}[2K", isRaw: true)
    barIsShown = false
  }

  /// Writes to the terminal; a run goes on where no one can read it any more.
  private func write(_ text: String, isRaw: Bool = false) { try? Output.write(text, isRaw: isRaw) }
}

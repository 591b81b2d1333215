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

  /// - Parameter isQuiet: whether lines go to the log alone.
  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
    terminal = isQuiet ? nil : Terminal.behindStandardOutput()
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
    if !isQuiet { write(text + "\n") }
    if let log { try log.append(text, to: log.logFile) } else { pending.append(text) }
  }

  /// Prints a line of warning to standard error.
  func warn(_ text: String) throws {
    clearBar()
    FileHandle.standardError.write(Data("ddp-train: warning: \(text)\n".utf8))
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
    let tail = text()
    let room = max(4, min(30, terminal.width - label.count - tail.count - 6))
    let filled = Int(Double(room) * fraction)
    let bar = String(repeating: "━", count: filled) + String(repeating: "╌", count: room - filled)
    write("\r\u{1B}[2K" + String("\(label) \(bar) \(tail)".prefix(terminal.width - 1)))
    barIsShown = true
  }

  func clearBar() {
    guard barIsShown else { return }
    write("\r\u{1B}[2K")
    barIsShown = false
  }

  private func write(_ text: String) {
    FileHandle.standardOutput.write(Data(text.utf8))
  }
}

// MARK: Numbers for people

/// Such as `12,345`.
func grouped(_ number: Int) -> String {
  var text = String(abs(number))
  var index = text.count - 3
  while index > 0 {
    text.insert(",", at: text.index(text.startIndex, offsetBy: index))
    index -= 3
  }
  return number < 0 ? "-" + text : text
}

/// Such as `0.0123`, `1.234` or `1.2e-07`: four significant digits.
func shortNumber(_ value: Double) -> String {
  // The sign of a NaN says nothing.
  guard !value.isNaN else { return "nan" }
  guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
  let size = abs(value)
  if size >= 1e5 || size < 1e-4 { return String(format: "%.3g", value) }
  return String(format: "%.*f", max(0, 3 - Int(log10(size).rounded(.down))), value)
}

/// Such as `0.001` or `2.5e-05`: as many of four significant digits as say something.
func trimmedNumber(_ value: Double) -> String { String(format: "%.4g", value) }

/// Such as `1 rank` or `1,024 samples`.
func plural(_ count: Int, _ noun: String) -> String { "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")" }

/// Such as `97.31 %`.
func percentage(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }

/// Such as `12 ms`, `0.8 s`, `3 min 20 s` or `2 h 5 min`.
func shortTime(_ seconds: Double) -> String {
  if seconds < 0.1 { return "\(Int((seconds * 1000).rounded(.up))) ms" }
  if seconds < 10 { return String(format: "%.1f s", seconds) }
  let whole = Int(seconds.rounded())
  if whole < 60 { return "\(whole) s" }
  if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
  return "\(whole / 3600) h \(whole % 3600 / 60) min"
}

extension Duration {
  /// In seconds.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

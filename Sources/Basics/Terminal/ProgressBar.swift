/// A bar on the last line of a terminal, redrawn in place; nothing where no terminal is.
///
/// ```
/// evaluate ━━━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 47 %  12 s left
/// ```
public final class ProgressBar {
  private let terminal: Terminal?
  private var isShown = false
  private var drawn = ContinuousClock.now

  /// - Parameter terminal: nil for no bar.
  public init(_ terminal: Terminal? = .behindStandardOutput()) { self.terminal = terminal }

  deinit { clear() }

  /// Redraws the bar, ten times a second at most.
  ///
  /// - Parameters:
  ///   - fraction: done so far, 0 to 1.
  ///   - text: what stands behind the bar, made only when it is drawn.
  public func show(_ label: String, fraction: Double, _ text: () -> String) {
    guard let terminal, !isShown || drawn.duration(to: .now) > .milliseconds(100) else { return }
    drawn = .now
    let label = label.escaped, tail = text().escaped
    let room = max(4, min(30, terminal.width - label.count - tail.count - 6))
    let filled = Int(Double(room) * min(1, max(0, fraction)))
    let bar = String(repeating: "━", count: filled) + String(repeating: "╌", count: room - filled)
    write("\r\u{1B}[2K" + String("\(label) \(bar) \(tail)".prefix(terminal.width - 1)))
    isShown = true
  }

  /// The same with the share that is done and the time that is left, once the work is long enough to tell.
  ///
  /// - Parameter start: when the work began.
  public func show(_ label: String, fraction: Double, since start: ContinuousClock.Instant) {
    let elapsed = start.duration(to: .now).seconds
    guard elapsed > 0.3 else { return }
    show(label, fraction: fraction) {
      let left = fraction > 0 ? "  \(shortTime(elapsed / fraction - elapsed)) left" : ""
      return "\(Int(100 * min(1, fraction))) %\(left)"
    }
  }

  /// Leaves the line empty, for other output.
  public func clear() {
    guard isShown else { return }
    write("\r\u{1B}[2K")
    isShown = false
  }

  /// Work goes on where no one can read it any more.
  private func write(_ text: String) { try? Output.write(text, isRaw: true) }
}

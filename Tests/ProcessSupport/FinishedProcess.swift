/// What a process left behind: how it ended and everything it printed.
public struct FinishedProcess: Sendable {
  /// The exit status; 128 + n for a process that signal n ended, as a shell says it.
  public let status: Int32

  /// Everything written to standard output.
  public let output: String

  /// Everything written to standard error.
  public let errors: String

  /// Whether it was killed because the time limit had passed.
  public let timedOut: Bool

  /// The command line, for messages.
  public let commandLine: String

  /// The lines of standard output.
  public var outputLines: [String] { Self.lines(output) }

  /// The lines of standard error.
  public var errorLines: [String] { Self.lines(errors) }

  /// The lines of standard error that begin with `prefix`, such as `ddp-train:`.
  public func errorLines(beginningWith prefix: String) -> [String] {
    errorLines.filter { $0.hasPrefix(prefix) }
  }

  private static func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
  }
}

extension FinishedProcess: CustomStringConvertible {
  /// The whole story on a few lines, for a failed expectation.
  public var description: String {
    """
    \(commandLine)
    → status \(status)\(timedOut ? ", killed at its time limit" : "")
    standard output: \(output)
    standard error: \(errors)
    """
  }
}

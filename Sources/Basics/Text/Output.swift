import Foundation

/// The only ways in which text reaches the terminal: every text is escaped, because names in it may come from files.
public enum Output {
  /// Prints lines to standard output.
  ///
  /// - Throws: if they cannot be written, as on a full disk.
  public static func print(_ text: String) throws { try write(text + "\n") }

  /// Whether a person reads standard error on a terminal.
  static var errorsAreOnTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// Prints one line of error or warning to standard error; a long one loses its middle.
  public static func printError(_ line: String) {
    _ = writeAll(line.escaped.shortened(to: lineLimit) + "\n", to: STDERR_FILENO)
  }

  /// Prints a line of error that is escaped already, for the handler of a signal, which may not allocate.
  static func printError(unescaped line: UnsafeRawBufferPointer) {
    _ = Foundation.write(STDERR_FILENO, line.baseAddress, line.count)
  }

  /// Writes to standard output without a line break behind it.
  ///
  /// - Parameter isRaw: whether the text moves the cursor on purpose, and holds nothing that comes from a file.
  /// - Throws: if it cannot be written.
  public static func write(_ text: String, isRaw: Bool = false) throws {
    guard writeAll(isRaw ? text : text.escapedLines, to: STDOUT_FILENO) else {
      throw Failure.data("cannot write to standard output: \(String(cString: strerror(errno)))")
    }
  }

  /// The most characters of one line of error.
  private static let lineLimit = 4_000

  private static func writeAll(_ text: String, to file: Int32) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = Foundation.write(file, rest.baseAddress, rest.count)
        if count < 0 && errno != EINTR { return false }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(max(0, count)))
      }
      return true
    }
  }
}

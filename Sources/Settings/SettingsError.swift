public import Basics

/// A place in a configuration file or in a program; lines and columns count from 1, columns in Unicode scalars.
public struct SourcePosition: Hashable, Sendable, CustomStringConvertible {
  /// The file as the user named it.
  public let file: String
  public let line: Int
  /// nil for a line as a whole.
  public let column: Int?

  public init(file: String, line: Int, column: Int? = nil) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// `line 3, column 12`.
  var words: String { "line \(line)" + (column.map { ", column \($0)" } ?? "") }

  /// As compilers write it: `run.json5:3:12`.
  public var description: String { "\(file):\(line)" + (column.map { ":\($0)" } ?? "") }
}

/// A mistake in a configuration file, a `--set`, or the command line.
public struct SettingsError: UserFacingError, Equatable {
  /// Where in a file, or `nil` for what came from the command line or from defaults.
  public let position: SourcePosition?
  /// What was expected and what was found, led by the key's path or the option's name.
  public let message: String

  public init(_ message: String, at position: SourcePosition? = nil) {
    self.position = position
    self.message = message
  }

  /// One line, whatever the names and values in it hold.
  public var description: String {
    (position.map { "\($0): \(message)" } ?? message).escaped
  }

  public var exitCode: ExitCode { .usage }
}

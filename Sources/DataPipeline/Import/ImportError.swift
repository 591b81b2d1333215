public import Diagnostics

/// Why a data set could not be converted, made or inspected: wrong arguments, or a file that is not what it should be.
public struct ImportError: UserFacingError, Equatable {
  /// One line: what is wrong, where, what was expected, what to do.
  public let message: String
  /// `.usage` for arguments that make no sense, `.data` for files that do not.
  public let exitCode: ExitCode

  public var description: String { message }

  /// A file that is missing, damaged or not of the format that was named.
  static func data(_ message: String) -> ImportError { ImportError(message: message, exitCode: .data) }

  /// Arguments that are wrong whatever the files hold.
  static func usage(_ message: String) -> ImportError { ImportError(message: message, exitCode: .usage) }
}

extension String {
  /// The text with each line break replaced by a space, fit to be quoted in an error.
  var onOneLine: String { String(map { $0.isNewline ? " " : $0 }) }
}

public import Diagnostics

/// A checkpoint that cannot be written, read or trusted, or that does not fit.
public struct CheckpointError: UserFacingError, Equatable {
  /// What is wrong, where, what was expected and what to do, in one line.
  public let description: String
  public var exitCode: ExitCode { .data }

  public init(_ description: String) { self.description = description }
}

import Diagnostics

/// A run that cannot start or go on, for a reason of the run as a whole.
public struct TrainingError: UserFacingError, Equatable {
  /// What is wrong, where, what was expected and what to do, in one line.
  public let description: String
  public let exitCode: ExitCode

  public init(_ description: String, exitCode: ExitCode) {
    self.description = description
    self.exitCode = exitCode
  }
}

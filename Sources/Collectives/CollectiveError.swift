public import Diagnostics

/// A collective that failed, or ranks that were not started as one job.
public struct CollectiveError: UserFacingError {
  /// What was being done, such as `MPI_Allreduce`.
  public let operation: String
  /// The library's own text, or what was found instead of what was expected.
  public let reason: String

  public init(operation: String, reason: String) {
    self.operation = operation
    self.reason = reason
  }

  public var description: String { "\(operation): \(reason)" }
  public var exitCode: ExitCode { .launch }
}

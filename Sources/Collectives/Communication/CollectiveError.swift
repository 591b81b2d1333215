public import Basics

/// A collective that failed, or ranks that were not started as one job.
public struct CollectiveError: UserFacingError {
  /// What was being done, such as `MPI_Allreduce`.
  public let operation: String
  /// The library's own text, or what was found instead of what was expected.
  public let reason: String

  /// Set where the launcher's processes form no common job: then each of them reports this error by itself.
  public let foreignLaunch: ForeignLaunch?

  public init(operation: String, reason: String) {
    self.operation = operation
    self.reason = reason
    foreignLaunch = nil
  }

  /// Several processes were started by another MPI's `mpirun`.
  init(_ launch: ForeignLaunch, library: String) {
    operation = "start"
    reason =
      "\(launch.variable)=\(launch.size) says that \(launch.size) processes were started, but MPI sees 1, so each "
      + "would train alone; start with the mpirun of \(library), which this program was built with"
    foreignLaunch = launch
  }

  public var description: String { "\(operation): \(reason)" }
  public var exitCode: ExitCode { .launch }
}

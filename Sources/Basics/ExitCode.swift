/// The process exit codes of `ddp-train`, a contract that scripts rely on.
public enum ExitCode: Int32, Sendable, CaseIterable {
  case done = 0
  /// Wrong command line or configuration.
  case usage = 2
  /// Data or a checkpoint that is missing, damaged, or does not fit.
  case data = 3
  /// A loss or a gradient that is not finite.
  case numeric = 4
  /// Ranks were not started as one MPI job, or MPI failed.
  case launch = 5
  /// Replicas of the parameters differ between nodes or ranks.
  case replicas = 6
  /// Pre-empted by a signal; the checkpoint is complete.
  case preempted = 75

  /// A few words for `--help`.
  public var meaning: String {
    switch self {
    case .done: "done"
    case .usage: "usage or configuration"
    case .data: "data or checkpoint"
    case .numeric: "loss not finite"
    case .launch: "launch or MPI"
    case .replicas: "replicas differ"
    case .preempted: "pre-empted, checkpoint complete"
    }
  }
}

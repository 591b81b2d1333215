import Foundation

/// Runs `executable` to its end, or kills it after `timeout`.
///
/// - Parameters:
///   - executable: a path, or a name looked up on PATH.
///   - environment: changes to this process's own environment; nil removes a variable.
///   - directory: the working directory; this process's own if nil.
public func run(
  _ executable: String, _ arguments: [String] = [], environment: [String: String?] = [:], directory: String? = nil,
  timeout: Duration = .seconds(60)
) throws(ProcessError) -> FinishedProcess {
  try RunningProcess(executable, arguments, environment: environment, directory: directory).wait(timeout: timeout)
}

/// Runs `ranks` copies of `executable` under `mpirun`.
public func mpirun(
  ranks: Int, _ executable: String, _ arguments: [String] = [], environment: [String: String?] = [:],
  directory: String? = nil, timeout: Duration = .seconds(60)
) throws(ProcessError) -> FinishedProcess {
  try startMPI(ranks: ranks, executable, arguments, environment: environment, directory: directory)
    .wait(timeout: timeout)
}

/// Starts `ranks` copies of `executable` under `mpirun`, without waiting for their end.
///
/// More ranks than cores and a root user are fine; ranks are not bound to cores, so that two jobs at once share them.
public func startMPI(
  ranks: Int, _ executable: String, _ arguments: [String] = [], environment: [String: String?] = [:],
  directory: String? = nil
) throws(ProcessError) -> RunningProcess {
  let allowRoot = ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]
  return try RunningProcess(
    mpiLauncher[0], mpiLauncher.dropFirst() + ["-np", String(ranks), executable] + arguments,
    environment: environment.merging(allowRoot.mapValues { Optional($0) }) { given, _ in given },
    directory: directory)
}

/// Whether this build was made with MPICH.
public let usesMPICH = ProcessInfo.processInfo.environment["DDP_TRAIN_MPI"] == "mpich"

/// The launcher of the MPI that this build was made with, and its options: more ranks than cores, bound to none.
public let mpiLauncher =
  usesMPICH ? ["mpiexec.mpich", "-bind-to", "none"] : ["mpirun", "--oversubscribe", "--bind-to", "none"]

/// The executable `name` that this build made, found beside the running test bundle.
public func builtExecutable(_ name: String) -> String {
  let bundle = URL(filePath: CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? "/proc/self/exe")
  return bundle.resolvingSymlinksInPath().deletingLastPathComponent().appending(path: name).path
}

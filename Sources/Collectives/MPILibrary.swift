internal import COpenMPI
import Foundation

/// Turns the status of an MPI call into an error that carries the library's own text. Every call goes through here.
func check(_ operation: StaticString, _ status: Int32) throws(CollectiveError) {
  guard status != MPI_SUCCESS else { return }
  let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(MPI_MAX_ERROR_STRING) + 1) { buffer in
    var length: Int32 = 0
    buffer.initialize(repeating: 0)
    return MPI_Error_string(status, buffer.baseAddress, &length) == MPI_SUCCESS
      ? String(cString: buffer.baseAddress!) : "error \(status)"
  }
  throw CollectiveError(operation: "\(operation)", reason: text)
}

/// The MPI library of this process.
public enum MPILibrary {
  /// Joins the MPI job that this process was started in, or forms a group of one.
  ///
  /// MPI's default is to end the job inside the failing call; from here on calls return their errors instead.
  /// - Throws: where the launcher started several processes but this library sees only one, which means that
  ///   `mpirun` belongs to another MPI.
  public static func start() throws(CollectiveError) -> MPICommunicator {
    var provided: Int32 = 0
    try check("MPI_Init_thread", MPI_Init_thread(nil, nil, Int32(MPI_THREAD_FUNNELED), &provided))
    try check("MPI_Comm_set_errhandler", MPI_Comm_set_errhandler(copenmpi_comm_world(), copenmpi_errors_return()))
    let world = try MPICommunicator(copenmpi_comm_world())
    if world.size == 1, let launch = ForeignLaunch.detect(in: ProcessInfo.processInfo.environment) {
      throw CollectiveError(launch, library: version)
    }
    return world
  }

  /// Leaves the job: the last act of success, never of failure (peers in a collective would hang).
  public static func finish() throws(CollectiveError) { try check("MPI_Finalize", MPI_Finalize()) }

  /// Ends every rank of the job with `code`.
  public static func abort(_ code: Int32) -> Never {
    var isRunning: Int32 = 0
    var isOver: Int32 = 0
    MPI_Initialized(&isRunning)
    MPI_Finalized(&isOver)
    if isRunning != 0 && isOver == 0 { MPI_Abort(copenmpi_comm_world(), code) }
    exit(code)
  }

  /// Such as `Open MPI 4.1.4`.
  public static var version: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(MPI_MAX_LIBRARY_VERSION_STRING)) { buffer in
      var length: Int32 = 0
      guard MPI_Get_library_version(buffer.baseAddress, &length) == MPI_SUCCESS else { return "MPI" }
      let name = String(cString: buffer.baseAddress!).split(separator: ",")[0]
      return name.replacingOccurrences(of: " v", with: " ")
    }
  }
}

/// Traces of a launcher that started several processes.
public struct ForeignLaunch: Equatable, Sendable {
  /// The environment variable that gives it away.
  public let variable: String
  /// How many processes it says there are.
  public let size: Int
  /// This process's number among them, where the launcher tells.
  public let rank: Int?

  /// Looks for Open MPI's, MPICH's and Slurm's variables; nil where none says more than one process.
  public static func detect(in environment: [String: String]) -> ForeignLaunch? {
    let known = [
      ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"), ("PMI_SIZE", "PMI_RANK"), ("SLURM_NTASKS", "SLURM_PROCID"),
    ]
    for (variable, rank) in known {
      if let size = environment[variable].flatMap({ Int($0) }), size > 1 {
        return ForeignLaunch(variable: variable, size: size, rank: environment[rank].flatMap { Int($0) })
      }
    }
    return nil
  }
}

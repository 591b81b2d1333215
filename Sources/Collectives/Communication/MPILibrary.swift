import Basics
internal import CMPI
import Foundation
import Synchronization

/// Turns the status of an MPI call into an error that carries the library's own text. Every call goes through here.
func check(_ operation: StaticString, _ status: Int32) throws(CollectiveError) {
  guard status != MPI_SUCCESS else { return }
  let text = text(capacity: Int(MPI_MAX_ERROR_STRING)) { MPI_Error_string(status, $0, $1) }
  throw CollectiveError(operation: "\(operation)", reason: text ?? "error \(status)")
}

/// The text that an MPI call writes; nil if the call fails.
private func text(
  capacity: Int, _ call: (UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<Int32>) -> Int32
) -> String? {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
    var length: Int32 = 0
    guard call(buffer.baseAddress, &length) == MPI_SUCCESS else { return nil }
    return String(decoding: buffer.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

/// The MPI library of this process.
public enum MPILibrary {
  /// Joins the MPI job that this process was started in, or forms a group of one.
  ///
  /// By default MPI ends the job inside the failing call; from here on, calls return their errors instead.
  /// - Throws: if the launcher started several processes but this library sees only one: then `mpirun` belongs to
  ///   another MPI.
  public static func start() throws(CollectiveError) -> MPICommunicator {
    MPISurroundings.prepare()
    var provided: Int32 = 0
    try check("MPI_Init_thread", MPI_Init_thread(nil, nil, Int32(MPI_THREAD_MULTIPLE), &provided))
    try check("MPI_Comm_set_errhandler", MPI_Comm_set_errhandler(cmpi_comm_world(), cmpi_errors_return()))
    let world = try MPICommunicator(cmpi_comm_world())
    if world.size == 1, let launch = ForeignLaunch.detect(in: ProcessInfo.processInfo.environment) {
      throw CollectiveError(launch, library: version)
    }
    return world
  }

  /// Whether several threads may call the library at once.
  static var takesThreads: Bool {
    var provided: Int32 = 0
    MPI_Query_thread(&provided)
    return provided >= Int32(MPI_THREAD_MULTIPLE)
  }

  /// Leaves the job. Only after success: a failing rank that finalized would leave its peers hanging in a collective.
  ///
  /// - Parameter code: the one with which this process is about to end.
  public static func finish(_ code: Int32 = 0) throws(CollectiveError) {
    if let launch = Launch.own, launch.launcher != .openMPI { try endAnyway(code) }
    try check("MPI_Finalize", MPI_Finalize())
    hasFinished.store(true, ordering: .relaxed)
  }

  /// Ends this process if it comes to no end in a few seconds: between hosts without InfiniBand, MPICH 4.0.2 sometimes
  /// waits there for ranks that have gone on.
  private static func endAnyway(_ code: Int32) throws(CollectiveError) {
    // All have done their work.
    try check("MPI_Barrier", MPI_Barrier(cmpi_comm_world()))
    fflush(nil)
    Thread.detachDeaf {
      Thread.sleep(forTimeInterval: 3)
      guard !hasFinished.load(ordering: .relaxed) else { return }
      Launch.endHydraJob(code)
      _exit(code)
    }
  }

  /// Ends every rank of the job with `code`, and what was printed before is printed. Open MPI adds no message of its
  /// own.
  public static func abort(_ code: Int32) -> Never {
    Whereabouts.end(.failing)
    fflush(nil)
    // srun ends with that of ranks that it has killed.
    if Launch.own?.launcher == .slurm { LocalLauncher.note(code) }
    endJob(code)
    exit(code)
  }

  /// Asks the launcher to end every rank of the job with `code`. From any thread, also while another one is in a call
  /// of the library; returns only where there is no job.
  static func endJob(_ code: Int32) {
    var isOver: Int32 = 0
    MPI_Finalized(&isOver)
    guard isStarted && isOver == 0 else { return }
    Launch.endHydraJob(code)
    cmpi_abort(code)
  }

  /// Whether `start` was called, with whatever result.
  public static var isStarted: Bool {
    var isStarted: Int32 = 0
    MPI_Initialized(&isStarted)
    return isStarted != 0
  }

  /// Such as `Open MPI 4.1.4` or `MPICH 4.0.2`.
  public static var version: String {
    let text = text(capacity: Int(MPI_MAX_LIBRARY_VERSION_STRING)) { MPI_Get_library_version($0, $1) }
    let first = text?.prefix { $0 != "," && $0 != "\n" }.replacingOccurrences(of: " v", with: " ")
    return first?.replacingOccurrences(of: " Version:\t", with: " ") ?? "MPI"
  }
}

/// Whether this process has left the job.
private let hasFinished = Atomic<Bool>(false)

/// Evidence of a launcher that started several processes.
public struct ForeignLaunch: Equatable, Sendable {
  /// The environment variable that shows it.
  public let variable: String
  /// The number of processes according to that variable.
  public let size: Int
  /// This process's number among them, if the launcher gives one.
  public let rank: Int?

  /// nil if no launcher's variables indicate more than one process.
  public static func detect(in environment: [String: String]) -> ForeignLaunch? {
    Launch.all(in: environment).first { ($0.size ?? 1) > 1 }.map {
      ForeignLaunch(variable: $0.sizeVariable, size: $0.size ?? 1, rank: $0.rank)
    }
  }
}

public import Collectives
public import Basics
import Foundation

/// The frame of a program whose processes are the ranks of an MPI job: joins the job, and turns what is thrown into one
/// line on standard error and an exit code on every rank.
///
/// ```swift
/// DistributedProgram.run { ranks in
///   try TrainingRun(TrainArguments(CommandLine.arguments.dropFirst()), ranks: ranks).run().exitCode
/// }
/// ```
public enum DistributedProgram {
  /// Runs `body` on every rank of the job, then ends the process; without `mpirun` it is a job of one rank.
  ///
  /// - Parameters:
  ///   - name: what lines of error begin with.
  ///   - body: is given the ranks; its result becomes the exit code.
  public static func run(
    named name: String = ownName, _ body: (_ ranks: MPICommunicator) throws -> ExitCode
  ) -> Never {
    main(named: name) { try withMPI(body) }
  }

  /// Runs `body`, which may call `withMPI` once, then ends the process: for programs that also do things without a job.
  public static func main(named name: String = ownName, _ body: () throws -> ExitCode) -> Never {
    do { exit(try body().rawValue) } catch { fail(error, name) }
  }

  /// Runs `body` inside the MPI job. MPI is finalized on success alone: a rank that finalizes while others wait would
  /// hang them.
  public static func withMPI<Result>(_ body: (_ ranks: MPICommunicator) throws -> Result) throws -> Result {
    let ranks = try Machine.joinJob()
    let result = try body(ranks)
    try MPILibrary.finish()
    return result
  }

  /// The name that this program was started under, without its directory.
  public static var ownName: String { URL(fileURLWithPath: CommandLine.arguments.first ?? "program").lastPathComponent }

  /// Prints the error once for the whole job and ends it on every rank.
  ///
  /// Most errors are met by all ranks alike. Rank 0 reports at once; another rank gives it time to do so and to end the
  /// job, and reports only if it is still alive then, because the error is its own.
  private static func fail(_ error: any Error, _ name: String) -> Never {
    let code = ((error as? any UserFacingError)?.exitCode ?? .data).rawValue
    let rank = launchedRank
    if let rank, rank != 0 {
      // Without a shared job every copy fails the same way, and no one aborts the others.
      if (error as? CollectiveError)?.foreignLaunch != nil { exit(code) }
      // The launcher ends this rank with SIGTERM, which a training run treats as a request for a checkpoint.
      signal(SIGTERM, SIG_DFL)
      Thread.sleep(forTimeInterval: 2)
    }
    let place = rank.map { $0 == 0 ? "" : "[rank \($0)] " } ?? ""
    let text = (error as? any UserFacingError)?.description ?? "\(error)"
    Output.printError("\(name): \(place)\(text)")
    // Without a launcher there is no other process to end, and MPI_Abort would print a paragraph of its own.
    guard rank != nil else { exit(code) }
    MPILibrary.abort(code)
  }

  /// This process's number in the job, as its launcher says; nil without a launcher.
  private static var launchedRank: Int? {
    let environment = ProcessInfo.processInfo.environment
    return ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID"].lazy.compactMap { environment[$0].flatMap { Int($0) } }
      .first
  }
}

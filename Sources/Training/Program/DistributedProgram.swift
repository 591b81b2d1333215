public import Collectives
public import Basics
import Foundation
import Synchronization

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
    handleCrashes(name)
    StopSignal.install()
    programName = name
    do { exit(try body().rawValue) } catch { fail(error, name) }
  }

  /// Runs `body` inside the MPI job. MPI is finalized on success alone: a rank that finalizes while others wait would
  /// hang them.
  public static func withMPI(_ body: (_ ranks: MPICommunicator) throws -> ExitCode) throws -> ExitCode {
    try withMPI(joining: Machine.joinJob, body)
  }

  /// The same for ranks that come together in another way.
  package static func withMPI(
    joining join: () throws -> MPICommunicator, _ body: (_ ranks: MPICommunicator) throws -> ExitCode
  ) throws -> ExitCode {
    if launchedRank != nil { limitStart() }
    let ranks = try join()
    try Watchdog.start(ranks, program: programName, isLaunched: launchedRank != nil)
    isWatched.store(true, ordering: .relaxed)
    let code = try body(ranks)
    Whereabouts.end(.done)
    if code != .done, isUnderMPIRun {
      // All is written and said. `mpirun` would comment on the code of a rank that has finalized.
      if !ranks.isRoot { waitToBeEnded(atMost: .seconds(10)) }
      MPILibrary.abort(code.rawValue)
    }
    try MPILibrary.finish(code.rawValue)
    return code
  }

  /// Ends this process if the ranks of the job have not come together in time: before that nobody knows who is missing.
  private static func limitStart() {
    let seconds = ProcessInfo.processInfo.environment["DDP_TRAIN_START_SECONDS"].flatMap { Double($0) } ?? 300
    guard seconds > 0 else { return }
    Thread.detachDeaf {
      // Under MPICH's launcher nothing tells a rank whether another one has spoken: the first one ends the job.
      let turn = Launch.own?.launcher == .hydra ? Double(min(launchedRank ?? 0, 10)) : 0
      Thread.sleep(forTimeInterval: seconds + turn)
      guard !isWatched.load(ordering: .relaxed) else { return }
      if isFirstToFail() {
        Output.printError(
          "\(prefix(programName))has waited \(shortTime(seconds)) for the other ranks of the job at its start: look "
            + "for a process that is stopped, and for a host that does not answer (DDP_TRAIN_START_SECONDS)")
      }
      Launch.endHydraJob(ExitCode.launch.rawValue)
      _exit(ExitCode.launch.rawValue)
    }
  }

  /// The same for what exchanges little: a process that no launcher has started computes alone, without MPI, whose
  /// start and end take a quarter of a second.
  package static func withRanks(_ body: (_ ranks: any Communicator) throws -> ExitCode) throws -> ExitCode {
    guard launchedRank == nil, ForeignLaunch.detect(in: ProcessInfo.processInfo.environment) == nil else {
      return try withMPI { try body($0) }
    }
    try Machine.prepare()
    return try body(SingleProcess())
  }

  /// What lines of error begin with.
  nonisolated(unsafe) private static var programName = ownName
  /// What this process does, in a word or two; all ranks of a job have to do the same.
  nonisolated(unsafe) package static var command = "a program of its own"

  /// The name that this program was started under, without its directory.
  public static var ownName: String { URL(fileURLWithPath: CommandLine.arguments.first ?? "program").lastPathComponent }

  /// Prints the error once for the whole job and ends it on every rank.
  ///
  /// Most errors are met by all ranks alike. Rank 0 reports at once; another rank gives it time to do so and to end the
  /// job, and reports only if it is still alive then, because the error is its own.
  private static func fail(_ error: any Error, _ name: String) -> Never {
    Whereabouts.end(.failing)
    let code = (error as? any UserFacingError)?.exitCode ?? .data
    let rank = launchedRank
    let line = prefix(name) + ((error as? any UserFacingError)?.description ?? "\(error)")
    if let rank {
      // A wrong command line, which all ranks have alike.
      if code == .usage { joinJob(orReport: line, code) }
      if rank != 0 {
        // Without a shared job every copy fails the same way, and no one aborts the others.
        if (error as? CollectiveError)?.foreignLaunch != nil { exit(code.rawValue) }
        waitToBeEnded(atMost: .seconds(2))
      }
      if !isFirstToFail() || Watchdog.current?.claimLastWord() == false {
        waitToBeEnded(atMost: .seconds(30))
        MPILibrary.abort(code.rawValue)
      }
    }
    Output.printError(line)
    // Without a launcher there is no other process to end.
    guard rank != nil else { exit(code.rawValue) }
    MPILibrary.abort(code.rawValue)
  }

  /// Has this rank in the job, as only there it can end the job without a comment of `mpirun`. Where not all ranks
  /// come, it reports and ends alone.
  private static func joinJob(orReport line: String, _ code: ExitCode) {
    guard isUnderMPIRun, !MPILibrary.isStarted else { return }
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: 5)
      guard !hasJoined.load(ordering: .relaxed) else { return }
      Output.printError(line)
      _exit(code.rawValue)
    }
    _ = try? MPILibrary.start()
    hasJoined.store(true, ordering: .relaxed)
  }

  /// Gives another rank time to end the job, and with it this process. Where the launcher has begun to end it, its slow
  /// ways are waited for too.
  private static func waitToBeEnded(atMost patience: Duration) {
    // In training a request to write a checkpoint.
    signal(SIGTERM, SIG_DFL)
    _ = StopSignal.takeContinuation()
    var end = ContinuousClock.now + patience
    while ContinuousClock.now < end {
      Thread.sleep(forTimeInterval: 0.02)
      if StopSignal.takeContinuation() { end = .now + .seconds(30) }
    }
  }

  /// Whether no other rank of this node has reported an error. Open MPI removes the job's directory at its end.
  private static func isFirstToFail() -> Bool {
    guard let directory = ProcessInfo.processInfo.environment["OMPI_MCA_orte_jobfam_session_dir"] else { return true }
    let file = open(directory + "/ddp-train-failed", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard file >= 0 else { return errno != EEXIST }
    close(file)
    return true
  }

  /// Makes a crash one line on standard error too.
  private static func handleCrashes(_ name: String) {
    let product = "ddp-train \(programVersion)"
    CrashHandler.install(
      prefix: prefix(name), product: name == "ddp-train" ? product : "\(name), or of \(product) in it",
      waits: (launchedRank ?? 0) != 0)
  }

  /// What lines of error begin with.
  private static func prefix(_ name: String) -> String {
    let place = launchedRank.map { $0 == 0 ? "" : "[rank \($0)] " } ?? ""
    return "\(name): \(place)"
  }

  /// This process's number in the job, as its launcher says; nil without a launcher.
  static var launchedRank: Int? { Launch.own?.rank }

  /// Whether this process is a job's first rank, or no job's.
  package static var isFirst: Bool { (launchedRank ?? 0) == 0 }

  private static var isUnderMPIRun: Bool { Launch.own?.isMPIRun == true }
}

/// Whether an attempt to join the job has come to its end.
private let hasJoined = Atomic<Bool>(false)
/// Whether the ranks have come together.
private let isWatched = Atomic<Bool>(false)

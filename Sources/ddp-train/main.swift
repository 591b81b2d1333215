import Checkpointing
import Collectives
import Configuration
import Diagnostics
import Foundation
import Training

// Parses the command line, runs one command, and turns what it throws into one line and the documented exit code.

do {
  exit(try run(Command.parse(Array(CommandLine.arguments.dropFirst()))).rawValue)
} catch {
  fail(error)
}

func run(_ command: Command) throws -> ExitCode {
  switch command {
  case .train(let arguments):
    // A wrong configuration is found before MPI starts, so that no job has to be aborted for it.
    _ = try arguments.configuration()
    return try withMPI { ranks in try TrainingRun(arguments, ranks: ranks).run() }
  case .rangeTest(let arguments):
    _ = try arguments.train.configuration()
    return try withMPI { ranks in
      try RangeTestRun.run(arguments, ranks: ranks)
      return .done
    }
  case .evaluate(let arguments):
    return try withMPI { ranks in
      try EvaluationRun.run(arguments, ranks: ranks)
      return .done
    }
  case .predict(let arguments):
    return try withMPI { ranks in
      try PredictionRun.run(arguments, ranks: ranks)
      return .done
    }
  case .generate(let arguments): try GenerationRun.run(arguments)
  case .verify(let checkpoint): try VerificationRun.run(checkpoint)
  case .data(let arguments): return try DataCommand.run(arguments)
  case .help(let topic): print(topic.text)
  case .version: print("ddp-train \(programVersion)")
  }
  return .done
}

/// Runs `body` inside the MPI job. MPI is finalized on success alone.
func withMPI(_ body: (MPICommunicator) throws -> ExitCode) throws -> ExitCode {
  let ranks = try MPILibrary.start()
  let code = try body(ranks)
  try MPILibrary.finish()
  return code
}

/// Prints the error once for the whole job and ends it on every rank.
///
/// Most errors are met by all ranks alike. Rank 0 speaks at once; another rank gives it time to do so and to end the job, and speaks only if
/// it is still alive then, because the error is its own.
func fail(_ error: any Error) -> Never {
  let code = ((error as? any UserFacingError)?.exitCode ?? .data).rawValue
  let rank = launchedRank()
  if let rank, rank != 0 {
    // Copies that do not know of each other all meet the same error; nobody ends them.
    if (error as? CollectiveError)?.operation == "start" { exit(code) }
    // The launcher ends this rank with SIGTERM, which a training run takes as the wish for a checkpoint.
    signal(SIGTERM, SIG_DFL)
    Thread.sleep(forTimeInterval: 2)
  }
  let place = rank.map { $0 == 0 ? "" : "[rank \($0)] " } ?? ""
  let text = (error as? any UserFacingError)?.description ?? "\(error)"
  FileHandle.standardError.write(Data("ddp-train: \(place)\(text)\n".utf8))
  // Without a launcher there is nobody else to end, and MPI_Abort would print a paragraph of its own.
  guard rank != nil else { exit(code) }
  MPILibrary.abort(code)
}

/// This process's number in the job, as far as a launcher tells; nil without one.
func launchedRank() -> Int? {
  let environment = ProcessInfo.processInfo.environment
  return ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID"].lazy.compactMap { environment[$0].flatMap { Int($0) } }
    .first
}

import Configuration
import Basics
import Training

// Parses the command line and runs one command.

DistributedProgram.main(named: "ddp-train") { try run(Command.parse(Array(CommandLine.arguments.dropFirst()))) }

func run(_ command: Command) throws -> ExitCode {
  switch command {
  case .train(let arguments):
    // A wrong configuration is found before MPI starts, so that no job has to be aborted for it.
    _ = try arguments.configuration()
    return try DistributedProgram.withMPI { try TrainingRun(arguments, ranks: $0).run() }
  case .rangeTest(let arguments):
    _ = try arguments.train.configuration()
    try DistributedProgram.withMPI { try RangeTestRun.run(arguments, ranks: $0) }
  case .evaluate(let arguments): try DistributedProgram.withMPI { try EvaluationRun.run(arguments, ranks: $0) }
  case .predict(let arguments): try DistributedProgram.withMPI { try PredictionRun.run(arguments, ranks: $0) }
  case .generate(let arguments): try GenerationRun.run(arguments)
  case .verify(let checkpoint): try VerificationRun.run(checkpoint)
  case .data(let arguments): return try DataCommand.run(arguments)
  case .help(let topic): print(topic.text)
  case .version: print("ddp-train \(programVersion)")
  }
  return .done
}

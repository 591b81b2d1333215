import Basics
import Training
import Settings

/// `train`: trains, tests, and keeps records and checkpoints.
package struct Train: Command {
  package static let name = "train"
  package static let operands = "[CONFIG.json5] [options]"
  package static let isDistributed = true
  package static let summary = "trains; the default command"
  package static let discussion =
    "Defaults give way to the file, the file to --set and options, in the order given."
  package static let options = TrainArguments.options.map { $0.lifted(\Train.arguments) }
  package static var sections: [HelpSection] { [TrainingConfiguration.topicsSection] }

  package var arguments = TrainArguments()

  package init() {}

  package mutating func take(_ words: [String]) throws(SettingsError) { try arguments.take(words, of: Self.name) }

  package func run() throws -> ExitCode {
    // A wrong configuration is found before MPI starts, so that no job has to be aborted for it.
    _ = try arguments.configuration()
    return try DistributedProgram.withMPI { ranks in
      let run = try TrainingRun(arguments, ranks: ranks)
      run.keepsEpochs = false
      return try run.run().exitCode
    }
  }
}

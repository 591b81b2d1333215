import Basics
import Experiments
import Settings
import Training

/// `compare`: trains several configurations with several seeds each, and holds them against each other.
package struct Compare: Command {
  package static let name = "compare"
  package static let operands = "STUDY.json5 [options]"
  package static let isDistributed = true
  package static let summary = "holds configurations against each other"
  package static let discussion = """
    Trains every configuration of the study with every seed, side by side on groups of ranks, and prints one table: \
    mean and standard deviation, the best marked, and whether the others are worse by more than chance. It gives the \
    same on any number of ranks, and goes on after a kill where it was.
    """
  package static let options: [Option<Compare>] =
    [Option("--seeds", \.seeds, "N", .closed(1, 10_000), default: "by the study, or 3", "seeds of each configuration")]
    + StudyOptions.options.map { $0.lifted(\.study) }

  package static var sections: [HelpSection] { CompareHelp.sections }

  package var study = StudyOptions()
  package var seeds: Int?
  package var file = ""

  package init() {}

  package mutating func take(_ words: [String]) throws(SettingsError) {
    try ScannedArguments.check(words, atMost: 1, of: Self.name)
    guard let word = words.first else {
      throw SettingsError("\(Self.name): expected a study file, as in ddp-train compare STUDY.json5 --run DIR")
    }
    file = word
    try study.check()
  }

  package func run() throws -> ExitCode {
    // A wrong study is found before MPI starts, so that no job has to be aborted for it.
    let study = try CompareStudy(file: file, options: study, seeds: seeds)
    return try DistributedProgram.withMPI { try CompareRun(study, options: self.study, ranks: $0).run() }
  }
}

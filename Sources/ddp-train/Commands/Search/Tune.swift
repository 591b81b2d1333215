import Basics
import Experiments
import Settings
import Training

/// `tune`: searches the keys of a configuration for the values that train best.
package struct Tune: Command {
  package static let name = "tune"
  package static let operands = "STUDY.json5 [options]"
  package static let isDistributed = true
  package static let summary = "searches for the best values of any keys"
  package static let discussion = """
    Trains one configuration after the other, with values of the study's space that the results so far speak for, side \
    by side on groups of ranks; writes study.jsonl, study.html and best.json5, which is ready to train. A study gives \
    the same trials and the same best on any number of ranks, and goes on after a kill where it was.
    """
  package static let options: [Option<Tune>] =
    [
      Option("--trials", \.trials, "N", .atLeast(1), default: "by the study, or 20", "most trials in all"),
      Option(
        "--minutes", \.minutes, "M", .above(0), default: "no limit",
        "no generation begins after so many of this start"),
    ] + StudyOptions.options.map { $0.lifted(\.study) }

  package static var sections: [HelpSection] { TuneHelp.sections }

  package var study = StudyOptions()
  package var trials: Int?
  package var minutes: Double?
  package var file = ""

  package init() {}

  package mutating func take(_ words: [String]) throws(SettingsError) {
    try ScannedArguments.check(words, atMost: 1, of: Self.name)
    guard let word = words.first else {
      throw SettingsError("\(Self.name): expected a study file, as in ddp-train tune STUDY.json5 --run DIR")
    }
    file = word
    try study.check()
  }

  package func run() throws -> ExitCode {
    // A wrong study is found before MPI starts, so that no job has to be aborted for it.
    let study = try TuneStudy(file: file, options: study, trials: trials, minutes: minutes)
    return try DistributedProgram.withMPI { try TuneRun(study, options: self.study, ranks: $0).run() }
  }
}

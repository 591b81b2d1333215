import Basics
import Experiments
import Settings
import Training

/// `cross-validate`: trains and tests every fold of the training split.
package struct CrossValidate: Command {
  package static let name = "cross-validate"
  package static let operands = "[CONFIG.json5] [options]"
  package static let isDistributed = true
  package static let summary = "trains and tests on each fold of the training split"
  package static let discussion =
    "Divides the training split into folds, trains on all but one and tests on that one, for each fold, side by side "
    + "on groups of ranks. Scaling is fitted inside each fold. The test split of the data is not read; its validation "
    + "split, or data.validation of a fold's training samples, chooses the epoch that is tested. Takes the options of "
    + "train."
  package static let options =
    [
      setting("--folds", "K", "count", FoldSettings().count, "folds, at least 2"),
      flag("--stratify", "scheme", "stratified", "every fold has its share of each class; the default for classes"),
      setting("--group", "PATH", "group", nil, "dataset or column of group ids; no group is in two folds"),
      flag(
        "--time", "scheme", "time", "each fold tests what comes behind its training samples, in the order of the file"),
      setting("--gap", "N", "gap", 0, "samples left out in front of a test, with --time"),
      flag("--leave-one-out", "scheme", "leave_one_out", "as many folds as samples"),
      setting("--folds-from", "PATH", "given", nil, "dataset of the fold of each sample"),
      flag("--no-shuffle", "shuffle", false, "deals the samples in the order of the file"),
      setting("--repeats", "R", "repeats", 1, "divisions, each with the next seed"),
      Option(
        "--ranks-per-fold", \CrossValidate.ranksPerFold, "N", .atLeast(1), default: "fewest",
        "ranks of a group; all, where those are fewer"),
    ] + TrainArguments.options.map { $0.lifted(\CrossValidate.arguments) }
  package static var sections: [HelpSection] { [TrainingConfiguration.topicsSection] }

  package var arguments = TrainArguments()
  package var ranksPerFold: Int?

  package init() {}

  package mutating func take(_ words: [String]) throws(SettingsError) {
    try arguments.take(words, of: Self.name)
    // The last one would win, unsaid.
    let schemes = [
      "stratified": "--stratify", "time": "--time", "leave_one_out": "--leave-one-out",
      "given": "--folds-from",
    ]
    var chosen = arguments.settings.compactMap { setting -> String? in
      switch setting.path {
      case "folds.scheme": setting.value.plainText.flatMap { schemes[$0] }
      case "folds.given": schemes["given"]
      default: nil
      }
    }
    if arguments.settings.contains(where: { $0.path == "folds.count" }),
      chosen.contains(where: { ["--leave-one-out", "--folds-from"].contains($0) })
    {
      chosen.append("--folds")
    }
    if let first = chosen.first, let other = chosen.first(where: { $0 != first }) {
      throw SettingsError("\(Self.name): \(first) and \(other) divide in different ways; give one of the two")
    }
  }

  package func run() throws -> ExitCode {
    let configuration = try arguments.configuration()
    return try DistributedProgram.withMPI { ranks in
      var run = CrossValidationRun(configuration)
      run.ranksPerFold = ranksPerFold
      return try run.run(on: ranks).exitCode
    }
  }

  // MARK: Options that set keys of `folds`

  private static func setting(
    _ name: String, _ placeholder: String, _ key: String, _ standard: Int?, _ help: String
  ) -> Option<CrossValidate> {
    Option(OptionSpelling(name, placeholder, key: "folds.\(key)", help), default: standard.map(String.init)) {
      command, text throws(SettingsError) in
      let value: JSONValue
      if standard == nil {
        value = .string(text)
      } else {
        value = .integer(try JSONValue(commandLineText: text).requireInteger(name, in: .any))
      }
      command.arguments.settings.append(.init(path: "folds.\(key)", value: value))
    }
  }

  private static func flag(_ name: String, _ key: String, _ value: JSONValue, _ help: String) -> Option<CrossValidate> {
    Option(OptionSpelling(name, "", key: "folds.\(key)", help)) { command, _ in
      command.arguments.settings.append(.init(path: "folds.\(key)", value: value))
    }
  }
}

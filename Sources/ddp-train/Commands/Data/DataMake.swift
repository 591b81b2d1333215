import Basics
import DataTools
import Settings

/// `data make`: synthetic data from a seed.
package struct DataMake: Command {
  package static let name = "data make"
  package static let operands = "KIND --output F.h5 [options]"
  package static var summary: String {
    "synthetic data: \(SyntheticDataSets.all.map { $0.name }.joined(separator: ", "))"
  }
  package static let discussion = "Makes a data set from a seed: /train/x, /train/y, /test/x, /test/y."
  package static let options = [
    Option("--output", \DataMake.output, "F.h5", "the file to write; required"),
    Option("--seed", \DataMake.seed, "N", "decides every random choice"),
    Option(
      "--test", \DataMake.testFraction, "FRACTION", .halfOpen(0, 1), "of the samples; 0 for no test split"),
    Option("--gzip", \DataMake.gzip, "N", .closed(0, 9), "compresses in chunks of rows; 0: contiguous"),
  ]

  package var output: String?
  package var seed: UInt64 = 0
  package var testFraction = 0.2
  package var gzip = 0
  package var kind: any SyntheticData = LinearData()

  package static var firstWords: [String] { SyntheticDataSets.all.map { $0.name } }
  package static var completedOptions: [OptionSpelling] { optionHelp + recipeOptions(SyntheticDataSets.all) }

  package init() {}

  package static func help(for arguments: [String]) -> String {
    let chosen = SyntheticDataSets.all.filter { arguments.first == $0.name }
    return help(optionHelp, (chosen.isEmpty ? SyntheticDataSets.all : chosen).map { $0.helpSection(of: name) })
  }

  package static func parse(_ arguments: [String]) throws -> DataMake {
    let scanned = try ScannedArguments(
      arguments, of: name, options: optionHelp + recipeOptions(SyntheticDataSets.all))
    let type = try chosen(SyntheticDataSets.all, scanned.words.first, "kind", of: name)
    var command = DataMake()
    command.kind = try type.init(command.read(scanned.options), of: name)
    try command.take(Array(scanned.words.dropFirst()))
    return command
  }

  package mutating func take(_ words: [String]) throws(SettingsError) {
    try ScannedArguments.check(words, atMost: 0, of: Self.name)
    guard output != nil else { throw SettingsError("\(Self.name): expected --output F.h5, the file to write") }
  }

  package func run() throws -> ExitCode {
    guard let output else { preconditionFailure("take asks for the output") }
    try Output.print(
      kind.make(output: output, seed: seed, testFraction: testFraction, gzip: gzip).description)
    return .done
  }
}

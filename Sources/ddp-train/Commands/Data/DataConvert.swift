import Basics
import DataPipeline
import DataTools
import Settings
import Training

/// `data convert`: makes HDF5 of other formats.
package struct DataConvert: Command {
  package static let name = "data convert"
  package static let operands = "FORMAT SOURCE… --output F.h5 [options]"
  package static var summary: String { "to HDF5 from \(DataFormats.all.map { $0.name }.joined(separator: ", "))" }
  package static let discussion =
    "Converts a data set to HDF5: /train/x, /train/y and, if there is a test split, /test/x, /test/y."
  package static let options = [
    Option(
      "--output", \DataConvert.output, "F.h5", "the file to write, once complete; replaces an older one; required"),
    Option(
      "--gzip", \DataConvert.gzip, "N", .closed(0, 9),
      "compresses in chunks of rows, with shuffle; 0: contiguous, fastest to read"),
    Option(
      "--like", \DataConvert.like, "FILE|RUN",
      "makes it as an earlier output, or as the data that a checkpoint or run was trained on: by its names and rules; "
        + "labels may be missing then"),
  ]

  package var output: String?
  package var gzip = 0
  package var like: String?
  package var format: any DataFormat = IDXFormat()
  package var sources: [String] = []

  package static var firstWords: [String] { DataFormats.all.map { $0.name } }
  package static var completedOptions: [OptionSpelling] { optionHelp + recipeOptions(DataFormats.all) }

  package init() {}

  package static func help(for arguments: [String]) -> String {
    let chosen = DataFormats.all.filter { arguments.first == $0.name }
    return help(optionHelp, (chosen.isEmpty ? DataFormats.all : chosen).map { $0.helpSection(of: name) })
  }

  package static func parse(_ arguments: [String]) throws -> DataConvert {
    let scanned = try ScannedArguments(
      arguments, of: name, options: optionHelp + recipeOptions(DataFormats.all))
    if let word = scanned.words.first, let detour = DataFormats.detour(word) {
      throw SettingsError("\(name): \(word) is not read by itself; \(detour), then data convert csv")
    }
    let type = try chosen(DataFormats.all, scanned.words.first, "format", of: name)
    var command = DataConvert()
    command.format = try type.init(command.read(scanned.options), of: name)
    try command.take(Array(scanned.words.dropFirst()))
    return command
  }

  package mutating func take(_ words: [String]) throws(SettingsError) {
    sources = words
    guard output != nil else { throw SettingsError("\(Self.name): expected --output F.h5, the file to write") }
  }

  package func run() throws -> ExitCode {
    guard let output else { preconditionFailure("take asks for the output") }
    var format = format
    var inputs: [String] = []
    if let like {
      let earlier = try DataPreparation(like: like)
      try format.follow(earlier)
      inputs = [like, earlier.owner]
    }
    let written = try Self.showingProgress {
      try format.convert(sources, output: output, inputs: inputs, gzip: gzip, progress: $0)
    }
    try Output.print(written.description)
    return .done
  }
}

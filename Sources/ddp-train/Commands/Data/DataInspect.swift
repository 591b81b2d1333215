import Basics
import DataTools
import Settings
import Training

/// `data inspect`: shapes, ranges and class counts of a data set, and what spoils training on it.
package struct DataInspect: Command {
  package static let name = "data inspect"
  package static let operands = "F.h5 [options]"
  package static let summary = "shapes, ranges, class counts, and what spoils training"
  package static let discussion = """
    Prints splits, shapes, types, storage, ranges and class counts of a data set, and warns of what spoils training: \
    NaN and infinite values, constant features, class imbalance, labels out of range, missing classes, repeated \
    samples, and samples of the test or validation split that also stand in the training split. Warnings leave the \
    exit code 0.
    """
  package static let options = [
    Option(
      "--features", \DataInspect.features, "PATH", default: "by name", "the features inside the file"),
    Option("--labels", \DataInspect.labels, "PATH", default: "by name", "the labels beside --features"),
    Option(
      "--samples-axis", \DataInspect.samplesAxis, "N", default: "0", "the axis of the samples, -1 for the last"),
    Option(
      "--grid", \DataInspect.grid, "FILE.png", default: "none",
      "a picture of samples as the model is given them, with labels and boxes"),
    Option(flag: "--json", \DataInspect.json, "the report as JSON"),
  ]

  package var file = ""
  package var features: String?
  package var labels: String?
  package var samplesAxis: Int?
  package var grid: String?
  package var json = false

  package init() {}

  package mutating func take(_ words: [String]) throws(SettingsError) {
    try ScannedArguments.check(words, atMost: 1, of: Self.name)
    guard let word = words.first else { throw SettingsError("\(Self.name): expected an HDF5 file") }
    file = word
    guard labels == nil || features != nil else {
      throw SettingsError("\(Self.name): --labels needs --features beside it")
    }
  }

  package func run() throws -> ExitCode {
    let sheet = try grid.map { path throws in
      try OutputTarget.check([OutputTarget("--grid", path, .png)], inputs: [file])
      return try SampleGrid(ofData: file, features: features, labels: labels)
    }
    let report = try Self.showingProgress {
      try DataInspection.inspect(
        path: file, features: features, labels: labels, samplesAxis: samplesAxis, progress: $0)
    }
    if let grid { try sheet?.write(to: grid) }
    try Output.print(json ? report.json.text : report.description)
    return .done
  }
}

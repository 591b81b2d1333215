import Basics
import Collectives
import DataTools
import Settings
import Training

/// `predict`: writes what a checkpoint makes of every sample of a split, or of rows from standard input.
package struct Predict: Command {
  package static let name = "predict"
  package static let operands = "CHECKPOINT --data FILE --output FILE [options]"
  package static let isDistributed = true
  package static let summary = "writes predictions"
  package static let discussion = """
    Writes logits, probabilities and classes (and boxes), or values, for every sample of a split, in its order. \
    Values of a reconstruction are scaled as the model's input is. Columns of features are matched to the model's by \
    name; the attributes 'columns' and 'classes' of an HDF5 output name its own. A line of CSV or JSON Lines has the \
    row's number, its id where the data set has ids beside the features, the class by its name and the probabilities, \
    or the values in their own units.
    """
  package static let options = [
    Option(
      "--data", \Predict.arguments.data, "FILE",
      "HDF5 file, directory, glob or text list of files; files as those that the model's data were converted from, "
        + "such as new.csv or a directory of pictures; or - for rows of CSV from standard input; required"),
    Option(
      "--output", \Predict.arguments.output, "FILE",
      "F.h5, F.csv or F.jsonl, which decides the form, or - for standard output; required"),
    Option("--split", \Predict.arguments.split, "train|val|test", default: "test", "the part of the data"),
    Option(
      "--top", \Predict.arguments.top, "K", .atLeast(1), "the K likeliest classes of each row instead of all in order"),
    Option(
      "--grid", \Predict.arguments.grid, "FILE.png", default: "none",
      "a picture of samples as the model is given them, with what it makes of them"),
    Option("--format", \Predict.arguments.format, "FORM", default: "by the name, or csv", "of the output"),
  ]

  package var arguments = PredictArguments(checkpoint: "", data: "", output: "")

  package init() {}

  package mutating func take(_ words: [String]) throws(SettingsError) {
    arguments.checkpoint = try Self.checkpoint(words)
    guard !arguments.data.isEmpty else {
      throw SettingsError("predict: expected --data FILE, the samples to predict")
    }
    guard arguments.grid == nil || !arguments.readsInput else {
      throw SettingsError("predict: --grid shows samples of files; give --data FILE")
    }
    guard !arguments.output.isEmpty else {
      throw SettingsError("predict: expected --output FILE, the file to write")
    }
  }

  package func run() throws -> ExitCode {
    try DistributedProgram.withRanks { ranks in
      guard arguments.readsInput else {
        let result = try Self.showingProgress(isShown: ranks.isRoot && !arguments.writesOutput) {
          try predictFiles(ranks, $0)
        }
        try report(result, isRoot: ranks.isRoot)
        return .done
      }
      // Standard input has one reader.
      if ranks.isRoot { try report(try predictInput(), isRoot: true) }
      try ranks.barrier()
      return .done
    }
  }

  private func predictFiles(
    _ ranks: any Communicator, _ progress: @escaping (Double) -> Void
  ) throws -> PredictionRun.Result {
    try arguments.checkOutput()
    let data = try ForeignData(
      arguments.data, for: arguments.checkpoint, ranks, isForPrediction: true, progress: progress)
    defer { data.remove() }
    var arguments = arguments
    arguments.data = data.path
    var result = try data.saying { try PredictionRun.run(arguments, ranks: ranks, progress: progress) }
    (result.data, result.remarks) = (data.name, data.notes + result.remarks.map(data.said))
    return result
  }

  private func predictInput() throws -> PredictionRun.Result {
    let name = "standard input"
    let prediction = try StreamedPrediction(arguments, called: name)
    let input = PredictArguments.standardInput
    let words = [
      input: name, "name the encoding that the file has with --encoding": "give it in UTF-8, as iconv makes it",
    ]
    return try Failure.replacing(words) {
      let table = try FeatureTable(
        path: input, called: name, columns: prediction.columns, count: prediction.featureCount,
        names: prediction.names, of: prediction.model)
      for remark in table.remarks { Output.printError("ddp-train: warning: \(remark)") }
      let result = try prediction.run(idName: table.idName) { try table.next($0) }
      for remark in table.closingRemarks { Output.printError("ddp-train: warning: \(remark)") }
      return result
    }
  }

  /// Says what was done, on standard error where standard output has the predictions.
  private func report(_ result: PredictionRun.Result, isRoot: Bool) throws {
    guard isRoot else { return }
    for remark in result.remarks { Output.printError("ddp-train: warning: \(remark)") }
    let named = result.names.map { ": " + listing($0, limit: 20) } ?? ""
    let rate = result.seconds > 0 ? Double(result.rows) / result.seconds : 0
    let source = [result.data, result.split].filter { !$0.isEmpty }.joined(separator: " ")
    let pace = "\(shortTime(result.seconds)), \(grouped(Int(rate.rounded()))) samples/s"
    let rows = "\(plural(result.rows, "row")) of \(source)"
    if arguments.writesOutput {
      Output.printError("ddp-train: \(rows) in \(pace)")
    } else {
      try Output.print("\(arguments.output): predictions for \(rows)\(named) (\(pace))")
    }
  }
}

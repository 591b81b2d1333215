import Basics
import Settings
import Training

/// `predict`: writes what a checkpoint makes of every sample of a split.
package struct Predict: Command {
  package static let name = "predict"
  package static let operands = "CHECKPOINT --data FILE --output OUT.h5 [options]"
  package static let isDistributed = true
  package static let summary = "writes predictions"
  package static let discussion = """
    Writes logits, probabilities and classes (and boxes), or values, for every sample of a split, in its order. \
    Values of a reconstruction are scaled as the model's input is. Columns of features are matched to the model's by \
    name; the attributes 'columns' and 'classes' of the output name its own.
    """
  package static let options = [
    Option("--data", \Predict.arguments.data, "FILE", "HDF5 file, directory, glob or text list of files; required"),
    Option("--output", \Predict.arguments.output, "OUT.h5", "HDF5 file to write; required"),
    Option("--split", \Predict.arguments.split, "NAME", default: "test", "train, val or test"),
  ]

  package var arguments = PredictArguments(checkpoint: "", data: "", output: "")

  package init() {}

  package mutating func take(_ words: [String]) throws(SettingsError) {
    arguments.checkpoint = try Self.checkpoint(words)
    guard !arguments.data.isEmpty else {
      throw SettingsError("predict: expected --data FILE, the samples to predict")
    }
    guard !arguments.output.isEmpty else {
      throw SettingsError("predict: expected --output OUT.h5, the file to write")
    }
  }

  package func run() throws -> ExitCode {
    try DistributedProgram.withMPI { ranks in
      let result = try Self.showingProgress(isShown: ranks.isRoot) {
        try PredictionRun.run(arguments, ranks: ranks, progress: $0)
      }
      guard ranks.isRoot else { return .done }
      for remark in result.remarks { Output.printError("ddp-train: warning: \(remark)") }
      let named = result.names.map { ": " + listing($0, limit: 20) } ?? ""
      try Output.print(
        "\(arguments.output): predictions for \(grouped(result.rows)) rows of \(result.data) \(result.split)\(named)")
      return .done
    }
  }
}

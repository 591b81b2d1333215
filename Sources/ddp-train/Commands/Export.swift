import Basics
import Settings
import Training

/// `export`: hands a model on to another program.
package struct Export: Command {
  package static let name = "export"
  package static let operands = "CHECKPOINT --output FILE [options]"
  package static let summary = "writes a model for other programs"
  package static let discussion = """
    Writes the model of a checkpoint in the form that the name of the output asks for. Of a run directory the best \
    checkpoint is meant. Of a run that averages its weights (ema_decay) the averaged ones are written, which evaluate \
    and predict use too.
    """
  package static let options = [
    Option("--output", \Export.arguments.output, "FILE", ExportRun.outputHelp),
    Option(flag: "--averaged", \Export.averaged, "insists on averaged weights: an error where there are none"),
    Option(flag: "--raw", \Export.raw, "the weights that the optimizer moves, also where averaged ones are kept"),
  ]

  package var arguments = ExportArguments(checkpoint: "", output: "")
  package var averaged = false
  package var raw = false

  package init() {}

  package mutating func take(_ words: [String]) throws(SettingsError) {
    arguments.checkpoint = try Self.checkpoint(words)
    guard !arguments.output.isEmpty else { throw SettingsError("export: expected --output FILE, the file to write") }
    guard !(averaged && raw) else { throw SettingsError("export: --averaged and --raw exclude each other; give one") }
    arguments.weights = averaged ? .averaged : raw ? .raw : .evaluated
  }

  package func run() throws -> ExitCode {
    let result = try ExportRun.run(arguments)
    for remark in result.remarks { Output.printError("ddp-train: warning: \(remark)") }
    try Output.print(
      "\(arguments.output): \(grouped(result.parameterCount)) parameters\(result.isAveraged ? ", averaged" : "") of "
        + "\(result.checkpoint)  step \(grouped(result.step))  \(shortBytes(Double(result.byteCount)))")
    return .done
  }
}

import Basics
import Settings
import Training

/// `check`: looks at ranks, data and machines before a run.
package struct Check: Command {
  package static let name = "check"
  package static let operands = "[CONFIG.json5] [options]"
  package static let isDistributed = true
  package static let summary = "looks at ranks, data, machine before training"
  package static let discussion = """
    Looks, under the same mpirun and with the same arguments as train, at what a run stands on: programs, libraries, \
    kernels, cores, configuration, data, memory, disk, clocks, network. Prints a line for each, then one for each \
    fault with what to do. Changes nothing. Exit code 0 if a run could start, else that of the first fault. \
    With --quiet there are faults and warnings alone.
    """
  package static let options: [Option<Check>] =
    [
      Option(flag: "--bench", \.bench, "also measures each rank's speed, and names the one that is slow"),
      Option(flag: "--json", \.json, "one JSON object instead of the tables"),
    ] + TrainArguments.options.map { $0.lifted(\.train) }
  package static var sections: [HelpSection] { [TrainingConfiguration.topicsSection] }

  package var train = TrainArguments()
  package var bench = false
  package var json = false

  package init() {}

  package mutating func take(_ words: [String]) throws(SettingsError) { try train.take(words, of: Self.name) }

  package func run() throws -> ExitCode {
    var machines: [Machine] = []
    return try DistributedProgram.withMPI {
      let (ranks, found) = try Machine.join()
      machines = found
      return ranks
    } _: { ranks in
      let report = try RunCheck.run(train, machines: machines, ranks: ranks, measuresSpeed: bench)
      if ranks.isRoot { try say(report) }
      return report.exitCode
    }
  }

  /// As far as that can be told of a configuration that is wrong.
  private var isQuiet: Bool {
    (try? train.configuration().quiet) ?? train.settings.contains { $0.path == "verbosity" && $0.value == "quiet" }
  }

  private func say(_ report: CheckReport) throws {
    for line in json ? [report.json.line] : isQuiet ? [] : report.lines { try Output.print(line) }
    for finding in report.findings {
      Output.printError("ddp-train: \(finding.exitCode == nil ? "warning: " : "")\(finding.text)")
    }
  }
}

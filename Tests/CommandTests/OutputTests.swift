import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// What rank 0 shows: plain lines in a file, a progress bar on a terminal.
  @Suite struct OutputTests {
    @Test(arguments: [nil, 3]) func plainLinesInAFile(ranks: Int?) throws {
      try Sandbox.with {
        try $0.makeBlobs()
        let result = try $0.succeed(quickTraining + ["--run", "run"], ranks: ranks)
        let controls = result.output.unicodeScalars.filter { $0.value < 32 && $0 != "\n" || $0.value == 127 }
        #expect(controls.isEmpty, "\(result)")
        #expect(result.errorLines(beginningWith: "ddp-train").isEmpty, "\(result)")
        for epoch in 1...4 {
          #expect(result.outputLines.count { $0.contains(" \(epoch)/4 ") } == 1, "\(result)")
        }
        let heading = try #require(result.outputLines.firstIndex { $0.hasPrefix("epoch ") }, "\(result)")
        let rows = result.outputLines[heading...heading + 4]
        #expect(Set(rows.map(\.count)).count == 1, "the columns are aligned: \(result)")
        #expect(result.outputLines.allSatisfy { $0.count <= 80 }, "\(result)")
        #expect(try $0.text("run/log.txt") == result.output)
      }
    }

    @Test func quietPrintsNothing() throws {
      try Sandbox.with {
        try $0.makeBlobs()
        let result = try $0.succeed(quickTraining + ["--run", "run", "--quiet"], ranks: 3)
        #expect(result.output.isEmpty && result.errors.isEmpty, "\(result)")
        #expect(try $0.text("run/log.txt").contains(" 4/4 "))
      }
    }

    /// `script` gives the command a terminal of its own and hands its output on.
    @Test(arguments: [false, true]) func progressBarOnATerminal(underLauncher: Bool) throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let launcher = underLauncher ? mpiLauncher.joined(separator: " ") + " -np 2 " : ""
        let command =
          "stty cols 80 rows 24; " + launcher
          + ([builtExecutable("ddp-train")] + quickTraining + ["--run", "run"]).map { "\"\($0)\"" }.joined(
            separator: " ")
        let result = try run(
          "script", ["-qec", command, "/dev/null"],
          environment: Sandbox.environment.merging(
            ["TERM": "xterm", "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]) { $1 },
          directory: sandbox.path)
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains("\r\u{1B}[2Kepoch 1/4 "), "\(result)")
        #expect(result.output.contains("━"), "\(result)")
        #expect(result.output.contains(" left"), "\(result)")
        #expect(result.output.contains("\u{1B}[1mepoch  train loss  accuracy"), "\(result)")
        let screen = screen(result.output)
        #expect(screen.allSatisfy { $0.count <= 80 }, "\(screen.joined(separator: "\n"))")
        let log = try sandbox.text("run/log.txt").split(separator: "\n").map(String.init)
        #expect(screen == log, "bars leave no trace")
      }
    }

    @Test(
      "Colours are left out where NO_COLOR or the terminal says so",
      arguments: [
        ["TERM": "xterm", "NO_COLOR": "1"], ["TERM": "dumb"],
      ])
    func withoutColours(environment: [String: String]) throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let result = try onTerminal(sandbox, quickTraining + ["--run", "run"], environment)
        #expect(result.status == 0 && result.output.contains("epoch  train loss"), "\(result)")
        #expect(!result.output.contains(/\u{1B}\[[0-9]*m/), "\(result)")
      }
    }

    /// Runs the program in a terminal of its own, behind a command such as `timeout 1`.
    private func onTerminal(
      _ sandbox: Sandbox, _ arguments: [String], _ environment: [String: String] = ["TERM": "xterm"],
      behind command: String = ""
    ) throws -> FinishedProcess {
      let words = ([builtExecutable("ddp-train")] + arguments).map { "\"\($0)\"" }
      return try run(
        "script", ["-qec", "stty cols 80 rows 24; \(command) " + words.joined(separator: " "), "/dev/null"],
        environment: Sandbox.environment.merging(environment) { $1 }, directory: sandbox.path)
    }

    @Test("Ctrl-C is answered on a terminal, and a run goes on from there") func interrupt() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let endless = quickTraining + ["--epochs", "1000000", "--set", "checkpoint.every_epochs=0", "--run", "run"]
        let result = try onTerminal(sandbox, endless, behind: "timeout --foreground -s INT 2")
        let answer = "stopping after this step and writing a checkpoint; Ctrl-C again ends at once"
        #expect(result.output.contains(answer), "\(result.output.suffix(600))")
        #expect(result.output.contains("run/checkpoints/latest.h5 is complete"), "\(result.output.suffix(600))")
        try sandbox.succeed(["verify", "run/checkpoints/latest.h5"])
      }
    }

    @Test("The table has the configured metrics and a star where an epoch is the best so far, within 79 columns")
    func table() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let options = quickTraining + ["--set", "data.validation=0.2", "--set", "log.report=false", "--run"]
        let result = try sandbox.succeed(options + ["a", "--set", "metrics=['f1_macro','log_loss','accuracy']"])
        let heading = try #require(result.outputLines.firstIndex { $0.hasPrefix("epoch ") }, "\(result)")
        let columns = result.outputLines[heading].split(separator: "  ").map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(
          columns == ["epoch", "train loss", "accuracy", "val loss", "accuracy", "f1_macro", "log_loss", "samples/s"])
        let rows = result.outputLines[heading + 1...heading + 4]
        #expect(rows.allSatisfy { $0.count <= 79 && $0.count == result.outputLines[heading].count }, "\(result)")
        // By the accuracy, then by the loss.
        var best: (accuracy: Double, loss: Double)?
        for (row, line) in zip(rows, try sandbox.metrics("a")) {
          let figures = try (
            accuracy: #require(line["val_accuracy"] as? Double), loss: #require(line["val_loss"] as? Double)
          )
          let isBest = best.map { (figures.accuracy, -figures.loss) > ($0.accuracy, -$0.loss) } ?? true
          if isBest { best = figures }
          #expect(row.contains("/4 * ") == isBest, "\(row)")
        }
        // What no one has asked for makes room for what someone has.
        let many = "metrics=['f1_macro','precision_macro','recall_macro','log_loss','cohen_kappa']"
        let crowded = try sandbox.succeed(options + ["b", "--set", many])
        let names = try #require(crowded.outputLines.first { $0.hasPrefix("epoch ") }, "\(crowded)")
        #expect(names.contains("precision_macro") && !names.contains("  accuracy") && names.count <= 79, "\(names)")
      }
    }

    @Test("How much is said can be chosen") func verbosity() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let options = quickTraining + ["--set", "log={every_steps:4,report:false}", "--run"]
        let verbose = try sandbox.succeed(options + ["a", "--verbosity", "verbose"])
        let steps = verbose.outputLines.filter { $0.hasPrefix("step ") }
        #expect(steps.count == 7 && steps[1].hasPrefix("step 4  loss "), "\(verbose)")
        #expect(verbose.outputLines.count { $0.hasPrefix("steps ") && $0.contains("of it exchange") } == 4)
        #expect(try sandbox.text("a/log.txt") == verbose.output)
        let quiet = try sandbox.succeed(options + ["b", "--verbosity", "quiet"])
        #expect(quiet.output.isEmpty && quiet.errors.isEmpty, "\(quiet)")
        try sandbox.expectFailure(
          options + ["c", "--verbosity", "loud"], status: 2,
          "--verbosity: unknown name 'loud' (known: quiet, normal, verbose)")
      }
    }

    @Test("Long work shows how far it has come on a terminal alone") func progressOfOtherCommands() throws {
      try Sandbox.with { sandbox in
        let block = (0..<1000).map { "\($0 % 97),\($0 % 89),\($0 % 83),\($0 % 3)\n" }.joined()
        let convert = ["data", "convert", "csv", "t.csv", "--output", "t.h5"]
        // As many rows as take this machine a second: what is done within 0.3 s shows nothing.
        var plain: FinishedProcess, blocks = 500, elapsed = Duration.zero
        repeat {
          blocks *= 2
          try sandbox.write("t.csv", Data(("a,b,c,label\n" + String(repeating: block, count: blocks)).utf8))
          let start = ContinuousClock.now
          plain = try sandbox.succeed(convert)
          elapsed = start.duration(to: .now)
        } while elapsed < .seconds(1) && blocks < 64_000
        #expect(!plain.output.contains("\u{1B}") && plain.errors.isEmpty, "\(plain)")
        let shown = try onTerminal(sandbox, convert)
        #expect(shown.output.contains("\r\u{1B}[2Kdata convert ━") && shown.output.contains(" left"), "\(shown)")
        #expect(screen(shown.output) == plain.outputLines)
      }
    }

    /// The lines that remain on a terminal that knows "erase line" and "carriage return".
    private func screen(_ output: String) -> [String] {
      output.unicodeScalars.split(separator: "\n").map { line in
        let text = String(String.UnicodeScalarView(line))
        let parts = text.split(separator: "\r", omittingEmptySubsequences: true)
        let last = parts.last.map(String.init) ?? ""
        return last.replacing(/\u{1B}\[[0-9]*[Km]/, with: "")
      }.filter { !$0.isEmpty }
    }
  }
}

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
        let launcher = underLauncher ? "mpirun --oversubscribe --bind-to none -np 2 " : ""
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
        let screen = screen(result.output)
        #expect(screen.allSatisfy { $0.count <= 80 }, "\(screen.joined(separator: "\n"))")
        let log = try sandbox.text("run/log.txt").split(separator: "\n").map(String.init)
        #expect(screen == log, "bars leave no trace")
      }
    }

    /// The lines that remain on a terminal that knows "erase line" and "carriage return".
    private func screen(_ output: String) -> [String] {
      output.unicodeScalars.split(separator: "\n").map { line in
        let text = String(String.UnicodeScalarView(line))
        let parts = text.split(separator: "\r", omittingEmptySubsequences: true)
        let last = parts.last.map(String.init) ?? ""
        return last.replacingOccurrences(of: "\u{1B}[2K", with: "")
      }.filter { !$0.isEmpty }
    }
  }
}

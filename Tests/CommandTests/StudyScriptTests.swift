import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// `launch/studies`, on two that take seconds.
  @Suite struct StudyScriptTests {
    @Test("The script makes the data of studies, runs them, and shows a study again that is done")
    func script() throws {
      let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
      try Sandbox.with { sandbox in
        func launch(_ studies: [String]) throws -> FinishedProcess {
          try run(
            "bash", [root.appending(path: "launch/studies").path, sandbox.file("out")] + studies,
            environment: Sandbox.environment.merging(["DDP_TRAIN": builtExecutable("ddp-train"), "SEEDS": "1"]) { $1 },
            directory: sandbox.path)
        }
        let first = try launch(["five-points", "tables"])
        try #require(first.status == 0, "\(first)")
        // The closed form of the last of 100 steps.
        #expect(first.output.contains(/\ny = 2x +0\.3860 .* 0\.02464\n/), "\(first)")
        for table in ["iris", "wine", "tumours", "synthetic"] {
          #expect(first.output.split(separator: "\n").contains { $0.contains(table) && $0.contains("0.") }, "\(table)")
        }
        func tables(_ process: FinishedProcess) -> [Substring] {
          process.output.split(separator: "\n").filter { $0.contains("y = 2x  ") }
        }
        let again = try launch(["five-points"])
        #expect(again.status == 0 && tables(again).last == tables(first).last, "\(again)")

        let unknown = try launch(["five-point"])
        #expect(unknown.status == 2 && unknown.errorLines[0].hasPrefix("studies: no study 'five-point'; expected some"))
      }
    }
  }
}

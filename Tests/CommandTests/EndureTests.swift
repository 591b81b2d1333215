import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// `launch/endure`, shortly: what it does for as long as one likes.
  @Suite(.serialized) struct EndureTests {
    private func endure(_ arguments: [String], program: String = builtExecutable("ddp-train")) throws -> FinishedProcess
    {
      try RunningProcess(
        SignalTests.launch("endure"), arguments,
        environment: Sandbox.environment.merging(["DDP_TRAIN": program]) { $1 }
      ).wait(timeout: .seconds(300))
    }

    @Test("Killed jobs lose nothing") func kills() throws {
      let result = try endure(["kills", "4"])
      #expect(result.status == 0 && result.output.contains("kills: 4, in "), "\(result)")
      #expect(result.output.contains("nothing lost"))
    }

    @Test("A job does not grow") func steady() throws {
      let result = try endure(["steady", "0.1", "2"])
      #expect(result.status == 0 && result.output.contains("last quarter to second"), "\(result)")
      #expect(result.output.split(separator: "\n").count == 22)
    }

    /// A program that trains otherwise after a resume stands for one that loses something.
    @Test("A job that gives something else is found out") func notices() throws {
      try Sandbox.with { sandbox in
        let script = """
          #!/bin/sh
          case "$*" in *"/run1 "*) set -- "$@" --seed 7 ;; esac
          exec \(builtExecutable("ddp-train")) "$@"
          """
        try sandbox.write("changed", Data(script.utf8))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: sandbox.file("changed"))
        let result = try endure(["kills", "1"], program: sandbox.file("changed"))
        #expect(result.status == 1 && result.errors.contains("another result than without them"), "\(result)")
      }
    }

    @Test("What is asked for has to be there", arguments: [["kills"], ["kills", "x"], ["blows", "3"]])
    func usage(arguments: [String]) throws {
      let result = try endure(arguments)
      #expect(result.status == 2 && result.errors.contains("usage: launch/endure"), "\(result)")
    }
  }
}

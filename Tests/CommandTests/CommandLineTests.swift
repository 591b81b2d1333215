import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// What the program says about itself, and the data commands as processes.
  @Suite struct CommandLineTests {
    @Test func version() throws {
      try Sandbox.with {
        for arguments in [["version"], ["--version"]] {
          let result = try $0.succeed(arguments)
          #expect(result.output.wholeMatch(of: /ddp-train \d+\.\d+\.\d+\n/) != nil, "\(result)")
          #expect(result.errors.isEmpty, "\(result)")
        }
      }
    }

    @Test(arguments: [
      ([], "ddp-train trains neural networks"), (["train"], "Usage: ddp-train [train]"),
      (["evaluate"], "Usage: ddp-train evaluate CHECKPOINT"), (["predict"], "Usage: ddp-train predict CHECKPOINT"),
      (["verify"], "Usage: ddp-train verify CHECKPOINT"), (["data"], "ddp-train data"),
      (["data", "make"], "ddp-train data make"), (["data", "convert"], "ddp-train data convert"),
      (["data", "inspect"], "ddp-train data inspect"),
    ])
    func help(command: [String], expected: String) throws {
      try Sandbox.with {
        let result = try $0.succeed(command + ["--help"])
        #expect(result.output.contains(expected), "\(result)")
        #expect(result.errors.isEmpty, "\(result)")
        #expect(result.outputLines.allSatisfy { $0.count <= 120 })
      }
    }

    @Test func dataCommands() throws {
      try Sandbox.with {
        try $0.write("points.csv", Data("a,b,kind\n1,2,red\n3,4,blue\n5,6,red\n".utf8))
        try $0.succeed(["data", "convert", "csv", "points.csv", "--label", "kind", "--output", "points.h5"])
        let report = try $0.succeed(["data", "inspect", "points.h5"])
        #expect(report.output.contains("/train/x"), "\(report)")
        try $0.expectFailure(
          ["data", "inspect", "none.h5"], status: 3, "cannot open none.h5: there is no such file")
      }
    }
  }
}

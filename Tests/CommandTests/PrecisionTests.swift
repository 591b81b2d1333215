import Foundation
import ProcessSupport
import Testing

extension Commands {
  @Suite struct PrecisionTests {
    /// Evaluation of what was trained in bfloat16 rounds too, or the loss would be another in its last digits.
    @Test func aRunInBFloat16SaysSoAndIsEvaluatedAndResumedAsIs() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let start = try sandbox.succeed(quickTraining + ["--precision", "bfloat16", "--run", "run"], ranks: 2)
        #expect(start.output.contains("\n           products of factors in bfloat16, all else in float32\n"))
        let summary = try Sandbox.json(sandbox.text("run/summary.json"))
        #expect(summary["precision"] as? String == "bfloat16")
        let test = try #require(summary["test"] as? [String: Any])
        let evaluated = try Sandbox.json(sandbox.succeed(["evaluate", "run/checkpoints/best.h5", "--json"]).output)
        #expect(try #require(evaluated["loss"] as? Double) == test["loss"] as? Double)

        let exact = try sandbox.succeed(quickTraining + ["--run", "exact"])
        #expect(!exact.output.contains("bfloat16"), "\(exact)")
        let exactSummary = try Sandbox.json(sandbox.text("exact/summary.json"))
        #expect(exactSummary["precision"] as? String == "float32")
        #expect((exactSummary["test"] as? [String: Any])?["loss"] as? Double != test["loss"] as? Double)

        let resumed = try sandbox.succeed(
          quickTraining + ["--epochs", "5", "--run", "run", "--resume", "auto", "--precision", "float32"])
        #expect(resumed.errors.contains("precision bfloat16 → float32"), "\(resumed)")
      }
    }

    @Test("The best checkpoint is tested in its own precision, whatever the run goes on with", arguments: [4, 6])
    func theBestIsTestedAsItWasTrained(epochs: Int) throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try sandbox.succeed(quickTraining + ["--precision", "bfloat16", "--run", "run"])
        // A rate with which no later epoch is better.
        try sandbox.succeed(
          quickTraining + [
            "--epochs", "\(epochs)", "--learning-rate", "5", "--precision", "float32", "--run", "run", "--resume",
            "auto",
          ], ranks: 2)
        let summary = try Sandbox.json(sandbox.text("run/summary.json"))
        let best = try #require((summary["best"] as? [String: Any])?["epoch"] as? Int)
        #expect(best <= 4)
        let test = try #require(summary["test"] as? [String: Any])
        let evaluated = try Sandbox.json(sandbox.succeed(["evaluate", "run", "--json"]).output)
        #expect(try #require(evaluated["loss"] as? Double) == test["loss"] as? Double)
      }
    }
  }
}

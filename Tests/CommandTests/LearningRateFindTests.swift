import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// `lr-find` on a small classifier: its suggestion is worth training at, whatever the seed.
  @Suite struct LearningRateFindTests {
    /// Of a classifier 2-10-1 of two half moons.
    private let model = [
      "--data", "moons.h5", "--set", #"layers=[{ dense: 10 }, "tanh", { dense: 1 }]"#, "--loss", "binary_cross_entropy",
      "--set", "data.scaling=standard", "--quiet",
    ]

    /// The loss of the last epoch of a short training.
    private func loss(_ sandbox: Sandbox, rate: Double, seed: Int) throws -> Double {
      let run = "run-\(seed)-\(rate)"
      try sandbox.succeed(
        ["--learning-rate", "\(rate)", "--seed", "\(seed)", "--epochs", "20", "--run", run] + model)
      return try #require(try sandbox.metrics(run).last?["train_loss"] as? Double)
    }

    /// Of the way from the loss at the start, log 2, to that of the best rate of a grid, the suggestion makes 9 tenths.
    @Test func trainingAtTheSuggestionIsAsGoodAsAtTheBestOfAGrid() throws {
      try Sandbox.with { sandbox in
        try sandbox.succeed(["data", "make", "moons", "--samples", "300", "--output", "moons.h5"])
        let best = try [0.001, 0.01, 0.1, 1].map { try loss(sandbox, rate: $0, seed: 1) }.min() ?? 0
        for seed in 1...4 {
          try sandbox.succeed(["lr-find", "--seed", "\(seed)", "--output", "\(seed).json"] + model)
          let rate = try #require(Sandbox.json(try sandbox.text("\(seed).json"))["suggestion"] as? Double)
          let reached = try loss(sandbox, rate: rate, seed: seed)
          #expect(log(2) - reached >= 0.9 * (log(2) - best), "seed \(seed): \(reached) at \(rate), best \(best)")
        }
      }
    }

    @Test func whereThereIsNoSuggestionItSaysWhy() throws {
      try Sandbox.with { sandbox in
        try sandbox.succeed(["data", "make", "moons", "--samples", "300", "--output", "moons.h5"])
        let result = try sandbox.succeed(
          ["lr-find", "--from", "1e-12", "--to", "1e-10", "--output", "none.json"] + model)
        let reason = "the loss falls nowhere by more than its noise; try other rates with --from and --to"
        #expect(result.output.contains("no suggestion: \(reason)\n"), "\(result)")
        let report = try Sandbox.json(try sandbox.text("none.json"))
        #expect(report["suggestion"] is NSNull && report["reason"] as? String == reason)
      }
    }
  }
}

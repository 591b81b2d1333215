import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// `evaluate`, `predict` and repeated runs agree with what training wrote down.
  @Suite struct EvaluationTests {
    private let best = "run/checkpoints/best.h5"

    private func withRun(_ options: [String] = [], _ body: (Sandbox) throws -> Void) throws {
      try Sandbox.with {
        try $0.makeBlobs()
        try $0.succeed(quickTraining + ["--run", "run"] + options, ranks: 3)
        try body($0)
      }
    }

    private func evaluation(
      _ sandbox: Sandbox, _ options: [String], ranks: Int
    ) throws -> (loss: Double, accuracy: Double, samples: Int, split: String) {
      let result = try sandbox.succeed(["evaluate", best, "--json"] + options, ranks: ranks)
      #expect(result.outputLines.count == 1, "\(result)")
      let report = try Sandbox.json(result.output)
      return (
        try #require(report["loss"] as? Double), try #require(report["accuracy"] as? Double),
        try #require(report["samples"] as? Int), try #require(report["split"] as? String)
      )
    }

    @Test func testFiguresAreThoseOfTheSummary() throws {
      try withRun { sandbox in
        let summary = try Sandbox.json(sandbox.text("run/summary.json"))
        let test = try #require(summary["test"] as? [String: Any])
        let loss = try #require(test["loss"] as? Double)
        let accuracy = try #require(test["accuracy"] as? Double)
        #expect(accuracy > 0.8, "the data can be learned")
        for ranks in [1, 2, 4] {
          #expect(try evaluation(sandbox, [], ranks: ranks) == (loss, accuracy, 48, "test"))
        }
        let table = try sandbox.succeed(["evaluate", best])
        #expect(table.output.contains(String(format: "%.2f %%", accuracy * 100)), "\(table)")
      }
    }

    @Test func heldOutValidationIsHeldOutAgain() throws {
      try withRun(["--set", "data.validation=0.1"]) { sandbox in
        let summary = try Sandbox.json(sandbox.text("run/summary.json"))
        let epoch = try #require((summary["best"] as? [String: Any])?["epoch"] as? Int)
        let line = try sandbox.metrics("run")[epoch - 1]
        let loss = try #require(line["val_loss"] as? Double)
        let accuracy = try #require(line["val_accuracy"] as? Double)
        var samples = 0
        for ranks in [1, 2, 4] {
          let found = try evaluation(sandbox, ["--split", "val"], ranks: ranks)
          #expect(found.loss == loss && found.accuracy == accuracy)
          samples = found.samples
        }
        #expect(try evaluation(sandbox, ["--split", "train"], ranks: 1).samples == 192 - samples)
        #expect((18...20).contains(samples))
      }
    }

    @Test func predictionsAreInTheOrderOfTheRows() throws {
      try withRun { sandbox in
        let accuracy = try evaluation(sandbox, [], ranks: 1).accuracy
        let labels = try HDF5File.open(sandbox.file("blobs.h5")).dataset("/test/y").readAll(as: Int.self)
        var first: [Float]?
        for ranks in [1, 3] {
          let result = try sandbox.succeed(
            ["predict", best, "--data", "blobs.h5", "--output", "predictions.h5"], ranks: ranks)
          #expect(result.outputLines.count == 1, "\(result)")
          let file = try HDF5File.open(sandbox.file("predictions.h5"))
          #expect(try file.datasetPaths() == ["/classes", "/logits", "/probabilities"])
          #expect(try file.dataset("/logits").shape == [48, 3])
          #expect(try file.dataset("/probabilities").shape == [48, 3])
          let classes = try file.dataset("/classes").readAll(as: Int.self)
          #expect(classes.count == 48)
          #expect(Double(zip(classes, labels).count { $0 == $1 }) / 48 == accuracy)
          let probabilities = try file.dataset("/probabilities").readAll(as: Float.self)
          for row in 0..<48 {
            let values = probabilities[row * 3..<row * 3 + 3]
            #expect(abs(values.reduce(0, +) - 1) < 1e-5)
            #expect(values.max() == values[row * 3 + classes[row]])
          }
          let logits = try file.dataset("/logits").readAll(as: Float.self)
          #expect(first == nil || first == logits, "the same bits on any number of ranks")
          first = logits
        }
      }
    }

    @Test func predictionsNeedNoLabels() throws {
      try withRun { sandbox in
        try sandbox.write("unlabeled.h5", labels: [Int64]?.none)
        try sandbox.succeed(["predict", best, "--data", "unlabeled.h5", "--output", "predictions.h5"], ranks: 2)
        #expect(try HDF5File.open(sandbox.file("predictions.h5")).dataset("/classes").shape == [48])
        try sandbox.expectFailure(
          ["evaluate", best, "--data", "unlabeled.h5"], status: 3,
          "unlabeled.h5: /X has no labels; expected them in /y")
      }
    }

    @Test func valuesAreWhatRegressionPredicts() throws {
      try Sandbox.with { sandbox in
        try sandbox.write("values.h5", labels: (0..<48).map { Float($0) / 48 })
        try sandbox.succeed([
          "--data", "values.h5", "--model", "linear", "--epochs", "2", "--run", "run", "--set", "data.scaling=none",
          "--set", "data.target_scaling=none",
        ])
        try sandbox.succeed(["predict", best, "--data", "values.h5", "--output", "predictions.h5"])
        let file = try HDF5File.open(sandbox.file("predictions.h5"))
        #expect(try file.datasetPaths() == ["/values"])
        // The affine map of the checkpoint, computed here.
        let checkpoint = try HDF5File.open(sandbox.file(best))
        let weight = try checkpoint.dataset("/model/0.weight").readAll(as: Float.self)
        let bias = try checkpoint.dataset("/model/0.bias").readAll(as: Float.self)[0]
        let features = try HDF5File.open(sandbox.file("values.h5")).dataset("/X").readAll(as: Float.self)
        let values = try file.dataset("/values").readAll(as: Float.self)
        #expect(values.count == 48)
        for row in 0..<48 {
          let expected = (0..<4).reduce(bias) { $0 + weight[$1] * features[row * 4 + $1] }
          #expect(abs(values[row] - expected) < 1e-5, "row \(row)")
        }
      }
    }

    @Test func aWholeCheckpointVerifies() throws {
      try withRun {
        let result = try $0.succeed(["verify", best])
        #expect(result.outputLines.count == 1 && result.output.hasPrefix(best + ": whole"), "\(result)")
      }
    }

    @Test func theConfigurationRepeatsTheRun() throws {
      try withRun { sandbox in
        try sandbox.succeed(["run/config.json", "--run", "again"], ranks: 2)
        #expect(try sandbox.arrays("run/checkpoints/latest.h5") == sandbox.arrays("again/checkpoints/latest.h5"))
        #expect(try sandbox.metrics("run") == sandbox.metrics("again"))
        #expect(try sandbox.metrics("run").count == 4)
      }
    }
  }
}

import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// Weights of samples, labels that stand for no class, balanced classes, thresholds and what is best by other
  /// metrics, from the file to predictions.
  @Suite struct CountedSampleTests {
    private let model = [
      "--batch-size", "16", "--learning-rate", "0.05", "--set", "model.layers=[{dense:6},'relu','dense']",
    ]

    /// Rows of four features for training and validation, whose first feature tells class 1, a fifth of them, less than
    /// well.
    private func write(
      _ sandbox: Sandbox, _ name: String = "data.h5", classes: Int = 2, labels: (Int) -> Int32? = { _ in nil },
      weights: ((Int) -> Float)? = nil
    ) throws {
      let file = try HDF5File.create(sandbox.file(name))
      for (split, count) in [("train", 96), ("val", 48)] {
        var x: [Float] = [], y: [Int32] = []
        for row in 0..<count {
          let label = Int32(row % 5 == 0 ? classes - 1 : row % max(1, classes - 1))
          x += [Float(label) * 0.8 + Float((row * 7919) % 101) / 60] + (1..<4).map { Float((row * $0 * 31) % 17) / 17 }
          y.append(labels(row) ?? label)
        }
        try file.write("/\(split)/x", shape: [count, 4], elements: x)
        try file.write("/\(split)/y", shape: [count], elements: y)
        if let weights { try file.write("/\(split)/weight", shape: [count], elements: (0..<count).map(weights)) }
      }
      try file.close()
    }

    @Test("Samples of weight 0 are as if they were not there, and a wrong weight has its place in the message")
    func weights() throws {
      try Sandbox.with { sandbox in
        // Every third label is wrong, and counts for nothing.
        try write(sandbox, labels: { $0 % 3 == 0 ? 1 : nil }, weights: { $0 % 3 == 0 ? 0 : 1.5 })
        let told = try sandbox.succeed(["--data", "data.h5", "--epochs", "2", "--run", "w"] + model).output
        #expect(told.contains("weights /train/weight"))
        let report = try Sandbox.json(
          try sandbox.succeed(["evaluate", "w/checkpoints/best.h5", "--split", "val", "--json"]).output)
        let metrics = try #require(report["metrics"] as? [String: Any])
        #expect(report["accuracy"] as? Double == metrics["accuracy"] as? Double)
        let classes = try #require(report["classes"] as? [[String: Any]])
        let support = classes.compactMap { $0["samples"] as? Double }.reduce(0, +)
        #expect(support == 32 * 1.5, "\(support)")

        // Without weights it is another run.
        try sandbox.succeed(
          ["--data", "data.h5", "--epochs", "2", "--run", "plain", "--set", "data.weights=none"] + model)
        #expect(try sandbox.arrays("w/checkpoints/latest.h5") != sandbox.arrays("plain/checkpoints/latest.h5"))

        try write(sandbox, "negative.h5", weights: { $0 == 5 ? -1 : 1 })
        try sandbox.expectFailure(
          ["--data", "negative.h5"], status: 3,
          "negative.h5: /train/weight row 5 is below 0; expected weights of samples, from 0 on; repair them, or train "
            + "without them with --set data.weights=none")
        try write(sandbox, "zero.h5", weights: { _ in 0 })
        try sandbox.expectFailure(
          ["--data", "zero.h5"], ranks: 2, status: 3,
          "zero.h5: /train/weight row 0: all 96 samples of /train/weight in use have the weight 0; expected at least "
            + "one above it; repair them, or give --set data.weights=none")
      }
    }

    @Test("A step of nothing but weights 0 is no NaN")
    func emptySteps() throws {
      try Sandbox.with { sandbox in
        try write(sandbox, weights: { $0 == 7 ? 1 : 0 })
        try sandbox.succeed(
          ["--data", "data.h5", "--epochs", "1", "--run", "r", "--batch-size", "4", "--set", "log.every_steps=1"])
        let steps = try sandbox.text("r/steps.jsonl").split(separator: "\n").map { try Sandbox.json(String($0)) }
        let losses = steps.compactMap { $0["loss"] as? Double }
        #expect(losses.count == 24 && losses.count { $0 > 0 } == 1, "\(losses)")
      }
    }

    @Test("What has the label of no class is left out of training, figures and reports")
    func ignoredLabels() throws {
      try Sandbox.with { sandbox in
        try write(sandbox, labels: { $0 % 4 == 1 ? -100 : nil })
        try sandbox.succeed(
          [
            "--data", "data.h5", "--epochs", "2", "--run", "r", "--set", "loss.name=cross_entropy", "--set",
            "loss.ignore_index=-100",
          ] + model)
        let report = try Sandbox.json(
          try sandbox.succeed(["evaluate", "r/checkpoints/best.h5", "--split", "val", "--json"], ranks: 2).output)
        let classes = try #require(report["classes"] as? [[String: Any]])
        #expect(classes.compactMap { $0["samples"] as? Int }.reduce(0, +) == 36)
        #expect(report["samples"] as? Int == 48)
        try sandbox.succeed([
          "predict", "r/checkpoints/best.h5", "--data", "data.h5", "--split", "val", "--output", "p.csv",
        ])
        try write(sandbox, "none.h5", labels: { _ in 3 })
        try sandbox.expectFailure(
          [
            "--data", "none.h5", "--set", "loss.name=cross_entropy", "--set", "loss.ignore_index=3",
          ], status: 3,
          "none.h5: /train/y row 0: all labels of 96 samples are the one that stands for no class; give another "
            + "loss.ignore_index")
      }
    }

    @Test("Balanced weights stand in the checkpoint as numbers, and need all classes")
    func balancedClasses() throws {
      try Sandbox.with { sandbox in
        try write(sandbox)
        let options = ["--set", "loss.name=cross_entropy", "--set", "loss.class_weights=balanced"]
        try sandbox.succeed(["--data", "data.h5", "--epochs", "1", "--run", "r"] + options + model)
        let file = try HDF5File.open(sandbox.file("r/checkpoints/latest.h5"))
        let text = try #require(try file.stringAttribute("configuration", of: "/"))
        let loss = try #require(try Sandbox.json(text)["loss"] as? [String: Any])
        let weights = try #require(loss["class_weights"] as? [Double])
        // 20 of 96 are of class 1.
        #expect(weights == [96.0 / (2 * 76), 96.0 / (2 * 20)])
        // The same words go on with the same weights.
        try sandbox.succeed(
          ["--data", "data.h5", "--epochs", "2", "--run", "r", "--resume", "auto"] + options + model)
        try sandbox.expectFailure(
          ["--data", "data.h5", "--run", "three", "--set", "model.layers=[{dense:3}]"] + options, status: 3,
          "data.h5: /train/y row 0: loss.class_weights=balanced needs a sample of each of the 3 classes to train on, "
            + "but class 2 has none; give a list of weights, or data with all classes")
      }
    }

    @Test("The best epoch, early stopping and plateau go by any metric, and unknown ones are named")
    func monitoredMetrics() throws {
      try Sandbox.with { sandbox in
        try write(sandbox, classes: 3)
        try sandbox.succeed(
          [
            "--data", "data.h5", "--epochs", "5", "--run", "r", "--set", "checkpoint.best_by=log_loss", "--set",
            "early_stopping={metric:'f1_macro',patience:4}", "--set",
            "schedule={name:'plateau',metric:'cohen_kappa',patience:0,threshold:1,gamma:0.5}",
          ] + model)
        let lines = try sandbox.metrics("r")
        let losses = try lines.map { try #require($0["val_log_loss"] as? Double) }
        #expect(lines.allSatisfy { $0["val_f1_macro"] is Double && $0["val_cohen_kappa"] is NSNumber })
        let summary = try Sandbox.json(try sandbox.text("r/summary.json"))
        let best = try #require(summary["best"] as? [String: Any])
        let least = try #require(losses.min())
        #expect(
          best["epoch"] as? Int == (losses.firstIndex(of: least) ?? -2) + 1 && best["log_loss"] as? Double == least)
        // A gain of 100 % is never made, so that the rate halves.
        let rates = lines.compactMap { $0["learning_rate"] as? Double }
        #expect(rates.last.map { $0 < rates[0] } == true, "\(rates)")

        try sandbox.expectFailure(
          ["--data", "data.h5", "--set", "checkpoint.best_by=f1_marco"], status: 2,
          "checkpoint.best_by: unknown name 'f1_marco' (did you mean 'f1_macro'?)")
        try sandbox.expectFailure(
          ["--data", "data.h5", "--run", "x", "--set", "checkpoint.best_by=rmse"], status: 2,
          "checkpoint.best_by: rmse is no metric of cross_entropy with 3 outputs; leave it out (evaluate prints all "
            + "that there are)")
      }
    }

    @Test("A threshold chosen on validation decides in evaluate, predict and what is exported")
    func thresholds() throws {
      try Sandbox.with { sandbox in
        try write(sandbox)
        for loss in ["binary_cross_entropy", "cross_entropy"] {
          try sandbox.succeed(
            [
              "--data", "data.h5", "--epochs", "2", "--run", loss, "--loss", loss, "--set", "decision.threshold=f1",
              "--set", "metrics=['f1']",
            ] + model)
          let best = loss + "/checkpoints/best.h5"
          let line = try #require(try sandbox.metrics(loss).last)
          let summary = try #require(
            try Sandbox.json(try sandbox.text(loss + "/summary.json"))["best"] as? [String: Any])
          let threshold = try #require((summary["decision_threshold"] as? [Double])?.first)
          #expect(line["val_decision_threshold"] as? Double != nil && threshold > 0 && threshold < 1)
          let report = try Sandbox.json(try sandbox.succeed(["evaluate", best, "--split", "val", "--json"]).output)
          let metrics = try #require(report["metrics"] as? [String: Any])
          #expect(metrics["f1"] as? Double == summary["f1"] as? Double)
          #expect(metrics["accuracy"] as? Double == report["accuracy"] as? Double)

          try sandbox.succeed(["predict", best, "--data", "data.h5", "--split", "val", "--output", "p.h5"])
          let file = try HDF5File.open(sandbox.file("p.h5"))
          let classes = try file.dataset("/classes").readAll(as: Int.self)
          let probabilities = try file.dataset("/probabilities").readAll(as: Float.self)
          let width = probabilities.count / classes.count
          for (row, label) in classes.enumerated() {
            let share = Double(probabilities[row * width + width - 1])
            guard abs(share - threshold) > 1e-5 else { continue }
            #expect((share > threshold) == (label == 1), "\(loss) row \(row): \(share), \(threshold)")
          }
          // No other threshold does better.
          let truth = (0..<classes.count).map { $0 % 5 == 0 }
          func f1(_ yes: (Double) -> Bool) -> Double {
            let answers = classes.indices.map { yes(Double(probabilities[$0 * width + width - 1])) }
            let hits = classes.indices.count { answers[$0] && truth[$0] }
            return 2 * Double(hits) / Double(max(1, answers.count { $0 } + truth.count { $0 }))
          }
          let all = (0...1000).map { cut in f1 { $0 > Double(cut) / 1000 } }.max() ?? 0
          #expect((summary["f1"] as? Double).map { $0 >= all - 1e-9 } == true)
          try sandbox.succeed(["export", best, "--output", loss + ".onnx"])
        }
        try sandbox.expectFailure(
          ["--data", "data.h5", "--run", "x", "--loss", "mse", "--set", "decision.threshold=f1"], status: 2,
          "decision.threshold: mse with 1 output does not decide between yes and no or two classes by a probability; "
            + "leave it out, or give --loss binary_cross_entropy")
        try sandbox.expectFailure(
          ["--data", "data.h5", "--set", "decision.threshold=1"], status: 2,
          "decision.threshold: expected more than 0 and less than 1, found 1")
        try sandbox.expectFailure(
          [
            "--data", "data.h5", "--run", "x", "--loss", "binary_cross_entropy", "--set",
            "decision.threshold=[0.2,0.3]",
          ], status: 2, "decision.threshold: 2 numbers for 1 answer; give one, or one for each")
      }
    }
  }
}

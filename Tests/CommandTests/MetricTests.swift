import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// Metrics of `evaluate` and of training, on any number of ranks, against pair by pair counting of what `predict`
  /// writes.
  @Suite struct MetricTests {
    private let best = "run/checkpoints/best.h5"

    /// 96 rows whose rare class 2 stands in every eighth row alone: of four shards one has it, so on more than one rank
    /// at least one rank has not.
    private func makeImbalanced(_ sandbox: Sandbox) throws -> [Int64] {
      let labels = (0..<96).map { Int64($0 % 8 == 0 ? 2 : $0 % 3 == 0 ? 1 : 0) }
      try sandbox.write("rare.h5", rows: 96, labels: labels) { features in
        for row in labels.indices where row % 5 != 0 { features[4 * row] += Float(labels[row]) }
      }
      return labels
    }

    private func trainRare(_ sandbox: Sandbox, _ options: [String] = []) throws -> [Int64] {
      let labels = try makeImbalanced(sandbox)
      try sandbox.succeed(
        [
          "--data", "rare.h5", "--epochs", "6", "--batch-size", "24", "--learning-rate", "0.05", "--run", "run",
          "--set",
          "model.layers=[{dense:8},'relu','dense']",
        ] + options, ranks: 2)
      return labels
    }

    @Test func figuresAreThoseOfCounting() throws {
      try Sandbox.with { sandbox in
        let labels = try trainRare(sandbox).map(Int.init)
        let reports = try (1...4).map {
          try sandbox.succeed(["evaluate", best, "--split", "train", "--json"], ranks: $0).output
        }
        #expect(Set(reports).count == 1, "\(reports)")
        let report = try Sandbox.json(reports[0])
        let metrics = try #require(report["metrics"] as? [String: Any])
        let classes = try #require(report["classes"] as? [[String: Any]])

        try sandbox.succeed(["predict", best, "--data", "rare.h5", "--split", "train", "--output", "p.h5"])
        let file = try HDF5File.open(sandbox.file("p.h5"))
        let logits = try file.dataset("/logits").readAll(as: Float.self).map(Double.init)
        let predictions = try file.dataset("/classes").readAll(as: Int.self)
        let logarithms = (0..<96).map { row in
          log((0..<3).reduce(0) { $0 + exp(logits[3 * row + $1]) })
        }
        var areas = 0.0
        for index in 0..<3 {
          let hits = labels.indices.count { labels[$0] == index && predictions[$0] == index }
          let support = labels.count { $0 == index }, predicted = predictions.count { $0 == index }
          #expect(classes[index]["samples"] as? Int == support)
          let recall = try #require(classes[index]["recall"] as? Double)
          let f1 = try #require(classes[index]["f1"] as? Double)
          #expect(abs(recall - Double(hits) / Double(support)) < 1e-12)
          #expect(abs(f1 - 2 * Double(hits) / Double(support + predicted)) < 1e-12)
          var pairs = 0.0
          for positive in labels.indices where labels[positive] == index {
            for negative in labels.indices where labels[negative] != index {
              let a = logits[3 * positive + index] - logarithms[positive]
              let b = logits[3 * negative + index] - logarithms[negative]
              pairs += a > b ? 1 : a == b ? 0.5 : 0
            }
          }
          let area = pairs / Double(support * (labels.count - support))
          areas += area
          let own = try #require(classes[index]["roc_auc"] as? Double)
          #expect(abs(own - area) < 1e-9)
        }
        let area = try #require(metrics["roc_auc"] as? Double)
        let loss = try #require(metrics["log_loss"] as? Double)
        #expect(abs(area - areas / 3) < 1e-9)
        let expected = labels.indices.reduce(0.0) { $0 + logarithms[$1] - logits[3 * $1 + labels[$1]] } / 96
        #expect(abs(loss - expected) < 1e-9)
        let matrix = try #require(report["confusion_matrix"] as? [[Int]])
        for row in 0..<3 {
          for column in 0..<3 {
            #expect(matrix[row][column] == labels.indices.count { labels[$0] == row && predictions[$0] == column })
          }
        }
        let table = try sandbox.succeed(["evaluate", best, "--split", "train"])
        for name in ["f1_macro", "roc_auc", "average_precision", "perplexity", "label (row) and prediction (column)"] {
          #expect(table.output.contains(name), "\(table)")
        }
      }
    }

    /// Class weights, smoothing and every augmentation that rows of features take: the same bits on any number of
    /// ranks.
    @Test func weightedAndAugmentedTrainingIsTheSameOnAnyNumberOfRanks() throws {
      try Sandbox.with { sandbox in
        _ = try makeImbalanced(sandbox)
        for ranks in 1...4 {
          try sandbox.succeed(
            quickTraining + [
              "--data", "rare.h5", "--run", "run\(ranks)", "--set", "data.validation=0.25", "--set",
              "loss={name:'cross_entropy',class_weights:[0.5,1,4],label_smoothing:0.1}", "--set",
              "data.augment=[{noise:{standard_deviation:0.05}},'mixup']", "--set",
              "metrics=['f1_macro','roc_auc','log_loss']",
            ], ranks: ranks)
        }
        let lines = try sandbox.metrics("run1"), arrays = try sandbox.arrays("run1/checkpoints/latest.h5")
        #expect(lines.count == 4 && lines.allSatisfy { $0["val_roc_auc"] is Double && $0["val_f1_macro"] is Double })
        for ranks in 2...4 {
          #expect(try sandbox.metrics("run\(ranks)") == lines)
          #expect(try sandbox.arrays("run\(ranks)/checkpoints/latest.h5") == arrays)
        }
      }
    }

    @Test func imagesAreAugmentedAlikeOnAnyNumberOfRanks() throws {
      try Sandbox.with { sandbox in
        let pixels = (0..<64 * 36).map { Float(($0 * 7919) % 101) / 101 }
        let file = try HDF5File.create(sandbox.file("images.h5"))
        try file.write("/X", shape: [64, 6, 6], elements: pixels)
        try file.write("/y", shape: [64], elements: Sandbox.labels(64))
        try file.close()
        for ranks in [1, 3] {
          try sandbox.succeed(
            quickTraining + [
              "--data", "images.h5", "--run", "run\(ranks)", "--set",
              "data.augment=['flip',{crop:{padding:1}},'shift','rotate',{cutout:{size:2}},'noise']",
            ], ranks: ranks)
        }
        #expect(try sandbox.metrics("run1") == sandbox.metrics("run3"))
        #expect(try sandbox.arrays("run1/checkpoints/latest.h5") == sandbox.arrays("run3/checkpoints/latest.h5"))
      }
    }

    @Test func mistakesAreOneLine() throws {
      try Sandbox.with { sandbox in
        _ = try makeImbalanced(sandbox)
        try sandbox.expectFailure(
          ["--data", "rare.h5", "--set", "metrics=['rmse']"], status: 2,
          "metrics: rmse is no metric of cross_entropy with 3 outputs; leave it out (evaluate prints all that there "
            + "are)"
        )
        try sandbox.expectFailure(
          ["--data", "rare.h5", "--set", "loss={name:'cross_entropy',class_weights:[1,2]}"], status: 2,
          "loss.class_weights: 2 numbers, but the data and the model have 3 classes; give one for each")
        try sandbox.expectFailure(
          ["--data", "rare.h5", "--set", "data.augment=['rotate']"], status: 2,
          "data.augment: rotate needs images, [H, W] or [H, W, C], but a sample has the shape 4; leave it out")
        try sandbox.expectFailure(
          ["--data", "rare.h5", "--loss", "focal", "--set", "data.augment=['mixup']"], status: 2,
          "data.augment: mixup needs targets that can be mixed, which those of focal cannot; use cross_entropy")
      }
    }
  }
}

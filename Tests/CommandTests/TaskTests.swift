import Foundation
import HDF5Storage
import ProcessSupport
import TestSupport
import Testing

extension Commands {
  /// The small configurations in `datasets`, trained on the data that they name and compared with an independent
  /// solution.
  @Suite struct TaskTests {
    /// The path of a configuration that comes with the program.
    private func shipped(_ name: String) -> String {
      URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "datasets/\(name).json5").path
    }

    // MARK: linear

    @Test("Gradient descent finds the least-squares line of the closed form")
    func linear() throws {
      try Sandbox.with { sandbox in
        try sandbox.succeed(["data", "make", "linear", "--output", "line.h5"])
        try sandbox.succeed([shipped("linear"), "--run", "run", "--quiet"], ranks: 2)
        let data = try HDF5File.open(sandbox.file("line.h5"))
        let features = try data.dataset("/train/x").readAll(as: Float.self).map(Double.init)
        let targets = try data.dataset("/train/y").readAll(as: Float.self).map(Double.init)
        let solution = leastSquares(features, targets)
        #expect(solution.count == 11 && solution.contains { abs($0) > 1 })

        let checkpoint = try HDF5File.open(sandbox.file("run/checkpoints/best.h5"))
        let found = try checkpoint.dataset("/model/0.weight").readAll(as: Float.self)
        let bias = try checkpoint.dataset("/model/0.bias").readAll(as: Float.self)
        for (index, (found, exact)) in zip(found + bias, solution).enumerated() {
          #expect(abs(Double(found) - exact) <= 1e-3, "coefficient \(index): \(found), closed form \(exact)")
        }
      }
    }

    /// The weights, then the bias, that minimize the sum of squares: (AᵀA)⁻¹Aᵀy with a column of ones in A, in double.
    private func leastSquares(_ features: [Double], _ targets: [Double]) -> [Double] {
      let width = features.count / targets.count + 1
      var rows = (0..<width).map { _ in [Double](repeating: 0, count: width + 1) }
      for (sample, target) in targets.enumerated() {
        let row = features[sample * (width - 1)..<(sample + 1) * (width - 1)] + [1, target]
        for i in 0..<width {
          for j in 0...width { rows[i][j] += row[row.startIndex + i] * row[row.startIndex + j] }
        }
      }
      // Gauss and Jordan; AᵀA is positive definite, so no pivot is zero.
      for pivot in 0..<width {
        for other in 0..<width where other != pivot {
          let factor = rows[other][pivot] / rows[pivot][pivot]
          for j in pivot...width { rows[other][j] -= factor * rows[pivot][j] }
        }
      }
      return (0..<width).map { rows[$0][width] / rows[$0][$0] }
    }

    @Test("Gradient descent on five points takes the steps of the closed form")
    func fivePoints() throws {
      try Sandbox.with { sandbox in
        let table = URL(filePath: shipped("five-points")).deletingPathExtension().appendingPathExtension("csv").path
        try sandbox.succeed([
          "data", "convert", "csv", table, "--label", "y", "--labels", "values", "--output", "five-points.h5",
        ])
        try sandbox.succeed([shipped("five-points"), "--run", "run", "--quiet"], ranks: 2)
        let losses = try sandbox.metrics("run").map { try #require($0["train_loss"] as? Double) }
        #expect(losses.count == 100)
        // The gradient of the mean of (wx + b − 2x)² over x = 1, …, 5, in double.
        var (w, b) = (0.0, 0.0)
        for (epoch, loss) in losses.enumerated() {
          let errors = (1...5).map { (x: Double($0), e: w * Double($0) + b - 2 * Double($0)) }
          let expected = errors.reduce(0) { $0 + $1.e * $1.e } / 5
          #expect(abs(loss - expected) <= 1e-5 * expected, "epoch \(epoch + 1): \(loss), closed form \(expected)")
          w -= 0.01 * errors.reduce(0) { $0 + 2 * $1.e * $1.x } / 5
          b -= 0.01 * errors.reduce(0) { $0 + 2 * $1.e } / 5
        }
        let checkpoint = try HDF5File.open(sandbox.file("run/checkpoints/latest.h5"))
        let found = try checkpoint.dataset("/model/0.weight").readAll(as: Double.self)
        #expect(abs(found[0] - w) < 1e-5 && abs(w - 1.8984) < 1e-4)
      }
    }

    // MARK: Binary classification

    private struct Fixture: Decodable {
      struct Curve: Decodable {
        let trainLoss: [Double]
        let testAccuracy: Double
      }
      /// The command that makes the data.
      let data: [String]
      let curves: [String: Curve]
      /// The same for the classifier at several learning rates.
      let classes: [String]
      let rates: [Rates]
      struct Rates: Decodable {
        struct Figures: Decodable {
          let epoch: Int
          let trainLoss, trainAccuracy, valLoss, valAccuracy: Double
        }
        let rate: Double
        let figures: [Figures]
      }
    }

    /// 640 steps of Adam in single precision on either side.
    private static let tolerance = 1e-5

    @Test(
      "The loss of every epoch is PyTorch's, from the same weights in the same order",
      arguments: ["logistic", "binary-mlp"])
    func binary(name: String) throws {
      let fixture: Fixture = try fixture("pytorch-curves.json")
      let curve = try #require(fixture.curves[name])
      try Sandbox.with { sandbox in
        try sandbox.succeed(fixture.data + ["--output", "moons.h5"])
        try sandbox.succeed([shipped(name), "--run", "run", "--quiet"], ranks: 2)
        let losses = try sandbox.metrics("run").map { try #require($0["train_loss"] as? Double) }
        #expect(losses.count == 20 && curve.trainLoss.count == 20)
        for (epoch, (loss, expected)) in zip(losses, curve.trainLoss).enumerated() {
          #expect(abs(loss - expected) <= Self.tolerance * expected, "epoch \(epoch + 1): \(loss), PyTorch \(expected)")
        }
        let last = try sandbox.succeed(["evaluate", "run/checkpoints/latest.h5", "--json"])
        let accuracy = try #require(Sandbox.json(last.output)["accuracy"] as? Double)
        #expect(abs(accuracy - curve.testAccuracy) < 1e-12)
      }
    }

    /// Once in a while a sample stands so close to where a ReLU turns on that single and double precision differ.
    @Test("The 2-10-1 classifier has PyTorch's losses and accuracies every ten epochs, at three learning rates")
    func classifier() throws {
      let fixture: Fixture = try fixture("pytorch-curves.json")
      try Sandbox.with { sandbox in
        try sandbox.succeed(fixture.classes + ["--output", "classes.h5"])
        #expect(fixture.rates.map(\.rate) == [0.1, 0.01, 0.001])
        for rate in fixture.rates {
          let run = "run-\(rate.rate)"
          try sandbox.succeed(
            [shipped("classifier"), "--learning-rate", "\(rate.rate)", "--run", run, "--quiet"], ranks: 2)
          let metrics = try sandbox.metrics(run)
          #expect(metrics.count == 100 && rate.figures.map(\.epoch) == Array(stride(from: 10, through: 100, by: 10)))
          for expected in rate.figures {
            let found = metrics[expected.epoch - 1]
            for (name, value, tolerance) in [
              ("train_loss", expected.trainLoss, 0.005 * expected.trainLoss),
              ("val_loss", expected.valLoss, 0.005 * expected.valLoss),
              ("train_accuracy", expected.trainAccuracy, 0.0026), ("val_accuracy", expected.valAccuracy, 0.0051),
            ] {
              let figure = try #require(found[name] as? Double)
              #expect(
                abs(figure - value) <= tolerance, "\(rate.rate), epoch \(expected.epoch), \(name): \(figure), \(value)")
            }
          }
        }
      }
    }
  }
}

import Foundation
import HDF5Storage
import ProcessSupport
import TestSupport
import Testing

extension Commands {
  /// A small GAN from its data to its samples.
  @Suite struct GANTests {
    private struct Fixture: Decodable {
      struct Step: Decodable {
        let loss: Double, generatorLoss: Double, accuracy: Double
        let arrays: [String: [Double]]
      }
      let seed: Int, samples: Int, shards: Int, side: Int
      let reals: [Float]
      let steps: [Step]
    }

    /// The networks of the fixture, for images of 4×4.
    private static let model = """
      model: {
        generator: [{ dense: 8 }, { reshape: { height: 2, width: 2, channels: 2 } }, "batch_norm", "relu",
          { conv_transpose2d: { filters: 1, kernel: 4, stride: 2, padding: 1 } }, "sigmoid"],
        discriminator: [{ conv2d: { filters: 3, kernel: 3, stride: 2, padding: 1 } }, "batch_norm", { leaky_relu: 0.2 },
          "flatten", "dense"],
        latent: 3,
      },
      """

    /// Six simultaneous steps, by momentum for one network and Adam for the other: every loss and every array after
    /// every step.
    ///
    /// Single precision against double: 6·10⁻⁸ an operation, through a dozen sums a step and six steps.
    @Test func sameStepsAsPyTorch() throws {
      let fixture: Fixture = try fixture("pytorch-gan.json")
      try Sandbox.with { sandbox in
        let file = try HDF5File.create(sandbox.file("data.h5"))
        try file.write("/train/x", shape: [fixture.samples, fixture.side, fixture.side], elements: fixture.reals)
        try file.close()
        let configuration = """
          {
            \(Self.model) data: { path: "data.h5" }, seed: \(fixture.seed), shards: \(fixture.shards),
            batch_size: \(fixture.samples), epochs: \(fixture.steps.count), schedule: "constant",
            checkpoint: { keep: \(fixture.steps.count) },
            optimizer: { name: "sgd", learning_rate: 0.05, momentum: 0.9 },
            generator_optimizer: { name: "adam", learning_rate: 0.02, beta1: 0.5 },
          }
          """
        try sandbox.write("gan.json5", Data(configuration.utf8))
        try sandbox.succeed(["gan.json5", "--run", "run"], ranks: 2)
        let metrics = try sandbox.metrics("run")
        #expect(metrics.count == fixture.steps.count)
        for (index, step) in fixture.steps.enumerated() {
          let figures = [
            ("train_loss", step.loss), ("generator_loss", step.generatorLoss), ("train_accuracy", step.accuracy),
          ]
          for (name, expected) in figures {
            let found = try #require(metrics[index][name] as? Double)
            #expect(abs(found - expected) <= 1e-5 * expected, "\(name) of step \(index + 1)")
          }
          let checkpoint = try HDF5File.open(sandbox.file(String(format: "run/checkpoints/step-%08d.h5", index + 1)))
          let model = try checkpoint.datasetPaths().filter { $0.hasPrefix("/model/") }
          #expect(Set(model) == Set(step.arrays.keys.map { "/model/" + $0 }))
          for (name, expected) in step.arrays {
            let found = try checkpoint.dataset("/model/" + name).readAll(as: Double.self)
            #expect(
              zip(found, expected).allSatisfy { abs($0 - $1) <= 2e-5 * max(1, abs($1)) },
              "\(name) after step \(index + 1)")
          }
        }
      }
    }
  }
}

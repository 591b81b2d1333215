import ProcessSupport
import Testing

extension DistributedTests {
  /// A GAN obeys the same laws: the same bits on any number of ranks, also of a run that was killed and resumed.
  @Suite(.serialized) struct AdversarialTests {
    /// Networks with all that draws at random or learns statistics, and an optimizer for each. 203 samples in batches
    /// of 16 are 13 steps an epoch, which 4 does not divide.
    private static let configuration = """
      {
        model: {
          generator: [{ dense: 16 }, { reshape: { height: 2, width: 2, channels: 4 } }, "batch_norm", "relu",
            { dropout: 0.1 }, { conv_transpose2d: { filters: 1, kernel: 4, stride: 2, padding: 1 } }],
          discriminator: [{ conv2d: { filters: 6, kernel: 3, stride: 2, padding: 1 } }, "batch_norm",
            { leaky_relu: 0.2 }, { dropout: 0.3 }, "dense"],
          latent: 5,
        },
        optimizer: { name: "rmsprop", learning_rate: 0.002, momentum: 0.5 },
        generator_optimizer: { name: "adam", learning_rate: 0.004, beta1: 0.5 },
        clip_norm: 1.0, ema_decay: 0.9, batch_size: 16, shards: 4, data: { scaling: "standard" },
        checkpoint: { every_steps: 4, keep: 3 },
      }
      """

    private func arguments(_ scratch: Scratch, epochs: Int) throws -> [String] {
      [
        try scratch.file("gan.json5", text: Self.configuration), "--epochs", "\(epochs)", "--data",
        try scratch.images("images.h5", samples: 203, extents: [4, 4]),
      ]
    }

    /// With accumulated gradients, clipping and averaged weights.
    @Test func equalBits() throws {
      let scratch = try Scratch()
      let arguments = try arguments(scratch, epochs: 3) + ["--set", "accumulate=2"]
      let one = try train(ranks: 1, arguments, run: scratch.path + "/1")
      #expect(one.progress["step"] == "21", "3 epochs of ⌈203 / 32⌉ steps")
      #expect(one.metrics.count == 3 && one.metrics.allSatisfy { $0.contains("\"generator_loss\": ") })
      for (ranks, ranksPerNode) in [(2, nil), (4, nil), (3, 1)] as [(Int, Int?)] {
        let record = try train(
          ranks: ranks, ranksPerNode: ranksPerNode, arguments, run: scratch.path + "/\(ranks)-\(ranksPerNode ?? 0)")
        #expect(record.differences(from: one) == [], "\(ranks) ranks")
      }
      let moments = Set(one.arrays.keys.filter { $0.hasPrefix("/optimizer/") }.map { $0.split(separator: "/")[1] })
      #expect(moments == ["exp_avg", "exp_avg_sq", "square_avg", "momentum_buffer", "ema"])
      // Each optimizer moves the moments of its own network alone.
      for (moment, own, other) in [
        ("exp_avg", "generator", "discriminator"), ("square_avg", "discriminator", "generator"),
      ] {
        #expect(try one.floats("/optimizer/\(moment)/\(own).0.weight").contains { $0 != 0 })
        #expect(try one.floats("/optimizer/\(moment)/\(other).0.weight").allSatisfy { $0 == 0 })
      }
    }

    @Test func killedAndResumed() throws {
      let scratch = try Scratch()
      let arguments = try arguments(scratch, epochs: 20)
      let reference = try train(ranks: 2, arguments, run: scratch.path + "/reference")
      #expect(reference.progress["step"] == "260")
      var training = InterruptedTraining(scratch, arguments, checkpointSteps: 4)
      try training.expectEnd(equalTo: reference, afterKills: 4)
    }
  }
}

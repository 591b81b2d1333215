import ProcessSupport
import Testing

extension DistributedTests {
  /// Frozen parameters are left out of the sum and of the update, on one node and between several.
  @Suite(.serialized) struct FreezingTests {
    /// 132,000 frozen parameters in the middle are more than 30 whole blocks of the exchange; the first layer's bias is
    /// a part of one.
    private static let configuration = """
      {
        model: { layers: [{ dense: 300 }, "relu", { dense: 440 }, "batch_norm", "relu", { dropout: 0.2 }, "dense"] },
        freeze: ["2.*", "3", "0.bias"], ema_decay: 0.9, batch_size: 32, shards: 4,
        optimizer: { name: "adamw", groups: [{ match: "6.*", learning_rate: 0.01, weight_decay: 0.1 }] },
      }
      """

    @Test(arguments: ["clip_norm=1.0", "optimizer.name=lamb"]) func equalBits(_ setting: String) throws {
      let scratch = try Scratch()
      let arguments = [
        try scratch.file("frozen.json5", text: Self.configuration), "--epochs", "2", "--data",
        try scratch.dataset("data.h5", samples: 203), "--set", setting,
      ]
      let one = try train(ranks: 1, arguments, run: scratch.path + "/1")
      for (ranks, ranksPerNode) in [(2, nil), (4, nil), (3, 1)] as [(Int, Int?)] {
        let record = try train(
          ranks: ranks, ranksPerNode: ranksPerNode, arguments, run: scratch.path + "/\(ranks)-\(ranksPerNode ?? 0)")
        #expect(record.differences(from: one) == [], "\(ranks) ranks")
      }
      for name in ["2.weight", "2.bias", "3.weight", "3.bias", "0.bias"] {
        #expect(try one.floats("/optimizer/ema/\(name)") == one.floats("/model/\(name)"))
        #expect(try one.floats("/optimizer/exp_avg/\(name)").allSatisfy { $0 == 0 })
      }
      #expect(try one.floats("/model/3.running_mean").allSatisfy { $0 == 0 })
      #expect(try one.floats("/optimizer/exp_avg/0.weight").contains { $0 != 0 })
    }

    @Test func adversarial() throws {
      let scratch = try Scratch()
      let arguments = [
        "--model", "gan", "--epochs", "1", "--batch-size", "16", "--shards", "4", "--data",
        try scratch.images("images.h5", samples: 48, extents: [4, 4]), "--set",
        "freeze=['generator.0','generator.2','discriminator.0.weight']", "--set", "data.scaling=min_max",
      ]
      let one = try train(ranks: 1, arguments, run: scratch.path + "/1")
      #expect(try train(ranks: 2, arguments, run: scratch.path + "/2").differences(from: one) == [])
      for name in ["generator.0.weight", "generator.2.bias", "discriminator.0.weight"] {
        #expect(try one.floats("/optimizer/exp_avg/\(name)").allSatisfy { $0 == 0 })
      }
      for name in ["generator.4.weight", "discriminator.0.bias"] {
        #expect(try one.floats("/optimizer/exp_avg/\(name)").contains { $0 != 0 })
      }
      #expect(try one.floats("/model/generator.2.running_mean").allSatisfy { $0 == 0 })
    }
  }
}

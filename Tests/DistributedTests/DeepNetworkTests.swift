import Foundation
import ProcessSupport
import Testing

extension DistributedTests {
  /// Deep networks obey the same laws: the same bits on any number of ranks, also of a run that was killed and resumed.
  @Suite(.serialized) struct DeepNetworkTests {
    /// The model and what goes with it. 60 samples in batches of 12 are 5 steps an epoch, which 3 does not divide.
    private static let configurations = [
      "resnet20": """
      {
        model: "resnet20", optimizer: { name: "sgd", learning_rate: 0.05, momentum: 0.9, weight_decay: 0.0001 },
        data: { augment: ["flip", { crop: { padding: 2 } }], scaling: "standard" },
      """,
      "lstm": """
      {
        model: {
          layers: [{ lstm: { units: 12, layers: 2, bidirectional: true, dropout: 0.3, sequence: false } }, "dense"]
        },
        clip_norm: 0.5, optimizer: { name: "adam", learning_rate: 0.01 },
      """,
    ]

    private func arguments(_ model: String, _ scratch: Scratch, epochs: Int) throws -> [String] {
      let head = try #require(Self.configurations[model])
      let tail = " epochs: \(epochs), batch_size: 12, shards: 4, checkpoint: { every_steps: 3, keep: 3 } }"
      return [
        try scratch.file("\(model).json5", text: head + tail), "--data",
        try scratch.images("images.h5", samples: 60, extents: model == "lstm" ? [10, 6] : [8, 8, 3]),
      ]
    }

    @Test(arguments: ["resnet20", "lstm"]) func equalBits(model: String) throws {
      let scratch = try Scratch()
      let arguments = try arguments(model, scratch, epochs: 2)
      let one = try train(ranks: 1, arguments, run: scratch.path + "/1")
      #expect(one.progress["step"] == "10")
      for ranks in [2, 4] {
        let record = try train(ranks: ranks, arguments, run: scratch.path + "/\(ranks)")
        #expect(record.differences(from: one) == [], "\(ranks) ranks")
      }
    }

    @Test(arguments: ["resnet20", "lstm"]) func killedAndResumed(model: String) throws {
      let scratch = try Scratch()
      let arguments = try arguments(model, scratch, epochs: 10)
      let reference = try train(ranks: 2, arguments, run: scratch.path + "/reference")
      var training = InterruptedTraining(scratch, arguments, checkpointSteps: 3)
      try training.expectEnd(equalTo: reference, afterKills: 4)
    }

    /// The binary files of CIFAR-10, with stripes in place of photographs: one class runs across, one down, the others
    /// slanted.
    @Test func residualNetworkLearnsFromCIFAR10Files() throws {
      let scratch = try Scratch()
      try scratch.cifar10(records: 240, in: "data_batch_1.bin")
      try scratch.cifar10(records: 60, in: "test_batch.bin")
      let data = scratch.path + "/cifar10.h5"
      let conversion = try run(trainer, ["data", "convert", "cifar10", scratch.path, "--output", data])
      try #require(conversion.status == 0, "\(conversion)")
      let path = scratch.path + "/run"
      let record = try train(
        ranks: 2,
        [
          "--data", data, "--model", "resnet20", "--epochs", "3", "--batch-size", "24", "--shards", "2", "--optimizer",
          "adam", "--learning-rate", "0.003",
        ], run: path)
      #expect(try record.floats("/model/0.weight").count == 432, "16 filters of 3·3·3")
      let summary = try JSONDecoder().decode(
        Summary.self, from: Data(contentsOf: URL(filePath: path + "/summary.json")))
      #expect(summary.test.accuracy > 0.6, "of ten classes")
    }

    private struct Summary: Decodable {
      struct Test: Decodable { let accuracy: Double }
      let test: Test
    }
  }
}

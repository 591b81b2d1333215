import Foundation
import ProcessSupport
import Testing

extension DistributedTests {
  /// Every optimizer, and all that goes with it: the same bits on any number of ranks and nodes, and after a
  /// resumption.
  @Suite(.serialized) struct OptimizationTests {
    private static let options = [
      #"optimizer={name:"adagrad",decay_biases:false,weight_decay:0.01}"#,
      #"optimizer={name:"rmsprop",centered:true,momentum:0.5,learning_rate:0.001}"#,
      #"optimizer={name:"adadelta"}"#,
      #"optimizer={name:"lion",weight_decay:0.1}"#,
      #"optimizer={name:"lars",weight_decay:0.0001}"#,
      #"optimizer={name:"lamb",learning_rate:0.01}"#,
    ]
    /// What stands beside the optimizer, in turn.
    private static let companions = [
      "clip_value=0.01", "ema_decay=0.9", "accumulate=3", "clip_norm=0.1", "initializer=orthogonal",
      "regularization.l1=0.0001",
    ]

    private static let configuration = """
      {
        model: { layers: [{ dense: 40 }, "relu", { dropout: 0.3 }, { dense: 3 }] },
        epochs: 3, batch_size: 32, shards: 4, data: { scaling: "standard", validation: 0.1 },
      }
      """

    @Test(arguments: options.indices) func equalBits(index: Int) throws {
      let scratch = try Scratch()
      // 150 · 40 weights lie in several blocks, which ranks divide.
      let data = try scratch.dataset("data.h5", samples: 301, features: 150)
      let arguments = [
        try scratch.file("run.json5", text: Self.configuration), "--data", data, "--set", Self.options[index], "--set",
        Self.companions[index],
      ]
      let one = try train(ranks: 1, arguments, run: scratch.path + "/one")
      for (ranks, ranksPerNode) in [(2, nil), (4, 3)] as [(Int, Int?)] {
        let record = try train(
          ranks: ranks, ranksPerNode: ranksPerNode, arguments, run: scratch.path + "/\(ranks)")
        #expect(record.differences(from: one) == [], "\(ranks) ranks: \(arguments)")
      }
    }

    /// The state of plateau, early stopping and averaged weights is in the checkpoint: a run that goes on from the
    /// first epoch is the run that never stopped.
    @Test(arguments: [
      [
        #"schedule={name:"plateau",patience:0,threshold:0.3,gamma:0.5}"#, "ema_decay=0.95",
        "early_stopping={patience:2,minimum_change:0.1}", "optimizer=lamb",
      ],
      ["schedule=one_cycle", "early_stopping={metric:\"accuracy\",patience:1,minimum_change:0.2}", "accumulate=2"],
    ])
    func resumesExactly(settings: [String]) throws {
      let scratch = try Scratch()
      let data = try scratch.dataset("data.h5", samples: 301)
      let arguments =
        [
          try scratch.file("run.json5", text: Self.configuration), "--data", data, "--epochs", "12", "--set",
          "checkpoint.keep=20",
        ]
        + settings.flatMap { ["--set", $0] }
      let whole = try train(ranks: 1, arguments, run: scratch.path + "/whole")
      #expect(whole.metrics.count < 12, "it was to stop early: \(whole.metrics.count) epochs")
      let files = try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/whole/checkpoints")
      let first = try #require(files.filter { $0.hasPrefix("step-") }.min())
      let path = scratch.path + "/resumed"
      try FileManager.default.createDirectory(atPath: path + "/checkpoints", withIntermediateDirectories: true)
      for file in ["checkpoints/\(first)", "metrics.jsonl"] {
        try FileManager.default.copyItem(atPath: scratch.path + "/whole/" + file, toPath: path + "/" + file)
      }
      let resumed = try train(ranks: 2, arguments + ["--resume", "auto"], run: path)
      #expect(resumed.differences(from: whole) == [])
    }

    /// One update of two micro-steps sums what one of twice the batch does, in another order.
    @Test func accumulationIsALargerBatch() throws {
      let scratch = try Scratch()
      let data = try scratch.dataset("data.h5", samples: 256)
      let arguments = [
        "--data", data, "--set", "data.scaling=standard", "--model", "logistic", "--optimizer", "sgd", "--epochs", "2",
        "--shards", "4",
      ]
      let one = try train(ranks: 2, arguments + ["--batch-size", "64"], run: scratch.path + "/one")
      let two = try train(
        ranks: 2, arguments + ["--batch-size", "32", "--set", "accumulate=2"], run: scratch.path + "/two")
      #expect(one.progress["step"] == two.progress["step"])
      for path in one.arrays.keys where path.hasPrefix("/model/") {
        let pairs = zip(try one.floats(path), try two.floats(path))
        #expect(pairs.allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) }, "\(path)")
      }
    }

    @Test func rangeTestHasTheSameResultOnAnyRanks() throws {
      let scratch = try Scratch()
      let data = try scratch.dataset("data.h5", samples: 301)
      let results = try [1, 3].map { ranks in
        let output = scratch.path + "/\(ranks).json"
        let finished = try mpirun(
          ranks: ranks, trainer,
          [
            "lr-find", "--data", data, "--set", "data.scaling=standard", "--shards", "4", "--from", "0.0001", "--steps",
            "40", "--output", output,
          ], environment: ["OPENBLAS_NUM_THREADS": "1"])
        try #require(finished.status == 0, "\(finished)")
        #expect(finished.output.contains("\nsuggestion: --learning-rate "), "\(finished.output)")
        return try String(contentsOfFile: output, encoding: .utf8)
      }
      #expect(results[0] == results[1] && results[0].contains("\"smoothed_losses\""))
    }

    @Test(arguments: [
      (#"schedule={name:"plateau",metric:"accuracy"}"#, "schedule.metric"),
      (#"early_stopping={metric:"accuracy"}"#, "early_stopping.metric"),
    ])
    func accuracyNeedsALossThatHasOne(setting: String, key: String) throws {
      let scratch = try Scratch()
      let data = try scratch.dataset("data.h5", samples: 64)
      let finished = try mpirun(
        ranks: 2, trainer,
        ["--data", data, "--loss", "mse", "--model", "linear", "--set", setting, "--run", scratch.path + "/run"])
      #expect(finished.status == 2, "\(finished)")
      #expect(
        finished.errorLines(beginningWith: "ddp-train: \(key)") == [
          "ddp-train: \(key): the loss mse has no accuracy to follow; give \"loss\""
        ], "\(finished)")
    }

    /// What training said of the averaged weights is what `evaluate` says of the checkpoint.
    @Test func averagedWeightsAreEvaluated() throws {
      let scratch = try Scratch()
      let data = try scratch.dataset("data.h5", samples: 301)
      let run = scratch.path + "/run"
      let record = try train(
        ranks: 2,
        [
          try scratch.file("run.json5", text: Self.configuration), "--data", data, "--epochs", "1", "--set",
          "ema_decay=0.99",
        ], run: run)
      let finished = try mpirun(
        ranks: 2, trainer, ["evaluate", run + "/checkpoints/best.h5", "--split", "val", "--json"],
        environment: ["OPENBLAS_NUM_THREADS": "1"])
      try #require(finished.status == 0, "\(finished)")
      let loss = try #require(record.metrics[0].firstMatch(of: /"val_loss": ([-0-9.e]+)/)?.1)
      #expect(finished.output.contains("\"loss\": \(loss)"), "\(finished.output), expected \(loss)")
      #expect(try record.floats("/optimizer/ema/0.weight") != record.floats("/model/0.weight"))
    }
  }
}

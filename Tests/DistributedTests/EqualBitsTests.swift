import Foundation
import ProcessSupport
import Testing

extension DistributedTests {
  /// One seed, one result, whatever the number of ranks and nodes.
  @Suite(.serialized) struct EqualBitsTests {
    /// Ranks, and ranks on a node where one machine is to act as several.
    private static let jobs: [(ranks: Int, ranksPerNode: Int?)] = [
      (2, nil), (3, nil), (4, nil), (4, 2), (3, 1), (6, nil), (6, 1),
    ]

    /// Dropout, Adam, clipping that bites, and shards that share no factor with the samples.
    private static let thorough = """
      {
        model: { layers: [{ dense: 24 }, "relu", { dropout: 0.3 }, { dense: 16 }, "tanh", { dense: 3 }] },
        optimizer: { name: "adam", learning_rate: 0.01 }, clip_norm: 0.5,
        epochs: 3, batch_size: 64, shards: 4, data: { scaling: "standard" },
      }
      """

    /// Trains on one rank, then by `jobs`, and compares.
    private func expectEqualBits(
      _ scratch: Scratch, _ arguments: [String], jobs: [(ranks: Int, ranksPerNode: Int?)] = jobs
    ) throws -> RunRecord {
      let one = try train(ranks: 1, arguments, run: scratch.path + "/one")
      #expect(!one.arrays.isEmpty && !one.metrics.isEmpty)
      for job in jobs {
        let record = try train(
          ranks: job.ranks, ranksPerNode: job.ranksPerNode, arguments,
          run: scratch.path + "/\(job.ranks)-\(job.ranksPerNode ?? 0)")
        #expect(
          record.differences(from: one) == [],
          "\(job.ranks) ranks, \(job.ranksPerNode.map { "\($0)" } ?? "all") on a node")
      }
      return one
    }

    @Test func digits() throws {
      let scratch = try Scratch()
      let record = try expectEqualBits(
        scratch, ["--shards", "4", "--epochs", "3"], jobs: [(2, nil), (3, nil), (4, nil)])
      #expect(record.metrics.count == 3)
      // The comparison tells runs apart: another seed is another run.
      let other = try train(ranks: 2, ["--shards", "4", "--epochs", "3", "--seed", "43"], run: scratch.path + "/seed")
      #expect(!other.differences(from: record).isEmpty)
    }

    @Test func dropoutAdamClippingAnd1001Samples() throws {
      let scratch = try Scratch()
      let configuration = try scratch.file("run.json5", text: Self.thorough)
      let data = try scratch.dataset("data.h5", samples: 1001)
      let record = try expectEqualBits(scratch, [configuration, "--data", data])
      #expect(record.progress["step"] == "48", "3 epochs of ⌈1001 / 64⌉ steps")
    }

    /// Seven shards: with four, summing rank by rank happens to follow the tree.
    @Test func sevenShardsValidationSplitAndMomentum() throws {
      let scratch = try Scratch()
      let configuration = try scratch.file("run.json5", text: Self.thorough)
      let data = try scratch.dataset("data.h5", samples: 1001)
      let record = try expectEqualBits(
        scratch,
        [
          configuration, "--data", data, "--shards", "7", "--set", "data.validation=0.1", "--set",
          #"optimizer={name:"sgd",learning_rate:0.05,momentum:0.9,nesterov:true,weight_decay:0.0001}"#,
        ], jobs: [(4, nil), (4, 3), (5, 2)])
      #expect(record.metrics.allSatisfy { !$0.contains("\"val_loss\": null") })
    }

    /// Shards take no sample in most steps, and some steps have none at all.
    @Test func emptyMicroBatches() throws {
      let scratch = try Scratch()
      let data = try scratch.dataset("data.h5", samples: 21)
      let record = try expectEqualBits(
        scratch, ["--data", data, "--shards", "4", "--batch-size", "1", "--epochs", "2", "--model", "linear"],
        jobs: [(2, nil), (4, nil), (4, 3)])
      #expect(record.progress["step"] == "42")
    }

    /// Shards of odd numbers of samples, whose sums over samples are made of pairs, jointly and one by one.
    @Test(arguments: [1, 2]) func bfloat16Products(accumulate: Int) throws {
      let scratch = try Scratch()
      let configuration = try scratch.file("run.json5", text: Self.thorough)
      let data = try scratch.dataset("data.h5", samples: 1001)
      let arguments = [configuration, "--data", data, "--shards", "7", "--set", "accumulate=\(accumulate)"]
      let record = try expectEqualBits(
        scratch, arguments + ["--precision", "bfloat16"], jobs: [(2, nil), (4, nil), (5, 2), (7, nil)])
      let exact = try train(ranks: 2, arguments, run: scratch.path + "/exact")
      #expect(record.arrays != exact.arrays)
      let losses = try [record, exact].map { try #require($0.progress["best_loss"].flatMap { Double($0) }) }
      #expect(abs(losses[0] - losses[1]) <= 0.05 * losses[1], "\(losses)")
    }

    @Test func bfloat16ProductsOfSequences() throws {
      let scratch = try Scratch()
      let configuration = try scratch.file(
        "run.json5",
        text: """
          {
            layers: [{ lstm: 12 }, { multi_head_attention: 3 }, "flatten", "dense"],
            precision: "bfloat16", epochs: 1, batch_size: 50, shards: 5,
          }
          """)
      _ = try expectEqualBits(scratch, [configuration], jobs: [(2, nil), (3, 1), (5, nil)])
    }

    /// What nodes send each other in sixteen bits depends on the shards of each node, not on the ranks that hold them.
    @Test func roundedExchangesHaveTheBitsOfTheirNodes() throws {
      let scratch = try Scratch()
      let configuration = try scratch.file("run.json5", text: Self.thorough)
      let data = try scratch.dataset("data.h5", samples: 1001)
      let arguments = [configuration, "--data", data, "--set", "exchange_precision=bfloat16"]
      let two = try train(ranks: 2, ranksPerNode: 1, arguments, run: scratch.path + "/two")
      let four = try train(ranks: 4, ranksPerNode: 2, arguments, run: scratch.path + "/four")
      #expect(four.differences(from: two) == [])
      // Inside a node nothing is rounded.
      let exact = try train(ranks: 1, [configuration, "--data", data], run: scratch.path + "/exact")
      let alone = try train(ranks: 2, arguments, run: scratch.path + "/alone")
      #expect(alone.arrays == exact.arrays && two.arrays != exact.arrays)
      let losses = try [two, exact].map { try #require($0.progress["best_loss"].flatMap { Double($0) }) }
      #expect(abs(losses[0] - losses[1]) <= 0.05 * losses[1], "\(losses)")
    }

    /// The plain path repeats for one number of ranks, and differs from the other by rounding alone.
    @Test func allReduceRepeatsAndIsClose() throws {
      let scratch = try Scratch()
      let data = try scratch.dataset("data.h5", samples: 1001)
      let arguments = ["--data", data, "--shards", "6", "--epochs", "2", "--batch-size", "64", "--optimizer", "sgd"]
      let shared = try train(ranks: 3, arguments, run: scratch.path + "/shared")
      let plain = try train(ranks: 3, arguments + ["--exchange", "mpi"], run: scratch.path + "/plain")
      let again = try train(ranks: 3, arguments + ["--exchange", "mpi"], run: scratch.path + "/again")
      #expect(again.differences(from: plain) == [])
      // 32 steps of SGD: rounding of 2⁻²⁴ a step grows by no more than a hundredfold.
      for path in shared.arrays.keys where path.hasPrefix("/model/") {
        let pairs = zip(try plain.floats(path), try shared.floats(path))
        #expect(pairs.allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) }, "\(path)")
      }
    }
  }
}

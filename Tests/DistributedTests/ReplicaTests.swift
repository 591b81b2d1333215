import Foundation
import ProcessSupport
import Testing

extension DistributedTests {
  /// Copies of a run's state that are not equal any more.
  @Suite(.serialized) struct ReplicaTests {
    private func arguments(_ scratch: Scratch) throws -> [String] {
      [
        "--data", try scratch.dataset("data.h5", samples: 1001), "--shards", "4", "--epochs", "3", "--batch-size", "64",
        "--run", scratch.path + "/run", "--set", "sentinel.compare_steps=5", "--set", "checkpoint.every_steps=4",
        "--set", "model.layers=[{dense:8},'relu','dense']",
      ]
    }

    /// Runs the program with one bit flipped on the last rank before step 11.
    private func disturbed(
      _ scratch: Scratch, ranks: Int, ranksPerNode: Int?, _ kind: String, _ more: [String] = []
    ) throws -> FinishedProcess {
      try mpirun(
        ranks: ranks, selfTest, ["disturbance", kind, "10", "\(ranks - 1)"] + arguments(scratch) + more,
        environment: ["DDP_TRAIN_RANKS_PER_NODE": ranksPerNode.map { "\($0)" }, "OPENBLAS_NUM_THREADS": "1"])
    }

    @Test(
      "A bit flipped in one copy ends the run, and is named with its host and the last good checkpoint",
      arguments: [
        (2, 1, "parameter", ["--optimizer", "adam"], "model/0.weight[0, 5]"),
        (4, 2, "moment", ["--optimizer", "adam"], "optimizer/exp_avg/0.weight[0, 5]"),
        (4, 1, "parameter", ["--optimizer", "sgd"], "model/0.weight[0, 5]"),
        (3, nil, "parameter", ["--exchange", "mpi"], "model/0.weight[0, 5]"),
      ] as [(Int, Int?, String, [String], String)])
    func flipped(ranks: Int, ranksPerNode: Int?, kind: String, options: [String], tensor: String) throws {
      let scratch = try Scratch()
      let finished = try disturbed(scratch, ranks: ranks, ranksPerNode: ranksPerNode, kind, options)
      #expect(finished.status == 6, "\(finished)")
      // Every rank says so, in the same words.
      let lines = Array(Set(finished.errorLines(beginningWith: "ddp-selftest: ")))
      try #require(lines.count == 1, "\(finished)")
      // The comparison of step 12's checkpoint finds it.
      #expect(lines[0].hasPrefix("ddp-selftest: step 12, epoch 1: the copies of \(tensor) differ: "), "\(finished)")
      #expect(lines[0].contains("all agreed after step 10; "), "\(finished)")
      #expect(
        lines[0].contains("all agreed is \(scratch.path)/run/checkpoints/step-00000008.h5: go on from it"),
        "\(finished)")
      let holders = ranksPerNode == 2 ? "(ranks 2, 3)" : "(rank \(ranks - 1))"
      #expect(lines[0].contains(holders), "\(finished)")
      // Of more than two, most are taken to be right.
      let copies = ranks / (ranksPerNode ?? 1)
      #expect(lines[0].contains("on the other \(copies - 1)") == (copies > 2), "\(finished)")
      let run = scratch.path + "/run/checkpoints/"
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: run + "latest.h5") == "step-00000008.h5")
    }

    @Test("One copy has none to be compared with, and a spoiled gradient is the same on all nodes")
    func undetected() throws {
      let scratch = try Scratch()
      let one = try disturbed(scratch, ranks: 2, ranksPerNode: nil, "moment")
      #expect(one.status == 0, "\(one)")
      let gradient = try disturbed(scratch, ranks: 2, ranksPerNode: 1, "gradient", ["--overwrite"])
      #expect(gradient.status == 4, "\(gradient)")
      #expect(gradient.errors.contains("step 11, epoch 1: the loss is "), "\(gradient)")
    }

    @Test("Comparing changes no bit")
    func comparing() throws {
      let scratch = try Scratch()
      let data = try scratch.dataset("data.h5", samples: 500)
      let arguments = ["--data", data, "--shards", "4", "--epochs", "2", "--batch-size", "32", "--set"]
      let one = try train(ranks: 1, arguments + ["sentinel.compare_steps=0"], run: scratch.path + "/one")
      let other = try train(
        ranks: 4, ranksPerNode: 1, arguments + ["sentinel.compare_steps=1"], run: scratch.path + "/other")
      #expect(other.differences(from: one) == [])
    }
  }
}

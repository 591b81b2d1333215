import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension DistributedTests {
  /// A model and a layer of a program's own, trained through the library.
  @Suite(.serialized) struct LibraryTests {
    private func run(
      _ scratch: Scratch, ranks: Int, _ name: String, _ options: [String] = []
    ) throws -> (line: String, record: RunRecord) {
      let data = scratch.path + "/data.h5"
      let finished = try mpirun(
        ranks: ranks, selfTest,
        [
          "library", "\(scratch.path)/\(name)", "--data", data, "--epochs", "4", "--learning-rate", "0.02", "--shards",
          "4", "--set", "data.scaling=standard", "--set", "checkpoint.keep=9",
        ] + options, environment: ["OPENBLAS_NUM_THREADS": "1"])
      try #require(finished.status == 0, "\(finished)")
      return (try #require(finished.outputLines.last), try RunRecord("\(scratch.path)/\(name)"))
    }

    private func makeData(_ scratch: Scratch) throws {
      let made = try ProcessSupport.run(
        trainer,
        [
          "data", "make", "blobs", "--output", scratch.path + "/data.h5", "--samples", "600", "--features", "6",
          "--classes", "3", "--noise", "4", "--test", "0.2",
        ])
      try #require(made.status == 0, "\(made)")
    }

    @Test("Equal bits on any number of ranks, exact resume, and the figures that training printed")
    func trains() throws {
      let scratch = try Scratch()
      try makeData(scratch)
      let one = try run(scratch, ranks: 1, "one")
      #expect(
        one.record.arrays.keys.filter { $0.hasPrefix("/model/") }.sorted() == [
          "/model/0.bias", "/model/0.weight", "/model/1.layers.0.weight", "/model/2.weight", "/model/3.bias",
          "/model/3.weight",
        ])
      // Both of the program's layers have learned.
      for path in ["/model/1.layers.0.weight", "/model/2.weight"] {
        #expect(try one.record.floats(path).contains { abs($0 - 1) > 0.01 }, "\(path)")
      }
      for ranks in [2, 4] {
        let other = try run(scratch, ranks: ranks, "\(ranks)")
        #expect(other.line == one.line && other.record.differences(from: one.record) == [])
      }
      let resumed = try run(
        scratch, ranks: 2, "resumed", ["--resume", scratch.path + "/one/checkpoints/step-00000008.h5"])
      #expect(resumed.line == one.line && resumed.record.arrays == one.record.arrays)
      // It went on after the second epoch, and did not begin again.
      #expect(resumed.record.metrics == Array(one.record.metrics.dropFirst(2)))

      let labels = try HDF5File.open(scratch.path + "/data.h5").dataset("/test/y").readAll(as: Int.self)
      let classes = try HDF5File.open(scratch.path + "/one/predictions.h5").dataset("/classes").readAll(as: Int.self)
      let accuracy = Double(zip(classes, labels).count { $0 == $1 }) / Double(labels.count)
      #expect(accuracy > 0.8 && one.line == "library: test accuracy \(accuracy) over \(labels.count) samples")
    }

    private func search(
      _ scratch: Scratch, ranks: Int, _ directory: String, _ rates: [String]
    ) throws -> FinishedProcess {
      try mpirun(
        ranks: ranks, selfTest, ["search", scratch.path + "/data.h5", directory] + rates,
        environment: ["OPENBLAS_NUM_THREADS": "1"], directory: scratch.path)
    }

    /// The program itself compares runs with and without files, and what evaluation and resume make of the files.
    @Test(
      "Runs in one process, with a loss and a metric of its own and without files, come to what each comes to alone")
    func searches() throws {
      let scratch = try Scratch()
      try makeData(scratch)
      let both = try search(scratch, ranks: 1, "-", ["0.02", "0.1"])
      try #require(both.status == 0 && both.outputLines.count == 2, "\(both)")
      // In the second the best epoch is not the last, so that the test was of weights kept in memory.
      #expect(both.outputLines[1].contains("best 2"), "\(both)")
      for ranks in [2, 4] {
        #expect(try search(scratch, ranks: ranks, "-", ["0.02", "0.1"]).outputLines == both.outputLines)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["data.h5"])

      for (index, rate) in ["0.02", "0.1"].enumerated() {
        let alone = try search(scratch, ranks: 2, "files", [rate])
        #expect(alone.status == 0 && alone.outputLines == [both.outputLines[index]], "\(alone)")
      }
      let metrics = try String(contentsOfFile: scratch.path + "/files/0.1/metrics.jsonl", encoding: .utf8)
      #expect(metrics.split(separator: "\n").filter { $0.contains("\"val_miss\": 0.") }.count == 4, "\(metrics)")

      let best = scratch.path + "/files/0.1/checkpoints/best.h5"
      let message =
        "ddp-train: \(best): trained with the loss power and the metric miss, which this program does not have; use "
        + "the "
        + "program that trained it"
      for command in [["evaluate", best], ["--resume", best, "--run", scratch.path + "/on"]] {
        let finished = try ProcessSupport.run(trainer, command)
        #expect(finished.status == 3 && finished.errorLines == [message], "\(finished)")
      }
      #expect(try ProcessSupport.run(trainer, ["verify", best]).status == 0)

      let refused = try search(scratch, ranks: 2, "-", ["0"])
      #expect(
        refused.status == 2 && refused.errors.contains("optimizer.learning_rate: expected more than 0, found 0.0"),
        "\(refused)")
    }

    @Test("ddp-train says which layers of a checkpoint it cannot build")
    func otherPrograms() throws {
      let scratch = try Scratch()
      try makeData(scratch)
      _ = try run(scratch, ranks: 1, "run")
      let best = scratch.path + "/run/checkpoints/best.h5"
      let message =
        "ddp-train: \(best): its model has layers of another program's own, Gain, Gain 2, which this program cannot "
        + "build; "
        + "evaluate it in the program that trained it"
      let output = scratch.path + "/out.h5"
      for command in [["evaluate", best], ["predict", best, "--data", scratch.path + "/data.h5", "--output", output]] {
        let finished = try ProcessSupport.run(trainer, command)
        #expect(finished.status == 3 && finished.errorLines == [message], "\(finished)")
      }
      let resumed = try ProcessSupport.run(trainer, ["--resume", best, "--epochs", "5", "--run", scratch.path + "/on"])
      #expect(
        resumed.status == 2 && resumed.errorLines.count == 1
          && resumed.errors.hasSuffix(
            "model.layers[1].residual.layers[0].custom: Gain: is a layer that this program does not have; build the "
              + "model in "
              + "the program that has it\n"),
        "\(resumed)")
      let verified = try ProcessSupport.run(trainer, ["verify", best])
      #expect(verified.status == 0, "\(verified)")
      let named = try mpirun(ranks: 2, selfTest, ["library", scratch.path + "/named", "--model", "mlp"])
      #expect(
        named.status == 2
          && named.errors.contains("--model: this program has a model of its own; leave the option out"), "\(named)")
    }
  }
}

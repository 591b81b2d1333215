import Foundation
import HDF5Storage
import NumericCore
import ProcessSupport
import Testing

extension DistributedTests {
  /// Steps whose loss is no number or a spike, and what a run makes of them.
  @Suite(.serialized) struct SentinelTests {
    /// Ranks, and ranks on a node where one machine is to act as several.
    private static let jobs: [(ranks: Int, ranksPerNode: Int?)] = [(2, nil), (4, nil), (2, 1), (4, 2)]
    /// Momentum, averaged weights and running statistics, all of which a skipped step must leave alone.
    private static let configuration = """
      {
        model: { layers: [{ dense: 12 }, "batch_norm", "relu", { dropout: 0.2 }, { dense: 3 }] },
        optimizer: { name: "adam", learning_rate: 0.01 }, ema_decay: 0.9,
        epochs: 3, batch_size: 32, shards: 4, data: { scaling: "none" }, log: { every_steps: 1 },
        checkpoint: { every_steps: 4, every_epochs: 1, keep: 99 },
      }
      """

    /// 337 samples of three classes, in which the numbers of some rows have a certain magnitude.
    private func data(_ scratch: Scratch, rows: [Int], magnitude: Float = 0) throws -> String {
      let plain = try HDF5File.open(try scratch.dataset("plain.h5", samples: 337))
      var values = try plain.dataset("/train/x").readAll(as: Float.self)
      let labels = try plain.dataset("/train/y").readAll(as: Int32.self)
      for row in rows { for i in row * 12..<row * 12 + 12 { values[i] = values[i] < 0 ? -magnitude : magnitude } }
      let file = try HDF5File.create(scratch.path + "/data.h5")
      try file.write("/train/x", shape: [337, 12], elements: values)
      try file.write("/train/y", shape: [337], elements: labels)
      try file.close()
      return scratch.path + "/data.h5"
    }

    private func lines(_ run: String) throws -> [[String: Any]] {
      try String(contentsOfFile: run + "/steps.jsonl", encoding: .utf8).split(separator: "\n").map { line in
        try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      }
    }

    private func summary(_ run: String) throws -> [String: Any] {
      let data = try Data(contentsOf: URL(filePath: run + "/summary.json"))
      return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test("A step whose loss is no number is skipped on any number of ranks, and leaves nothing behind")
    func skip() throws {
      let scratch = try Scratch()
      let file = try data(scratch, rows: [200], magnitude: 3e38)
      let configuration = try scratch.file("run.json5", text: Self.configuration)
      let arguments = [configuration, "--data", file, "--set", "sentinel.on_nonfinite=skip"]
      let one = try train(ranks: 1, arguments, run: scratch.path + "/one")
      for job in Self.jobs {
        let name = scratch.path + "/\(job.ranks)-\(job.ranksPerNode ?? 0)"
        let other = try train(ranks: job.ranks, ranksPerNode: job.ranksPerNode, arguments, run: name)
        #expect(other.differences(from: one) == [], "\(job)")
        #expect(
          try String(contentsOfFile: name + "/steps.jsonl", encoding: .utf8)
            == String(contentsOfFile: scratch.path + "/one/steps.jsonl", encoding: .utf8), "\(job)")
      }
      #expect(one.progress["skipped_steps"] == "3" && one.progress["step"] == "33")
      #expect(one.metrics.allSatisfy { $0.contains("\"skipped_steps\": 1") && !$0.contains("null, \"train_acc") })
      let summary = try summary(scratch.path + "/one")
      #expect(summary["skipped_steps"] as? Int == 3 && summary["rollbacks"] as? Int == 0)

      let lines = try lines(scratch.path + "/one")
      #expect(lines.map { $0["step"] as? Int } == Array(1...33))
      let skipped = lines.filter { $0["problem"] != nil }
      #expect(skipped.count == 3)
      for line in skipped {
        #expect(line["loss"] is NSNull && line["problem"] as? String == "loss not finite")
        #expect(line["action"] as? String == "skip" && line["suspects"] as? [Int] == [200])
        let samples = try #require(line["samples"] as? [Int])
        #expect(samples.contains(200) && samples == samples.sorted() && (28...33).contains(samples.count))
        #expect(line["parameter"] as? String == "4.bias")
      }
      // Bit for bit what it was: parameters, moments, averages, statistics.
      let first = try #require(skipped.first?["step"] as? Int)
      let before = try state(scratch, arguments, step: first - 1), after = try state(scratch, arguments, step: first)
      #expect(before == after && before.count > 10)
      let next = try state(scratch, arguments, step: first + 1)
      #expect(next != after)
    }

    /// The arrays of the checkpoint after a step.
    private func state(_ scratch: Scratch, _ arguments: [String], step: Int) throws -> [String: [UInt8]] {
      let run = scratch.path + "/each"
      if !FileManager.default.fileExists(atPath: run) {
        _ = try train(ranks: 2, arguments + ["--set", "checkpoint.every_steps=1"], run: run)
      }
      let digits = String(step)
      let name = "step-" + String(repeating: "0", count: 8 - digits.count) + digits + ".h5"
      let file = try HDF5File.open("\(run)/checkpoints/\(name)")
      var arrays: [String: [UInt8]] = [:]
      for path in try file.datasetPaths() {
        arrays[path] = try file.dataset(path).readAll(as: Float.self).flatMap { value in
          withUnsafeBytes(of: value.bitPattern) { Array($0) }
        }
      }
      return arrays
    }

    @Test("A run that goes back and passes the step over has the bits of one that skips it")
    func passOver() throws {
      let scratch = try Scratch()
      let file = try data(scratch, rows: [200], magnitude: 3e38)
      let configuration = try scratch.file("run.json5", text: Self.configuration)
      let arguments = [configuration, "--data", file, "--set"]
      let skipping = try train(ranks: 1, arguments + ["sentinel.on_nonfinite=skip"], run: scratch.path + "/skip")
      let back = arguments + ["sentinel={on_nonfinite:'rollback'}"]
      let one = try train(ranks: 1, back, run: scratch.path + "/one")
      #expect(one.arrays == skipping.arrays && one.metrics == skipping.metrics)
      for job in Self.jobs {
        let other = try train(
          ranks: job.ranks, ranksPerNode: job.ranksPerNode, back,
          run: scratch.path + "/\(job.ranks)-\(job.ranksPerNode ?? 0)")
        #expect(other.differences(from: one) == [], "\(job)")
      }
      #expect(try summary(scratch.path + "/one")["rollbacks"] as? Int == 3)
      let lines = try lines(scratch.path + "/one")
      #expect(lines.map { $0["step"] as? Int } == Array(1...33))
      let passed = lines.filter { $0["problem"] as? String == "passed over" }
      #expect(passed.map { $0["cause"] as? String } == Array(repeating: "loss not finite", count: 3))
      let log = try String(contentsOfFile: scratch.path + "/one/log.txt", encoding: .utf8)
      #expect(log.contains("row 200 alone gives an output of ") && log.contains("(features up to "), "\(log)")
      #expect(log.contains("rollback 3 of 3") && log.contains("samples of step "), "\(log)")

      // Once more than it may.
      let finished = try mpirun(
        ranks: 2, trainer, ["train"] + back + ["--set", "sentinel.rollbacks=2", "--run", scratch.path + "/two"],
        environment: ["OPENBLAS_NUM_THREADS": "1"])
      #expect(finished.status == 4, "\(finished)")
      let told = finished.errorLines(beginningWith: "ddp-train: step ")
      #expect(told.count == 1 && told[0].contains("the run has gone back 2 times (steps "), "\(finished)")
    }

    @Test("A run that goes back and lowers its rate goes on at it, on any number of ranks, and resumed")
    func lowerRate() throws {
      let scratch = try Scratch()
      let file = try data(scratch, rows: [])
      let configuration = try scratch.file("run.json5", text: Self.configuration)
      func run(_ ranks: Int, _ name: String, kind: String = "loss", settings: [String] = []) throws -> RunRecord {
        let finished = try mpirun(
          ranks: ranks, selfTest,
          [
            "disturbance", kind, "14", "\(ranks - 1)", configuration, "--data", file, "--run",
            "\(scratch.path)/\(name)", "--set",
            "sentinel={on_nonfinite:'rollback',after_rollback:'lower_rate',rate_factor:0.25}",
          ] + settings, environment: ["OPENBLAS_NUM_THREADS": "1"])
        try #require(finished.status == 0, "\(finished)")
        #expect(finished.outputLines == ["disturbance: 0 left out, rollbacks [15]"])
        return try RunRecord("\(scratch.path)/\(name)")
      }
      let one = try run(1, "one")
      #expect(one.progress["rate_factor"] == "0.25" && one.progress["step"] == "33")
      for ranks in [2, 4] { #expect(try run(ranks, "\(ranks)").differences(from: one) == []) }
      // Checkpoints that the clock brings about are not gone back to, nor do they drive out those that are.
      let often = ["--set", "checkpoint.every_minutes=0.000001", "--set", "checkpoint.keep=1"]
      #expect(try run(2, "often", settings: often).differences(from: one) == [])
      // A gradient that is no number while the loss is one is met by the same.
      #expect(try run(2, "gradient", kind: "gradient").differences(from: one) == [])
      let rates = try lines(scratch.path + "/one").map { try #require($0["learning_rate"] as? Double) }
      #expect(rates.count == 33 && rates[12] < 0.3 * rates[11] && rates[11] > 0.9 * rates[10])
    }

    @Test("Spikes are skipped on any number of ranks, and a resumed run knows the losses of before")
    func spikes() throws {
      let scratch = try Scratch()
      let file = try data(scratch, rows: [7, 90], magnitude: 1e4)
      let configuration = try scratch.file("run.json5", text: Self.configuration)
      let arguments = [
        configuration, "--data", file, "--set", "sentinel={on_spike:'skip',window:6,threshold:8}", "--epochs", "5",
        "--set", "model={layers:[{dense:12},'relu',{dropout:0.2},{dense:3}]}",
      ]
      let one = try train(ranks: 1, arguments, run: scratch.path + "/one")
      let skipped = try lines(scratch.path + "/one").filter { $0["problem"] as? String == "loss spike" }
      #expect(skipped.count >= 4, "\(skipped)")
      for line in skipped {
        let suspects = try #require(line["suspects"] as? [Int])
        #expect(suspects.count == 3 && [7, 90].contains(suspects[0]), "\(line)")
      }
      for job in Self.jobs {
        let other = try train(
          ranks: job.ranks, ranksPerNode: job.ranksPerNode, arguments,
          run: scratch.path + "/\(job.ranks)-\(job.ranksPerNode ?? 0)")
        #expect(other.differences(from: one) == [], "\(job)")
      }
      // From at most four steps before a spike: the window's losses are of before.
      let whole = try lines(scratch.path + "/one") as NSArray
      for step in Set(skipped.map { (($0["step"] as? Int ?? 0) - 1) / 4 * 4 }) {
        let path = "\(scratch.path)/from-\(step)", digits = step < 10 ? "0\(step)" : "\(step)"
        try FileManager.default.copyItem(atPath: scratch.path + "/one", toPath: path)
        let resumed = try train(
          ranks: 2, ["--resume", "\(path)/checkpoints/step-000000\(digits).h5"], run: path)
        #expect(resumed.differences(from: one) == [], "from step \(step)")
        #expect(try lines(path) as NSArray == whole, "from step \(step)")
      }
    }

    @Test("A run that is killed again and again goes back and skips as one that is not")
    func killed() throws {
      let scratch = try Scratch()
      let file = try data(scratch, rows: [7, 90], magnitude: 1e4)
      let configuration = try scratch.file("run.json5", text: Self.configuration)
      let arguments = [
        configuration, "--data", file, "--set",
        "sentinel={on_spike:'rollback',rollbacks:99,window:6,threshold:8}", "--epochs", "12", "--set",
        "model={layers:[{dense:12},'relu',{dropout:0.2},{dense:3}]}",
      ]
      let reference = try train(ranks: 1, arguments, run: scratch.path + "/reference")
      #expect(reference.progress["rollback_steps"] != nil && reference.progress["skipped_steps"] != nil)
      var training = InterruptedTraining(scratch, arguments, checkpointSteps: 4)
      try training.expectEnd(equalTo: reference, afterKills: 5)
    }

    @Test("Where no checkpoints are written, there is none to go back to")
    func noFiles() throws {
      let scratch = try Scratch()
      let finished = try ProcessSupport.run(
        trainer,
        [
          "cross-validate", "--folds", "3", "--data", try data(scratch, rows: []), "--run", scratch.path + "/folds",
          "--set", "sentinel.on_spike=rollback",
        ])
      #expect(finished.status == 2, "\(finished)")
      #expect(finished.errors.contains("sentinel: rollback goes back to checkpoints, but this run"), "\(finished)")
    }

    @Test("A run that skips nothing but more than it may in a row ends")
    func tooMany() throws {
      let scratch = try Scratch()
      let file = try data(scratch, rows: Array(0..<337), magnitude: 3e38)
      let configuration = try scratch.file("run.json5", text: Self.configuration)
      let finished = try mpirun(
        ranks: 2, trainer,
        ["train", configuration, "--data", file, "--run", scratch.path + "/run", "--quiet"] + [
          "--set", "sentinel={on_nonfinite:'skip',skips:4}",
        ])
      let told = finished.errorLines(beginningWith: "ddp-train: step 5, epoch 1: ")
      #expect(finished.status == 4 && told.count == 1, "\(finished)")
      #expect(told.allSatisfy { $0.contains("skipped 5 steps in a row, sentinel.skips allows 4") }, "\(finished)")
    }
  }
}

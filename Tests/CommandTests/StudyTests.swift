import Foundation
import HDF5Storage
import Testing

extension Commands {
  /// `tune` and `compare`, from their files to their records.
  @Suite struct StudyTests {
    private static let base = """
      base: { epochs: 2, batch_size: 32, data: { path: "blobs.h5", validation: 0.2 },
        model: { layers: [{ dense: 8 }, "relu", "dense"] } },
      """
    private static let search = """
      { \(base)
        space: { "optimizer.name": ["sgd", "adam"], "optimizer.learning_rate": { low: 1e-3, high: 0.3, log: true } },
        objective: "accuracy", trials: 6, sampler: { name: "gp", startup: 3 }, generation: 2 }
      """

    private func records(_ sandbox: Sandbox, _ run: String) throws -> [NSDictionary] {
      try sandbox.text(run + "/study.jsonl").split(separator: "\n").map {
        var line = try Sandbox.json(String($0))
        line["timing"] = nil
        return line as NSDictionary
      }
    }

    @Test("A search leaves records, a page and a configuration that trains to the same figure")
    func tune() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try sandbox.write("s.json5", Data(Self.search.utf8))
        let result = try sandbox.succeed(["tune", "s.json5", "--run", "t"])
        #expect(result.output.contains("best     t/best.json5"), "\(result)")
        let records = try records(sandbox, "t")
        #expect(records.map { $0["trial"] as? Int } == Array(0..<6))
        let values = records.compactMap { $0["value"] as? Double }
        #expect(values.count == 6)
        #expect(
          try sandbox.names(in: "t") == [".lock", "best.json5", "study.html", "study.json", "study.jsonl", "trials"])
        #expect(try sandbox.names(in: "t/trials") == [])
        try sandbox.succeed(["t/best.json5", "--run", "again", "--quiet"])
        let again = try sandbox.metrics("again").compactMap { $0["val_accuracy"] as? Double }.max()
        #expect(again == values.max())

        // It goes on with more trials as if there had been no end.
        try sandbox.succeed(["tune", "s.json5", "--run", "t", "--resume", "auto", "--trials", "8", "--quiet"])
        try sandbox.succeed(["tune", "s.json5", "--run", "whole", "--trials", "8", "--quiet"])
        #expect(try self.records(sandbox, "t") == self.records(sandbox, "whole"))
      }
    }

    @Test("Updates that trials have left out are counted and told", arguments: ["folds", "val"])
    func skippedSteps(split: String) throws {
      try Sandbox.with { sandbox in
        // The spoilt row is always trained on.
        let file = try HDF5File.create(sandbox.file("data.h5"))
        let features = Sandbox.featuresWithSpoiltRow
        try file.write("/train/x", shape: [48, 12], elements: features)
        try file.write("/train/y", shape: [48], elements: Sandbox.labels())
        try file.write("/train/fold", shape: [48], elements: (0..<48).map { Int32($0 == 10 ? -1 : $0 % 2) })
        try file.write("/val/x", shape: [12, 12], elements: Array(features.prefix(144)).map { min($0, 1) })
        try file.write("/val/y", shape: [12], elements: Sandbox.labels(12))
        try file.close()
        let study = """
          { base: { epochs: 3, batch_size: 8, data: { path: "data.h5", scaling: "none" },
              folds: { given: "/train/fold" }, sentinel: { on_nonfinite: "skip" } },
            space: { "optimizer.learning_rate": [0.001, 0.01] }, sampler: "grid",
            objective: { metric: "loss", split: "\(split)" } }
          """
        try sandbox.write("s.json5", Data(study.utf8))
        let result = try sandbox.succeed(["tune", "s.json5", "--run", "t"], ranks: 2)
        let count = split == "folds" ? 6 : 3
        let warnings = result.errorLines.filter { $0.hasSuffix("left out") }
        #expect(warnings == [0, 1].map { "ddp-train: warning: trial \($0): \(count) updates left out" }, "\(result)")
        let records = try records(sandbox, "t")
        #expect(records.map { $0["skipped_steps"] as? Int } == [count, count], "\(records)")
      }
    }

    @Test("A trial that diverges is a result; halving keeps nothing of its trials")
    func failed() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let study = """
          { \(Self.base.replacing("epochs: 2", with: "epochs: 4"))
            space: { "optimizer.learning_rate": [0.01, 1e30, 0.1], "optimizer.name": ["sgd"] },
            sampler: "grid", stopping: { name: "halving", factor: 2 }, generation: 3 }
          """
        try sandbox.write("s.json5", Data(study.utf8))
        try sandbox.succeed(["tune", "s.json5", "--run", "t"])
        let records = try records(sandbox, "t")
        #expect(records.map { $0["state"] as? String }.filter { $0 == "failed" }.count == 1, "\(records)")
        #expect(records[1]["state"] as? String == "failed")
        #expect(records.count { $0["state"] as? String == "done" } == 1)
        #expect(records.count { $0["state"] as? String == "stopped" } == 1)
        #expect(try sandbox.names(in: "t/trials") == [])
      }
    }

    @Test("Halving goes on as if there had been no kill, also from the middle of a generation's records")
    func divided() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let study = """
          { \(Self.base.replacing("epochs: 2", with: "epochs: 4"))
            space: { "optimizer.learning_rate": { low: 1e-3, high: 1, log: true } }, trials: 6,
            sampler: "random", stopping: { name: "halving", factor: 2 }, generation: 3 }
          """
        try sandbox.write("s.json5", Data(study.utf8))
        try sandbox.succeed(["tune", "s.json5", "--run", "whole", "--quiet"])
        let whole = try records(sandbox, "whole")
        let lines = try sandbox.text("whole/study.jsonl").split(separator: "\n")
        for count in [1, 2, 4, 5] {
          try sandbox.write("whole/study.jsonl", Data(lines.prefix(count).map { $0 + "\n" }.joined().utf8))
          try sandbox.succeed(["tune", "s.json5", "--run", "whole", "--resume", "auto", "--quiet"])
          #expect(try records(sandbox, "whole") == whole, "after \(count) records")
        }
      }
    }

    @Test("Whole parts of a configuration are laid before the keys in them")
    func parents() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let study = """
          { \(Self.base) space: { "optimizer.learning_rate": [0.02], optimizer: [{ name: "sgd", learning_rate: 0.5 }] },
            sampler: "grid" }
          """
        try sandbox.write("s.json5", Data(study.utf8))
        try sandbox.succeed(["tune", "s.json5", "--run", "t", "--quiet", "--set", "schedule=constant"])
        let epochs = try #require(records(sandbox, "t")[0]["epochs"] as? [[String: Any]])
        #expect(epochs.map { $0["learning_rate"] as? Double } == [0.02, 0.02])
        #expect(try sandbox.text("t/best.json5").contains("\"learning_rate\": 0.02"))
      }
    }

    @Test("Trials on other data than the first are not held against it")
    func changedData() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try sandbox.write("s.json5", Data(Self.search.utf8))
        try sandbox.succeed(["tune", "s.json5", "--run", "t", "--trials", "2", "--quiet"])
        let before = try sandbox.bytes("t/study.jsonl")
        try sandbox.succeed(["data", "make", "blobs", "--output", "blobs.h5", "--samples", "240", "--seed", "9"])
        try sandbox.expectFailure(
          ["tune", "s.json5", "--run", "t", "--resume", "auto", "--quiet"], status: 3,
          "t: the data of trial 2 have other values than those of trial 0; put back the data that the study began with"
            + ", or start another with --run DIR")
        #expect(try sandbox.bytes("t/study.jsonl") == before)
        try sandbox.expectFailure(
          ["--data", "blobs.h5", "--run", "t", "--resume", "auto"], status: 2,
          "t holds a study, no run; give another directory with --run DIR")
      }
    }

    @Test("A comparison says what differs by more than chance, and what cannot be told")
    func compare() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let study = """
          { \(Self.base) vary: { "optimizer.learning_rate": [1e-9, 0.05] }, metrics: ["accuracy", "loss"],
            at_steps: [3, 6], seeds: 4 }
          """
        try sandbox.write("c.json5", Data(study.utf8))
        let result = try sandbox.succeed(["compare", "c.json5", "--run", "c"])
        #expect(result.output.contains("learning_rate 0.05 has the best mean"), "\(result)")
        #expect(result.output.contains("worse than it: learning_rate 1e-09 (p"), "\(result)")
        #expect(result.output.contains("train_loss after step"), "\(result)")
        let few = try sandbox.succeed(["compare", "c.json5", "--run", "few", "--seeds", "2"])
        #expect(few.output.contains("not enough seeds to tell"), "\(few)")
        let records = try records(sandbox, "c")
        #expect(records.map { $0["seed"] as? Int } == [42, 43, 44, 45, 42, 43, 44, 45])
        let steps = try #require(records[0]["steps"] as? [[String: Any]])
        #expect(steps.map { $0["step"] as? Int } == [3, 6])
      }
    }

    @Test("Wrong studies and used directories are refused in one line")
    func refused() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        func study(_ text: String) throws { try sandbox.write("s.json5", Data(text.utf8)) }
        func fails(_ message: String, _ more: [String] = [], status: Int32 = 2) throws {
          try sandbox.expectFailure(["tune", "s.json5", "--run", "t"] + more, status: status, message)
        }
        try study("{ space: {} }")
        try fails("s.json5:1:10: space: expected at least one key to vary, found {}")
        try study("{ space: { batch_sise: [16, 32] } }")
        try fails(
          "s.json5:1:12: space.batch_sise: with 16: unknown key 'batch_sise' (did you mean 'batch_size'?)")
        try study("{ space: { batch_size: [16, \"big\"] } }")
        try fails("s.json5:1:29: batch_size: expected a whole number, found \"big\"")
        #expect(!sandbox.exists("t"))
        try study(Self.search.replacing("validation: 0.2", with: "validation: 0.0"))
        try fails(
          "trial 0: the data has no validation samples to judge by; give base data.validation, such as 0.2, or the "
            + "split train")

        try study(
          Self.search.replacing("space: {", with: "space: { loss: ['mse', 'cross_entropy'],")
            .replacing("objective: \"accuracy\"", with: "objective: \"loss\""))
        try fails(
          "s.json5:3:12: space.loss: different losses cannot be held against each other; give another objective, such "
            + "as accuracy")
        for seeds in ["0", "-1", "2.5", "'x'"] {
          try study("{ \(Self.base) vary: { epochs: [1, 2] }, seeds: \(seeds) }")
          let result = try sandbox.train(["compare", "s.json5", "--run", "c"])
          #expect(result.status == 2 && result.errorLines.count == 1 && result.errors.contains("seeds"), "\(result)")
        }
        try study("{ \(Self.base) vary: { seed: [1, 2] } }")
        try sandbox.expectFailure(
          ["compare", "s.json5", "--run", "c"], status: 2, "seed 1: seed is what 'seeds' lists; leave it out")
        #expect(!sandbox.exists("c"))

        try study(Self.search)
        try sandbox.succeed(["tune", "s.json5", "--run", "t", "--trials", "2", "--quiet"])
        try fails(
          "t holds a study already (best.json5); go on with it by --resume auto, give another directory with "
            + "--run DIR, or give --overwrite, which renames this one")
        try study(Self.search.replacing("high: 0.3", with: "high: 0.4"))
        try fails(
          "s.json5: has another space.optimizer.learning_rate.high than the study in t was started with; start a new "
            + "one with --run DIR, or put back what it had (trials and minutes alone may change)", ["--resume", "auto"])
        try study(Self.search)
        let records = try sandbox.text("t/study.jsonl")
        try sandbox.write("t/study.jsonl", Data(records.replacing("\"trial\": 0", with: "\"trial\": 7").utf8))
        try fails(
          "t/study.jsonl, line 1: is of trial 7, expected trial 0; take this line and those behind it away to have "
            + "their trials run again", ["--resume", "auto"], status: 3)
        try sandbox.write("t/study.jsonl", Data(("{" + records).utf8))
        try fails(
          "t/study.jsonl, line 1: is damaged, expected the record of a trial; take this line and those behind it away "
            + "to have their trials run again", ["--resume", "auto"], status: 3)
      }
    }
  }
}

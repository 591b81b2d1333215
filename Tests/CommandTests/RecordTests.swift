import Foundation
import Interchange
import ProcessSupport
import Testing

extension Commands {
  /// What a run writes down beside its metrics: steps, the table, event files.
  @Suite struct RecordTests {
    private static let logged =
      quickTraining + [
        "--quiet", "--set", "data.validation=0.2", "--set", "metrics=['accuracy','f1_macro']", "--set",
        "checkpoint={every_steps:2,every_epochs:1,keep:20}", "--set",
        "log={every_steps:2,tensorboard:true,histograms:true,report:false}",
      ]

    private func steps(_ sandbox: Sandbox, _ run: String) throws -> [[String: Any]] {
      try sandbox.text(run + "/steps.jsonl").split(separator: "\n").map { try Sandbox.json(String($0)) }
    }

    /// The values of each scalar by tag, with their places, and the tags of all else.
    private func events(
      _ sandbox: Sandbox, _ part: String
    ) throws -> (scalars: [String: [String]], others: [String: [Int]]) {
      var scalars: [String: [String]] = [:], others: [String: [Int]] = [:]
      for event in try EventDirectory(sandbox.file(part)).events() {
        guard case .summary(let values) = event.content else { continue }
        for value in values {
          if case .scalar(let number) = value.content {
            // Times are never equal.
            if value.tag != "epoch/samples_per_second" {
              scalars[value.tag, default: []].append("\(event.step): \(number)")
            }
          } else {
            others[value.tag, default: []].append(event.step)
          }
        }
      }
      return (scalars, others)
    }

    @Test("One step's figures are the same on any number of ranks; the first step and each second have a line")
    func equalOnRanks() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        for ranks in [nil, 2, 3] {
          try sandbox.succeed(Self.logged + ["--run", "run\(ranks ?? 1)"], ranks: ranks)
        }
        let text = try sandbox.text("run1/steps.jsonl")
        #expect(try sandbox.text("run2/steps.jsonl") == text)
        #expect(try sandbox.text("run3/steps.jsonl") == text)
        let lines = try steps(sandbox, "run1")
        #expect(lines.map { $0["step"] as? Int } == [1] + (1...10).map { 2 * $0 })
        #expect(lines.map { $0["epoch"] as? Int } == [1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 4])
        for line in lines {
          #expect(line.keys.sorted() == ["accuracy", "epoch", "gradient_norm", "learning_rate", "loss", "step"])
          let norm = try #require(line["gradient_norm"] as? Double), loss = try #require(line["loss"] as? Double)
          #expect(norm > 0 && loss > 0, "\(line)")
        }
      }
    }

    @Test("A run that is killed and goes on has the records of one that is not, none of them twice")
    func resumed() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try sandbox.succeed(Self.logged + ["--run", "whole"])
        try sandbox.succeed(Self.logged + ["--run", "again"], ranks: 2)
        // A kill leaves half a line, and half an event.
        let half = try sandbox.text("again/steps.jsonl") + #"{"step": 22, "epo"#
        try sandbox.write("again/steps.jsonl", Data(half.utf8))
        let name = try #require(try sandbox.names(in: "again/tensorboard/train").first)
        try sandbox.write(
          "again/tensorboard/train/" + name, try sandbox.bytes("again/tensorboard/train/" + name).dropLast(9))
        // The middle of an epoch, and the end of one.
        for step in ["08", "15"] {
          try sandbox.succeed(
            ["--run", "again", "--resume", "again/checkpoints/step-000000\(step).h5", "--quiet"], ranks: 3)
          #expect(try sandbox.text("again/steps.jsonl") == sandbox.text("whole/steps.jsonl"))
          #expect(try columns(sandbox, "again") == columns(sandbox, "whole"))
          for part in ["train", "val", "test"] {
            let (found, expected) = try (
              events(sandbox, "again/tensorboard/" + part), events(sandbox, "whole/tensorboard/" + part)
            )
            #expect(found.scalars == expected.scalars && found.others == expected.others, "\(part)")
          }
        }
        let train = try events(sandbox, "whole/tensorboard/train")
        #expect(train.scalars["step/loss"]?.count == 11 && train.scalars["epoch/loss"]?.count == 4)
        #expect(train.others["gradients/0.weight"] == [1, 2, 3, 4] && train.others["weights/3.bias"] == [1, 2, 3, 4])
        let validation = try events(sandbox, "whole/tensorboard/val").scalars
        #expect(validation.keys.sorted() == ["epoch/accuracy", "epoch/f1_macro", "epoch/loss"])
        #expect(try events(sandbox, "whole/tensorboard").others.keys.sorted().first == "_hparams_/session_end_info")
      }
    }

    /// The cells of `metrics.csv` without those that differ between equal runs.
    private func columns(_ sandbox: Sandbox, _ run: String) throws -> [[Substring]] {
      try sandbox.text(run + "/metrics.csv").split(separator: "\n").map {
        Array($0.split(separator: ",", omittingEmptySubsequences: false).prefix(8))
      }
    }

    @Test("The table has the keys and values of metrics.jsonl, also where a resumed run measures something else")
    func table() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try sandbox.succeed(Self.logged + ["--run", "run", "--epochs", "2"])
        try sandbox.succeed(
          ["--run", "run", "--resume", "auto", "--epochs", "3", "--set", "metrics=['log_loss']", "--quiet"])
        let rows = try sandbox.text("run/metrics.csv").split(separator: "\n").map {
          $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let heading = [
          "epoch", "step", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "val_f1_macro", "learning_rate",
          "val_log_loss", "timing.seconds", "timing.samples_per_second", "timing.exchange_fraction",
          "timing.exposed_communication_seconds", "timing.data_wait_fraction", "timing.validation_seconds",
          "timing.total_seconds", "timing.run",
        ]
        #expect(rows.first == heading && rows.count == 4 && rows.allSatisfy { $0.count == heading.count })
        // The same texts: reading and writing them may change the last digit.
        for (row, line) in zip(rows.dropFirst(), try sandbox.text("run/metrics.jsonl").split(separator: "\n")) {
          for (name, cell) in zip(heading, row) where !name.hasPrefix("timing") && !cell.isEmpty {
            #expect(line.contains("\"\(name)\": \(cell),"), "\(name): \(cell)")
          }
        }
        #expect(rows[1][8].isEmpty && rows[3][6].isEmpty && !rows[3][8].isEmpty)
      }
    }

    @Test("A run without a file of steps has none, and histograms need a place")
    func switches() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try sandbox.succeed(quickTraining + ["--quiet", "--run", "run", "--set", "log={every_steps:0,report:false}"])
        #expect(!sandbox.exists("run/steps.jsonl") && !sandbox.exists("run/tensorboard"))
        try sandbox.expectFailure(
          quickTraining + ["--set", "log.histograms=true"], status: 2,
          "log.histograms: stand in the files of log.tensorboard, which is off; turn it on too")
      }
    }

    @Test("Damaged event files are said, and nothing is lost") func damage() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try sandbox.succeed(Self.logged + ["--run", "run", "--epochs", "2"])
        let name = "run/tensorboard/train/" + (try #require(try sandbox.names(in: "run/tensorboard/train").first))
        var bytes = try sandbox.bytes(name)
        bytes[100] ^= 4
        try sandbox.write(name, bytes)
        let steps = try sandbox.text("run/steps.jsonl")
        let result = try sandbox.train(["--run", "run", "--resume", "auto", "--epochs", "3", "--quiet"])
        #expect(result.status == 3 && result.errorLines.count { $0.hasPrefix("ddp-train: \(name): is damaged") } == 1)
        #expect(try sandbox.text("run/steps.jsonl") == steps)
        #expect(try sandbox.bytes(name) == bytes)
      }
    }
  }
}

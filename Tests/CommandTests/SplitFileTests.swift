import Foundation
import HDF5Storage
import Testing

extension Commands {
  /// A run whose splits and labels are files of their own: whatever is done with `data.path` is done with them.
  @Suite struct SplitFileTests {
    /// 64 rows to train on and 32 to test, with labels that depend on the rows, each in a file of its own; the labels
    /// of the test stand in another order, with ids.
    private func makeFiles(_ sandbox: Sandbox) throws {
      func write(_ name: String, _ body: (HDF5File) throws -> Void) throws {
        let file = try HDF5File.create(sandbox.file(name))
        try body(file)
        try file.close()
      }
      for (split, count) in [("train", 64), ("test", 32)] {
        let y = (0..<count).map { Int64($0 * 7 % 3) }
        let x = y.enumerated().flatMap { row, label in [Float(label) * 4 + Float(row % 5) / 10, Float(row % 7) / 10] }
        try write("\(split)_x.h5") { file in
          try file.write("/x", shape: [count, 2], elements: x)
          try file.write("/id", shape: [count], elements: (0..<count).map { Int64($0 + 100) })
        }
        try write("\(split)_y.h5") { file in
          let order = split == "train" ? Array(0..<count) : Array((0..<count).reversed())
          try file.write("/y", shape: [count, 1, 1, 1], elements: order.map { y[$0] })
          try file.write("/id", shape: [count], elements: order.map { Int64($0 + 100) })
        }
      }
    }

    private let keys = [
      "--set", "data.files.train=train_x.h5", "--set", "data.files.train_labels=train_y.h5", "--set",
      "data.files.test=test_x.h5", "--set", "data.files.test_labels=test_y.h5", "--model", "mlp", "--batch-size", "8",
      "--learning-rate", "0.01",
    ]

    @Test("What divides the training split is no unused data, and does nothing where validation samples are there")
    func division() throws {
      try Sandbox.with { sandbox in
        let labels = (0..<48).map { Int32($0 % 3) }
        func write(_ name: String, _ splits: [String]) throws {
          let file = try HDF5File.create(sandbox.file(name))
          for split in splits {
            try file.write("/\(split)/x", shape: [48, 1], elements: labels.map { Float($0) })
            try file.write("/\(split)/y", shape: [48], elements: labels)
          }
          try file.write("/train/group", shape: [48], elements: (0..<48).map { Int32($0 / 6) })
          try file.write("/notes", shape: [2], elements: [Int32(1), 2])
          try file.close()
        }
        try write("whole.h5", ["train"])
        try write("own.h5", ["train", "val"])
        let options = ["--set", "data.validation=0.25", "--set", "data.validation_group=/train/group", "--epochs", "1"]
        let warning =
          "data.validation and data.validation_group have no effect: the data have 48 validation samples of their own, "
          + "which are used"
        for command in ["train", "check"] {
          let whole = try sandbox.succeed([command, "--data", "whole.h5"] + options)
          #expect(!whole.errors.contains("no effect") && !whole.output.contains("no effect"), "\(whole)")
          if command == "train" { #expect(whole.output.contains("not used: /notes\n"), "\(whole)") }
          let own = try sandbox.succeed([command, "--data", "own.h5"] + options)
          #expect((own.errors + own.output).contains(warning), "\(own)")
        }
        try sandbox.expectFailure(
          ["--data", "own.h5", "--set", "data.files.val=whole.h5", "--run", "out"], status: 2,
          "data.files.val names files for 'val', and own.h5 has /val/x for it; leave the key out, or give "
            + "data.files.train in place of data.path, of which only what is to train on is taken")
        try sandbox.succeed([
          "--set", "data.files.train=own.h5", "--set", "data.files.val=whole.h5", "--epochs", "1", "--run", "out",
        ])
      }
    }

    @Test func trainResumeEvaluatePredict() throws {
      try Sandbox.with { sandbox in
        try makeFiles(sandbox)
        try sandbox.succeed(keys + ["--epochs", "3", "--run", "r"])
        let resumed = try sandbox.succeed(keys + ["--epochs", "12", "--run", "r", "--resume", "auto"])
        #expect(resumed.output.contains("test from test_x.h5"), "\(resumed)")
        #expect(resumed.output.contains("labels of test from test_y.h5"), "\(resumed)")
        // Labels in another order belong by id: elsewise two thirds would be wrong.
        let evaluated = try sandbox.succeed(["evaluate", "r"])
        let line = evaluated.outputLines.first { $0.hasPrefix("accuracy ") }
        let accuracy = line?.split(separator: " ").dropFirst().first.flatMap { Double($0) }
        #expect(accuracy.map { $0 > 85 } == true, "\(evaluated)")
        try sandbox.succeed(["predict", "r", "--data", "test_x.h5", "--output", "p.csv"])
        let rows = try String(contentsOfFile: sandbox.file("p.csv"), encoding: .utf8).split(separator: "\n")
        #expect(rows.count == 33)
        #expect(rows[1].hasPrefix("0,100,0,"), "\(rows[1])")
        // On other ranks, from the stored configuration, the same file.
        try sandbox.succeed(["train", "r/config.json", "--run", "again"], ranks: 2)
        let summaries = try ["r", "again"].map { run in
          try String(contentsOfFile: sandbox.file("\(run)/config.json"), encoding: .utf8)
        }
        #expect(summaries[0] == summaries[1])
        // The directory by its names alone.
        let found = try sandbox.succeed(["--data", "*_?.h5", "--epochs", "1", "--run", "d", "--model", "mlp"])
        #expect(found.output.contains("train 64, test 32"), "\(found)")
      }
    }

    @Test func noOutputOverAFileOfTheData() throws {
      try Sandbox.with { sandbox in
        try makeFiles(sandbox)
        try sandbox.succeed(keys + ["--epochs", "1", "--run", "r"])
        for file in ["train_y.h5", "test_y.h5", "train_x.h5"] {
          let refused = try sandbox.train(["predict", "r", "--data", "test_x.h5", "--output", file])
          #expect(refused.status == 2, "\(refused)")
          #expect(refused.errors.contains("would replace"), "\(refused)")
        }
        try FileManager.default.removeItem(atPath: sandbox.file("train_y.h5"))
        try sandbox.expectFailure(
          ["evaluate", "r", "--split", "test"], status: 3,
          "r/checkpoints/best.h5: was trained on train_y.h5, which is not in this directory; give its place with "
            + "--data FILE, or start where the run was started")
      }
    }

    @Test func otherFilesAreOtherData() throws {
      try Sandbox.with { sandbox in
        try makeFiles(sandbox)
        try sandbox.succeed(keys + ["--epochs", "1", "--run", "r"])
        // Labels of another order and no ids are other values.
        let file = try HDF5File.create(sandbox.file("other_y.h5"))
        try file.write("/y", shape: [64], elements: (0..<64).map { Int64(($0 + 1) % 3) })
        try file.close()
        let refused = try sandbox.train(
          keys + ["--set", "data.files.train_labels=other_y.h5", "--epochs", "2", "--run", "r", "--resume", "auto"])
        #expect(refused.status == 3 && refused.errors.contains("other values"), "\(refused)")
        let folds = try sandbox.succeed(["cross-validate", "--folds", "2"] + keys + ["--epochs", "8", "--run", "cv"])
        #expect(folds.status == 0)
      }
    }
  }
}

import Foundation
import HDF5Storage
import ProcessSupport
import TestSupport
import Testing

extension Commands {
  /// `cross-validate`: scores, predictions, and that neither ranks nor kills show in them.
  @Suite struct CrossValidationTests {
    private struct Fixture: Decodable {
      /// By division, then by scikit-learn's name of the score, fold by fold.
      let classes: [String: [String: [Double]]]
      let values: [String: [String: [Double]]]
    }

    private var data: String {
      URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/sklearn-folds.h5").path
    }

    /// All samples in each step, until nothing changes any more.
    private let training = [
      "--epochs", "400", "--batch-size", "180", "--optimizer", "sgd", "--set", "optimizer.momentum=0.9", "--set",
      "schedule=constant", "--set", "data.scaling=standard", "--quiet", "--no-shuffle",
    ]

    private func options(_ division: String) -> [String] {
      switch division {
      case "group": ["--group", "/group"]
      case "given": ["--folds-from", "/fold"]
      case "time": ["--time"]
      case "stratified": ["--stratify"]
      default: ["--set", "folds.scheme=plain"]
      }
    }

    /// Figures of each fold by name.
    private func folds(_ sandbox: Sandbox, _ run: String) throws -> [[String: Any]] {
      try sandbox.text(run + "/folds.jsonl").split(separator: "\n").map {
        try #require(Sandbox.json(String($0))["test"] as? [String: Any])
      }
    }

    @Test("Scores of models with one best answer are scikit-learn's, fold by fold")
    func scikitLearn() throws {
      let fixture: Fixture = try fixture("sklearn-folds.json")
      try Sandbox.with { sandbox in
        func check(_ division: String, _ scores: [String: [Double]], _ model: [String]) throws {
          let run = division + "-" + model[1]
          try sandbox.succeed(
            ["cross-validate", "--data", data, "--run", run] + training + model + options(division))
          let names = [
            "neg_log_loss": "loss", "neg_mean_squared_error": "mse", "neg_mean_absolute_error": "mae",
          ]
          let folds = try folds(sandbox, run)
          for (score, values) in scores {
            #expect(folds.count == values.count)
            for (fold, expected) in zip(folds, values) {
              let found = try #require(fold[names[score] ?? score] as? Double)
              #expect(abs(found - abs(expected)) < 1e-6, "\(division) \(score): \(found), scikit-learn \(expected)")
            }
          }
        }
        #expect(fixture.classes.count == 4 && fixture.values.count == 4)
        for (division, scores) in fixture.classes {
          try check(
            division, scores,
            [
              "--learning-rate", "0.3", "--set", "layers=['dense']", "--loss", "cross_entropy", "--set",
              "data.features=/classes/train/x", "--set", "data.labels=/classes/train/y",
            ])
        }
        for (division, scores) in fixture.values {
          try check(
            division, scores,
            [
              "--learning-rate", "0.1", "--model", "linear", "--loss", "mse", "--set", "data.features=/values/x",
              "--set", "data.labels=/values/y",
            ])
        }
        // Whole numbers of the original file, each tested once.
        let file = try HDF5File.open(sandbox.file("given-0.3/predictions.h5"))
        #expect(try file.dataset("/rows").readAll(as: Int64.self) == Array(0..<180))
        let given = try HDF5File.open(data).dataset("/fold").readAll(as: Int32.self)
        #expect(try file.dataset("/folds").readAll(as: Int32.self) == given.map { $0 + 1 })
        let classes = try file.dataset("/classes").readAll(as: Int64.self)
        let labels = try HDF5File.open(data).dataset("/classes/train/y").readAll(as: Int64.self)
        let right = zip(classes, labels).count { $0 == $1 }
        let mean = try #require(fixture.classes["given"]?["accuracy"]).reduce(0, +) / 4
        #expect(right == Int((mean * 180).rounded()))
      }
    }

    // MARK: Ranks and kills

    private let shuffled = ["cross-validate"] + quickTraining + ["--folds", "6", "--repeats", "2", "--quiet"]

    /// Everything but times.
    private func record(_ sandbox: Sandbox, _ run: String) throws -> [NSDictionary] {
      try (sandbox.text(run + "/folds.jsonl").split(separator: "\n") + [sandbox.text(run + "/summary.json")[...]]).map {
        var line = try Sandbox.json(String($0))
        line["timing"] = nil
        return line as NSDictionary
      }
    }

    @Test("The same bits on 1, 2 and 4 ranks, and after ten kills")
    func sameBits() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try sandbox.succeed(shuffled + ["--run", "one"])
        let expected = try record(sandbox, "one"), predictions = try sandbox.bytes("one/predictions.h5")
        #expect(expected.count == 13 && !sandbox.exists("one/folds"))
        for ranks in [2, 4] {
          try sandbox.succeed(shuffled + ["--run", "on-\(ranks)"], ranks: ranks)
          #expect(try record(sandbox, "on-\(ranks)") == expected)
          #expect(try sandbox.bytes("on-\(ranks)/predictions.h5") == predictions)
        }
        for kill in 1...10 {
          let job = try RunningProcess(
            builtExecutable("ddp-train"), shuffled + ["--run", "killed", "--resume", "auto"], directory: sandbox.path)
          let isDue = job.wait(
            until: { (try? sandbox.names(in: "killed/folds").count { $0.hasSuffix(".h5") }) ?? 0 >= kill },
            timeout: .seconds(20))
          job.send(SIGKILL)
          _ = job.wait(timeout: .seconds(20))
          #expect(isDue)
          // A file of a fold whose bytes have changed is none: that fold is trained again.
          if kill == 3, let part = try? sandbox.names(in: "killed/folds").first(where: { $0.hasSuffix(".h5") }) {
            var bytes = try sandbox.bytes("killed/folds/" + part)
            bytes[bytes.count - 20] ^= 1
            try sandbox.write("killed/folds/" + part, bytes)
          }
          guard !sandbox.exists("killed/summary.json") else { break }
        }
        try sandbox.succeed(shuffled + ["--run", "killed", "--resume", "auto"], ranks: 2)
        #expect(try record(sandbox, "killed") == expected)
        #expect(try sandbox.bytes("killed/predictions.h5") == predictions)
      }
    }

    @Test("Ranks without a sample of a test fold do not matter")
    func idleRanks() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let options = ["cross-validate", "--data", "blobs.h5", "--folds", "20", "--epochs", "1", "--quiet", "--run"]
        try sandbox.succeed(options + ["one"])
        try sandbox.succeed(options + ["four", "--ranks-per-fold", "4"], ranks: 4)
        #expect(try sandbox.bytes("one/predictions.h5") == sandbox.bytes("four/predictions.h5"))
        let all = try sandbox.bytes("one/predictions.h5")
        for part in [all.prefix(100), nil] {
          try part.map { try sandbox.write("one/predictions.h5", $0) }
            ?? FileManager.default.removeItem(atPath: sandbox.file("one/predictions.h5"))
          try sandbox.expectFailure(
            options + ["one", "--resume", "auto"], status: 3,
            "one/predictions.h5: is missing or damaged, though all folds are done; put it back, or start anew with "
              + "--overwrite")
        }
        try sandbox.expectFailure(
          ["cross-validate", "--time", "--stratify"], status: 2,
          "cross-validate: --time and --stratify divide in different ways; give one of the two")
      }
    }

    @Test("Leaving one out tests each sample once, and time looks forward only")
    func otherRules() throws {
      try Sandbox.with { sandbox in
        try sandbox.write("small.h5", rows: 12, labels: Sandbox.labels(12))
        let quick = ["--data", "small.h5", "--epochs", "1", "--quiet", "--batch-size", "8", "--shards", "2"]
        try sandbox.succeed(["cross-validate", "--leave-one-out", "--run", "one"] + quick)
        #expect(try folds(sandbox, "one").count == 12)
        let file = try HDF5File.open(sandbox.file("one/predictions.h5"))
        #expect(try file.dataset("/folds").readAll(as: Int32.self) == Array(1...12))
        #expect(try !file.datasetPaths().contains("/sums"))
        // A fold of one sample has no R²; all together have that of their predictions.
        try sandbox.succeed(["data", "make", "linear", "--samples", "30", "--test", "0", "--output", "line.h5"])
        try sandbox.succeed([
          "cross-validate", "--leave-one-out", "--data", "line.h5", "--run", "line", "--quiet", "--epochs", "20",
        ])
        let summary = try Sandbox.json(sandbox.text("line/summary.json"))
        let mean = try #require((summary["test"] as? [String: [String: Any]])?["r2"])["mean"]
        #expect(mean is NSNull)
        let pooled = try #require((summary["pooled"] as? [String: Any])?["r2"] as? Double)
        let values = try HDF5File.open(sandbox.file("line/predictions.h5")).dataset("/values").readAll(as: Double.self)
        let targets = try HDF5File.open(sandbox.file("line.h5")).dataset("/train/y").readAll(as: Double.self)
        let center = targets.reduce(0, +) / 30
        let residual = zip(values, targets).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let total = targets.reduce(0) { $0 + ($1 - center) * ($1 - center) }
        #expect(abs(pooled - (1 - residual / total)) < 1e-6)
        try sandbox.succeed(["cross-validate", "--time", "--folds", "3", "--run", "time"] + quick)
        let later = try HDF5File.open(sandbox.file("time/predictions.h5"))
        #expect(try later.dataset("/rows").readAll(as: Int64.self) == Array(3..<12))
      }
    }

    // MARK: Errors

    @Test("What cannot be done is one line with the right code, and leaves no directory")
    func errors() throws {
      try Sandbox.with { sandbox in
        try sandbox.write("small.h5", rows: 12, labels: Sandbox.labels(12))
        func expect(_ status: Int32, _ options: [String], _ message: String) throws {
          try sandbox.expectFailure(
            ["cross-validate", "--data", "small.h5", "--run", "run"] + options, status: status, message)
          #expect(!sandbox.exists("run"))
        }
        try expect(2, ["--folds", "1"], "folds.count: expected at least 2, found 1")
        try expect(
          2, ["--folds", "13"],
          "folds.count: expected at most the 12 rows of the training split, found 13; give fewer folds")
        try expect(
          2, ["--folds", "5"],
          "folds.count: no class has as many as 5 samples, the most frequent has 4; give at most that, or "
            + "folds.scheme=plain")
        try expect(
          3, ["--group", "/people"],
          "cannot open /people in small.h5: there is no such data set; the file has /X, /y")
        try expect(
          3, ["--group", "/X"],
          "small.h5: /X has the shape [12, 4], expected one number or text for each of the 12 rows of /X")
        try expect(
          2, ["--group", "/y", "--time"],
          "folds.group: divides the samples by itself, without scheme \"time\"; leave one of the two out")
        try expect(
          2, ["--resume", "auto", "--set", "run=null"],
          "--resume auto: which cross-validation? Name its directory with --run DIR")
        try expect(
          2, ["--set", "sentinel.on_spike=rollback"],
          "sentinel: rollback goes back to checkpoints, but this run writes none; give skip or stop")
      }
    }

    @Test("A directory is begun once, and goes on with the same settings and data alone")
    func directories() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let arguments = ["cross-validate"] + quickTraining + ["--quiet", "--run", "run"]
        try sandbox.succeed(arguments)
        let before = try sandbox.text("run/folds.jsonl")
        try sandbox.expectFailure(
          arguments, status: 2,
          "run holds a cross-validation already (config.json); go on with it by --resume auto, give another directory "
            + "with --run DIR, or give --overwrite, which renames this one")
        try sandbox.expectFailure(
          arguments + ["--resume", "auto", "--folds", "4"], status: 2,
          "run: a resumed cross-validation keeps folds.count, found folds.count 5 → 4; leave it out, or give another "
            + "directory with --run DIR")
        try sandbox.expectFailure(
          ["train", "--data", "blobs.h5", "--run", "run", "--resume", "auto"], status: 2,
          "run holds a cross-validation, no run; give another directory with --run DIR")
        try sandbox.succeed(arguments + ["--resume", "auto"])
        #expect(try sandbox.text("run/folds.jsonl") == before)
        try sandbox.succeed([
          "data", "make", "blobs", "--output", "blobs.h5", "--samples", "240", "--features", "4", "--classes", "3",
          "--seed", "8",
        ])
        try sandbox.expectFailure(
          arguments + ["--resume", "auto"], status: 3,
          "run: was begun on other values than the data has now; give the same data, or another directory with --run "
            + "DIR")
      }
    }

    @Test("What no fold can be trained with leaves the directory to the next try")
    func leavesNothing() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let arguments = ["cross-validate", "--data", "blobs.h5", "--epochs", "1", "--shards", "4", "--run", "run"]
        let layers = ["--set", "layers=[{dense:4},'batch_norm','dense']", "--batch-size"]
        for ranks in [nil, 3] {
          let result = try sandbox.train(arguments + layers + ["4"], ranks: ranks)
          #expect(result.status == 2 && !sandbox.exists("run"), "\(result)")
        }
        // Where only the fold of another rank than 0 cannot be trained: it leaves four samples, one for each shard, or
        // three.
        let file = try HDF5File.create(sandbox.file("uneven.h5"))
        try file.write("/X", shape: [48, 2], elements: (0..<96).map { Float($0 % 7) })
        try file.write("/y", shape: [48], elements: Sandbox.labels())
        for left in [4, 3] {
          let folds = (0..<48).map { Int64($0 < 2 ? 0 : $0 < 50 - left ? 1 : 2) }
          try file.write("/fold\(left)", shape: [48], elements: folds)
        }
        try file.close()
        for (left, reason) in [(4, "batch_norm (1) takes"), (3, "4 shards are more than the 3 training samples")] {
          let uneven = try sandbox.train(
            arguments + layers + ["16", "--data", "uneven.h5", "--folds-from", "/fold\(left)"], ranks: 3)
          #expect(uneven.status == 2 && !sandbox.exists("run"), "\(uneven)")
          #expect(uneven.errors.contains("fold 2: \(reason)"), "\(uneven)")
        }
        try sandbox.succeed(arguments + layers + ["16"])
        // One that was to be replaced stays where it is.
        let before = try sandbox.text("run/folds.jsonl")
        for ranks in [nil, 3] {
          let result = try sandbox.train(arguments + layers + ["4", "--overwrite"], ranks: ranks)
          #expect(result.status == 2, "\(result)")
          #expect(try sandbox.text("run/folds.jsonl") == before)
        }
      }
    }

    @Test("Steps that a fold has skipped are told")
    func skippedSteps() throws {
      try Sandbox.with { sandbox in
        // The spoilt row is in no fold's test.
        let file = try HDF5File.create(sandbox.file("data.h5"))
        let features = Sandbox.featuresWithSpoiltRow
        try file.write("/X", shape: [48, 12], elements: features)
        try file.write("/y", shape: [48], elements: Sandbox.labels())
        let folds: [Int32] = (0..<48).map { row in row == 10 ? -1 : Int32(row % 2) }
        try file.write("/fold", shape: [48], elements: folds)
        try file.close()
        let result = try sandbox.succeed([
          "cross-validate", "--data", "data.h5", "--folds-from", "/fold", "--epochs", "3", "--batch-size", "8", "--run",
          "run", "--set", "sentinel.on_nonfinite=skip", "--set", "data.scaling=none",
        ])
        let warnings = result.errorLines.filter { $0.hasSuffix("left out") }
        let expected = [1, 2].map { "ddp-train: warning: fold \($0): 3 updates left out" }
        #expect(warnings == expected, "\(result)")
        #expect(result.output.contains("sentinel     6 updates left out"), "\(result)")
        let lines = try record(sandbox, "run")
        #expect(lines.map { $0["skipped_steps"] as? Int } == [3, 3, 6])
      }
    }

    @Test("A fold that diverges is said, and leaves the others")
    func divergence() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let result = try sandbox.train([
          "cross-validate", "--data", "blobs.h5", "--run", "run", "--epochs", "3", "--optimizer", "sgd",
          "--learning-rate", "1e30", "--folds", "3", "--quiet",
        ])
        #expect(result.status == 4 && result.errorLines.count == 1, "\(result)")
        #expect(
          result.errorLines[0].hasPrefix("ddp-train: run: 3 of 3 folds failed, so that no mean is defined; fold 1: "))
        #expect(try sandbox.text("run/folds.jsonl").split(separator: "\n").count == 3)
      }
    }
  }
}

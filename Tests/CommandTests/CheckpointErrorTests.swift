import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// Checkpoints that are damaged, of another model, or asked to go on with other data.
  @Suite struct CheckpointErrorTests {
    /// A finished run in `run`, with checkpoints at steps 12, 18 and 24.
    private func withRun(_ body: (Sandbox) throws -> Void) throws {
      try Sandbox.with {
        try $0.makeBlobs()
        try $0.succeed(quickTraining + ["--run", "run"])
        #expect(
          try $0.names(in: "run/checkpoints").filter { $0.hasPrefix("step") }
            == ["step-00000012.h5", "step-00000018.h5", "step-00000024.h5"])
        try body($0)
      }
    }

    /// Flips one bit of the first array under `/model`.
    private func damage(_ sandbox: Sandbox, _ checkpoint: String) throws {
      let weights = try HDF5File.open(sandbox.file(checkpoint)).dataset("/model/0.weight").readAll(as: Float.self)
      var bytes = try sandbox.bytes(checkpoint)
      let place = try #require(bytes.range(of: weights.withUnsafeBytes { Data($0) }))
      bytes[place.lowerBound + 5] ^= 1
      try sandbox.write(checkpoint, bytes)
    }

    @Test func aFlippedBitIsFound() throws {
      try withRun { sandbox in
        let newest = "run/checkpoints/step-00000024.h5"
        let older = try sandbox.arrays("run/checkpoints/step-00000018.h5")
        let whole = try sandbox.arrays(newest)
        #expect(older != whole)
        try damage(sandbox, newest)

        let verification = try sandbox.train(["verify", newest])
        #expect(verification.status == 3, "\(verification)")
        #expect(verification.output.isEmpty)
        let pattern = try Regex(
          #"ddp-train: run/checkpoints/step-00000024\.h5: corrupted: the checksum of its contents is [0-9a-f]{24}, "#
            + "expected [0-9a-f]{24}; use another checkpoint, or --resume auto, which takes the newest that is whole\n")
        #expect(verification.errors.wholeMatch(of: pattern) != nil, "\(verification)")
        for arguments in [["evaluate", newest], ["--resume", newest]] {
          let refused = try sandbox.train(arguments, ranks: 3)
          #expect(refused.status == 3, "\(refused)")
          let lines = refused.errorLines(beginningWith: "ddp-train:")
          #expect(lines == verification.errorLines, "\(refused)")
        }

        // The older one leads to the same end, and the damaged file is kept aside.
        let resumed = try sandbox.succeed(["--run", "run", "--resume", "auto"], ranks: 3)
        #expect(resumed.output.contains("run/checkpoints/step-00000018.h5"), "\(resumed)")
        let warnings = resumed.errorLines(beginningWith: "ddp-train: warning:")
        #expect(warnings.count == 1 && warnings[0].contains("step-00000024.h5: corrupted"), "\(resumed)")
        #expect(try sandbox.arrays(newest) == whole)
        #expect(sandbox.exists("run/checkpoints/superseded-step-00000024.h5"))
        #expect(try sandbox.metrics("run").map { $0["epoch"] as? Int } == [1, 2, 3, 4])
      }
    }

    @Test func aTruncatedFileIsRefused() throws {
      try withRun { sandbox in
        let newest = "run/checkpoints/step-00000024.h5"
        try sandbox.write(newest, sandbox.bytes(newest).prefix(9000))
        let verification = try sandbox.train(["verify", newest])
        #expect(verification.status == 3, "\(verification)")
        #expect(verification.errorLines.count == 1, "\(verification)")
        #expect(verification.errors.contains("\(newest): corrupted: truncated: it has 9000 bytes"), "\(verification)")
        let resumed = try sandbox.succeed(["--run", "run", "--resume", "auto"])
        #expect(resumed.errors.contains("warning: not resumed from a newer checkpoint"), "\(resumed)")
        try sandbox.succeed(["verify", newest])
      }
    }

    @Test func withoutAWholeOneNothingIsStarted() throws {
      try withRun { sandbox in
        for name in try sandbox.names(in: "run/checkpoints") where name.hasPrefix("step") {
          try damage(sandbox, "run/checkpoints/" + name)
        }
        let result = try sandbox.train(["--run", "run", "--resume", "auto"], ranks: 3)
        #expect(result.status == 3, "\(result)")
        #expect(result.errorLines(beginningWith: "ddp-train:").count == 1, "\(result)")
        #expect(try sandbox.metrics("run").count == 4)
      }
    }

    @Test(arguments: [
      (["verify", "blobs.h5"], "blobs.h5: this HDF5 file is not a checkpoint of ddp-train"),
      (["verify", "none.h5"], "cannot open none.h5: there is no such file"),
      (
        ["evaluate", "run/checkpoints/best.h5", "--data", "wide.h5"],
        "wide.h5: /X row 0: samples of 7, but run/checkpoints/best.h5 takes samples of 4"
      ),
      (
        ["--resume", "run/checkpoints/best.h5", "--model", "logistic"],
        "run/checkpoints/best.h5: this checkpoint is of another architecture: 0.weight is [8, 4], but the model has "
          + "[3, 4]; give the model that it was trained with"
      ),
      (
        ["--resume", "run/checkpoints/best.h5", "--data", "other.h5"],
        "run/checkpoints/best.h5: trained on 192 samples, but other.h5 gives 48; resume on the same data"
      ),
    ])
    func doesNotFit(arguments: [String], message: String) throws {
      try withRun { sandbox in
        try sandbox.write("wide.h5", columns: 7, labels: Sandbox.labels())
        try sandbox.write("other.h5", labels: Sandbox.labels())
        let before = try sandbox.names(in: "run/checkpoints")
        try sandbox.expectFailure(arguments, status: 3, message)
        if arguments[0] != "verify" { try sandbox.expectFailure(arguments, ranks: 3, status: 3, message) }
        #expect(try sandbox.names(in: "run/checkpoints") == before)
      }
    }

    @Test func otherShardsAreRefused() throws {
      try withRun {
        try $0.expectFailure(
          ["--run", "run", "--resume", "auto", "--shards", "5"], ranks: 3, status: 2,
          "run/checkpoints/step-00000024.h5: a resumed run keeps shards, found shards 4 → 5; leave it out, or start "
            + "another run")
      }
    }
  }
}

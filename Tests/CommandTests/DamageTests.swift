import Foundation
import HDF5Storage
import ProcessSupport
import Testing
import Training

extension Commands {
  /// Files that are damaged: an exit code of the contract, one line, no signal.
  @Suite struct DamageTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/damaged")

    /// Files of which the HDF5 library crashes, or never comes to an end.
    private static func names(_ prefix: String) -> [String] {
      let all = (try? FileManager.default.contentsOfDirectory(atPath: fixtures.path)) ?? []
      return all.filter { $0.hasPrefix(prefix) }.sorted()
    }

    /// A finished run in `run`, with checkpoints at steps 12, 18 and 24.
    private func withRun(_ body: (Sandbox) throws -> Void) throws {
      try Sandbox.with {
        try $0.makeBlobs()
        try $0.succeed(quickTraining + ["--run", "run"])
        try body($0)
      }
    }

    @Test("A checkpoint of an earlier version that crashes the HDF5 library is refused, and passed over")
    func crashingCheckpoints() throws {
      let names = Self.names("checkpoint-")
      #expect(names.count >= 2)
      try withRun { sandbox in
        for name in names {
          let newest = "run/checkpoints/step-00000024.h5"
          let damaged = try Data(contentsOf: Self.fixtures.appending(path: name))
          try sandbox.write(newest, damaged)
          for arguments in [
            ["verify", newest], ["evaluate", newest],
            ["predict", newest, "--data", "blobs.h5", "--output", "p.h5"], ["--resume", newest],
          ] {
            let refused = try sandbox.train(arguments)
            #expect(refused.status == 3 && refused.errorLines.count == 1, "\(refused)")
            #expect(refused.errors.contains("corrupted: "), "\(refused)")
          }
          let resumed = try sandbox.succeed(["--run", "run", "--resume", "auto"])
          #expect(resumed.output.contains("run/checkpoints/step-00000018.h5"), "\(resumed)")
          try sandbox.succeed(["verify", newest])
        }
      }
    }

    @Test("Reading a checkpoint that leads the HDF5 library in circles comes to an end")
    func endless() throws {
      try Sandbox.with { sandbox in
        let damaged = try Data(contentsOf: Self.fixtures.appending(path: "endless-checkpoint.h5"))
        try sandbox.write("endless.h5", damaged)
        let refused = try sandbox.train(["verify", "endless.h5"])
        #expect(refused.status == 3 && refused.errorLines.count == 1, "\(refused)")
        #expect(refused.errors.contains("endless.h5: corrupted: "), "\(refused)")
      }
    }

    @Test("Every changed bit, lost or added byte of a checkpoint is found")
    func everyChange() throws {
      try withRun { sandbox in
        let file = "run/checkpoints/step-00000024.h5"
        let whole = try sandbox.bytes(file)
        let path = sandbox.file("mutant.h5")
        var missed: [String] = []
        func expectRefused(_ bytes: Data, _ change: @autoclosure () -> String) throws {
          try bytes.write(to: URL(filePath: path))
          do {
            _ = try CheckpointVerification(path)
            missed.append(change())
          } catch {
            // A file that has lost its first block is no longer known as a checkpoint.
            #expect("\(error)".contains("corrupted: ") || "\(error)".contains("its beginning is damaged"), "\(error)")
          }
        }
        var random = SplitMix(state: 11)
        let places = Array(0..<8 * 160) + (0..<400).map { _ in Int(random.next() % UInt64(8 * whole.count)) }
        for place in places {
          var bytes = whole
          bytes[place / 8] ^= 1 << UInt8(place % 8)
          try expectRefused(bytes, "bit \(place)")
        }
        for count in [1, 7, 8, 20, 100, 511, 512, 513, 1024, whole.count / 2, whole.count - 8, whole.count - 1] {
          try expectRefused(whole.prefix(count), "\(count) bytes")
        }
        try expectRefused(whole + [0], "a byte more")
        try expectRefused(whole.prefix(600) + whole.dropFirst(608) + Data(count: 8), "bytes that moved")
        #expect(missed == [])
        try whole.write(to: URL(filePath: path))
        _ = try CheckpointVerification(path)
      }
    }

    @Test("A damaged checkpoint is refused, and passed over, by every command")
    func everyCommand() throws {
      try withRun { sandbox in
        let newest = "run/checkpoints/step-00000024.h5"
        let whole = try sandbox.bytes(newest)
        var random = SplitMix(state: 5)
        for number in 0..<12 {
          var bytes = whole
          bytes[Int(random.next() % UInt64(number % 2 == 0 ? 600 : whole.count))] ^= 1
          try sandbox.write(newest, bytes)
          let arguments = [
            ["verify", newest], ["evaluate", newest],
            ["predict", newest, "--data", "blobs.h5", "--output", "p.h5"], ["--resume", newest],
          ]
          let refused = try sandbox.train(arguments[number % 4])
          #expect(refused.status == 3 && refused.errorLines.count == 1, "\(refused)")
          guard number % 4 == 3 else { continue }
          let resumed = try sandbox.succeed(["--run", "run", "--resume", "auto"])
          #expect(resumed.errors.contains("warning: not resumed from a newer checkpoint"), "\(resumed)")
        }
      }
    }

    @Test("Data that crashes the HDF5 library is reported as damaged")
    func crashingData() throws {
      try Sandbox.with { sandbox in
        for name in Self.names("data-") {
          try sandbox.write(name, Data(contentsOf: Self.fixtures.appending(path: name)))
          for arguments in [["data", "inspect", name], ["--data", name, "--epochs", "1", "--run", "run", "--quiet"]] {
            let ended = try sandbox.train(arguments)
            #expect(ended.status == 3, "\(ended)")
            #expect(ended.errors.contains("ddp-train: cannot "), "\(ended)")
          }
        }
      }
    }
  }
}

/// Random numbers by splitmix64.
private struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }
}

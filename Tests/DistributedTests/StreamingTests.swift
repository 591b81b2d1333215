import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension DistributedTests {
  /// Data that memory is not to hold are streamed, with the same bits whatever reads them.
  @Suite(.serialized) struct StreamingTests {
    /// Of 1001 rows of 52 bytes a fifth may be in memory.
    private static let configuration = """
      {
        model: { layers: [{ dense: 16 }, "relu", { dropout: 0.2 }, { dense: 3 }] },
        optimizer: { name: "adam", learning_rate: 0.003 },
        schedule: { name: "constant" }, epochs: 3, batch_size: 48, shards: 4,
        data: { scaling: "standard", validation: 0.1, memory: "10kB" }, checkpoint: { every_steps: 5, keep: 2 },
      }
      """

    /// Rows in compressed chunks that no block fits.
    private func dataset(_ scratch: Scratch, samples: Int) throws -> String {
      let plain = try HDF5File.open(scratch.dataset("plain.h5", samples: samples))
      let path = scratch.path + "/data.h5"
      let file = try HDF5File.create(path)
      try file.write(
        "/train/x", shape: [samples, 12], elements: plain.dataset("/train/x").readAll(as: Float.self),
        chunkShape: [9, 12], gzipLevel: 4, shuffle: true)
      try file.write("/train/y", shape: [samples], elements: plain.dataset("/train/y").readAll(as: Int32.self))
      try file.write(
        "/test/x", shape: [300, 12], elements: Array(plain.dataset("/train/x").readAll(as: Float.self).prefix(3600)))
      try file.write(
        "/test/y", shape: [300], elements: Array(plain.dataset("/train/y").readAll(as: Int32.self).prefix(300)))
      try file.close()
      return path
    }

    @Test func equalBitsOverRanksAndWithoutReadingAhead() throws {
      let scratch = try Scratch()
      let data = try dataset(scratch, samples: 1001)
      let arguments = [try scratch.file("run.json5", text: Self.configuration), "--data", data]
      let one = try train(ranks: 1, arguments, run: scratch.path + "/one")
      for (ranks, perNode) in [(2, nil), (4, nil), (4, 2), (3, 1)] as [(Int, Int?)] {
        let record = try train(
          ranks: ranks, ranksPerNode: perNode, arguments, run: scratch.path + "/\(ranks)-\(perNode ?? 0)")
        #expect(record.differences(from: one) == [], "\(ranks) ranks")
      }
      for ranks in [1, 3] {
        let run = scratch.path + "/now-\(ranks)"
        let finished = try mpirun(
          ranks: ranks, trainer, ["train"] + arguments + ["--run", run, "--quiet"],
          environment: ["DDP_TRAIN_PREFETCH": "off", "OPENBLAS_NUM_THREADS": "1"])
        #expect(finished.status == 0, "\(finished)")
        #expect(try RunRecord(run).differences(from: one) == [], "\(ranks) ranks that read when they need")
      }
      // In memory the order is another, so that the comparison tells.
      let memory = try train(ranks: 1, arguments + ["--set", "data.memory=1GB"], run: scratch.path + "/memory")
      #expect(!memory.differences(from: one).isEmpty)
    }

    @Test func killedAndResumedOnOtherRanks() throws {
      let scratch = try Scratch()
      let data = try dataset(scratch, samples: 337)
      let arguments = [
        try scratch.file("run.json5", text: Self.configuration), "--data", data, "--epochs", "30",
      ]
      let reference = try train(ranks: 1, arguments, run: scratch.path + "/reference")
      var training = InterruptedTraining(scratch, arguments, checkpointSteps: 5)
      try training.expectEnd(equalTo: reference, afterKills: 8)
    }

    /// What a checkpoint says of streaming is kept where memory is more or less than it was.
    @Test func resumedWithOtherMemory() throws {
      let scratch = try Scratch()
      let data = try dataset(scratch, samples: 1001)
      let arguments = [try scratch.file("run.json5", text: Self.configuration), "--data", data]
      for (first, second) in [("10kB", "1GB"), ("1GB", "10kB"), ("10kB", "14kB")] {
        let run = scratch.path + "/\(first)-\(second)"
        func memory(_ text: String) -> [String] { ["--set", "data.memory=\(text)"] }
        let reference = try train(ranks: 1, arguments + memory(first), run: run + "-whole")
        let begun = try mpirun(
          ranks: 2, trainer,
          ["train"] + arguments + memory(first) + ["--epochs", "1", "--run", run, "--quiet"],
          environment: ["OPENBLAS_NUM_THREADS": "1"])
        #expect(begun.status == 0, "\(begun)")
        let resumed = try mpirun(
          ranks: 2, trainer, ["train", "--run", run, "--resume", "auto", "--epochs", "3"] + memory(second),
          environment: ["OPENBLAS_NUM_THREADS": "1"])
        #expect(resumed.status == 0, "\(resumed)")
        #expect(try RunRecord(run).differences(from: reference) == [], "\(first), then \(second)")
        let text = resumed.outputLines.joined(separator: "\n")
        #expect(text.contains(first == "1GB" ? "held in memory as its" : "a node as its checkpoint has it"), "\(text)")
      }
    }

    @Test(arguments: 1...4) func eachSampleOnce(ranks: Int) throws {
      let scratch = try Scratch()
      let data = try scratch.dataset("data.h5", samples: 1001)
      let finished = try mpirun(
        ranks: ranks, selfTest, ["audit", data, scratch.path + "/run", "4", "64", "12kB"], timeout: .seconds(60))
      #expect(
        finished.status == 0
          && finished.outputLines == ["audit: \(ranks) ranks, 4 shards, 1001 samples, 32 steps"], "\(finished)")
    }

    /// The most memory that a run takes beyond that of a run of few samples, in bytes.
    private func peak(_ scratch: Scratch, _ data: String, _ memory: String, ranks: Int) throws -> Int {
      let run = scratch.path + "/run-\(UUID().uuidString.prefix(8))"
      let job = try startMPI(
        ranks: ranks, trainer,
        [
          "train", "--data", data, "--set", "data.memory=\(memory)", "--model", "linear", "--epochs", "1", "--run", run,
          "--quiet",
        ], environment: ["OPENBLAS_NUM_THREADS": "1"])
      var peaks: [pid_t: Int] = [:]
      let isOver = job.wait(
        until: {
          for pid in InterruptedTraining.processes(of: run).ranks {
            let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
            if let kilobytes = line?.split(separator: " ").compactMap({ Int($0) }).first {
              peaks[pid] = kilobytes * 1024
            }
          }
          return FileManager.default.fileExists(atPath: run + "/summary.json")
        }, timeout: .seconds(100))
      let finished = job.wait(timeout: .seconds(60))
      try #require(isOver && finished.status == 0, "\(finished)")
      return peaks.values.reduce(0, +)
    }

    /// A set of five times the bound is trained on inside of the bound, on one rank and on two of a node.
    @Test(arguments: [1, 2]) func memoryIsBounded(ranks: Int) throws {
      let scratch = try Scratch()
      func data(_ name: String, rows: Int) throws -> String {
        let file = try HDF5File.create(scratch.path + "/" + name)
        try file.write("/train/x", shape: [rows, 784], elements: [Float](repeating: 0.5, count: rows * 784))
        try file.write("/train/y", shape: [rows], elements: (0..<rows).map { UInt8($0 % 3) })
        try file.close()
        return scratch.path + "/" + name
      }
      // The program's own threads and tables, two or three megabytes a rank, are small beside so many rows.
      let rows = 60_000
      let (few, many) = (try data("few.h5", rows: 300), try data("many.h5", rows: rows))
      let bytes = rows * 785 * 4, bound = bytes / 5
      let least = try peak(scratch, few, "1GB", ranks: ranks)
      let streamed = try peak(scratch, many, "\(bound / 1000)kB", ranks: ranks) - least
      let held = try peak(scratch, many, "1GB", ranks: ranks) - least
      #expect(held > bytes * 9 / 10, "\(held) bytes held")
      // What a row's number or class takes elsewhere is 2 % of it.
      #expect(streamed < bound + bytes / 50, "\(streamed) bytes of at most \(bound)")
      print("streamed \(streamed / 1000) kB of at most \(bound / 1000) kB, held \(held / 1000) kB, \(ranks) ranks")
    }

    /// A rank that cannot read on ends the job at once, with one line and its exit code.
    @Test func aFileThatIsCutOffMeanwhile() throws {
      let scratch = try Scratch()
      let data = scratch.path + "/long.h5"
      let file = try HDF5File.create(data)
      try file.write("/train/y", shape: [60_000], elements: (0..<60_000).map { UInt8($0 % 3) })
      try file.write("/train/x", shape: [60_000, 64], elements: (0..<60_000 * 64).map { Float($0 % 997) })
      try file.close()
      let run = scratch.path + "/run"
      let job = try startMPI(
        ranks: 2, trainer,
        [
          "train", "--data", data, "--set", "data.memory=400kB", "--epochs", "1000", "--run", run, "--quiet", "--set",
          "checkpoint={every_steps:20,keep:1}",
        ], environment: ["OPENBLAS_NUM_THREADS": "1"])
      let begins = { FileManager.default.fileExists(atPath: run + "/checkpoints/latest.h5") }
      #expect(job.wait(until: begins, timeout: .seconds(30)))
      truncate(data, 2_000_000)
      let finished = job.wait(timeout: .seconds(60))
      #expect(finished.status == 3, "\(finished)")
      let lines = finished.errorLines(beginningWith: "ddp-train:")
      #expect(
        !lines.isEmpty
          && lines.allSatisfy { $0.contains("cannot read /train/x in \(data): the file ends before byte") },
        "\(finished)")
    }
  }
}

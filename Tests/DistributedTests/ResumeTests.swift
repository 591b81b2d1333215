import Foundation
import NumericCore
import ProcessSupport
import Testing

extension DistributedTests {
  /// A run that is killed again and again ends with the bits of one that is not.
  @Suite(.serialized) struct ResumeTests {
    /// An epoch has 19 steps, which 7 does not divide: most checkpoints fall inside epochs.
    private static let configuration = """
      {
        model: { layers: [{ dense: 16 }, "relu", { dropout: 0.2 }, { dense: 3 }] },
        optimizer: { name: "adam", learning_rate: 0.003 }, clip_norm: 1.0,
        epochs: 40, batch_size: 16, shards: 4, data: { scaling: "standard", validation: 0.1 },
        checkpoint: { every_steps: 7, keep: 2 },
      }
      """

    private enum Victims {
      /// The launcher and all ranks at once, as when a machine loses power.
      case everybody
      /// A single rank, as by the out-of-memory killer; the launcher ends the others.
      case oneRank
      /// The launcher; the ranks notice.
      case launcher
    }

    @Test func killedTwentyTimes() throws {
      let scratch = try Scratch()
      let configuration = try scratch.file("run.json5", text: Self.configuration)
      let data = try scratch.dataset("data.h5", samples: 337)
      try expectEqualBits(scratch, [configuration, "--data", data], kills: 20, steps: 760)
    }

    /// Two networks with an optimizer each, and their latent vectors.
    @Test func adversarialPair() throws {
      let scratch = try Scratch()
      let configuration = try scratch.file("gan.json5", text: adversarialConfiguration)
      let data = try scratch.dataset("images.h5", samples: 300, side: 4)
      try expectEqualBits(scratch, [configuration, "--data", data, "--epochs", "30"], kills: 4, steps: 570)
    }

    /// Compares a run of `steps` steps with runs that are killed, so many times in all.
    private func expectEqualBits(_ scratch: Scratch, _ arguments: [String], kills limit: Int, steps: Int) throws {
      let reference = try train(ranks: 1, arguments, run: scratch.path + "/reference")
      #expect(reference.progress["step"] == "\(steps)")

      let seed = UInt64.random(in: 0..<1 << 32)
      print("ResumeTests: seed \(seed)")
      var random = RandomSource.Generator(source: RandomSource(seed: seed))
      var kills = 0
      var attempt = 0
      // A run that is done before it has been killed often enough is compared, and another one begins.
      repeat {
        let path = scratch.path + "/run-\(attempt)"
        attempt += 1
        while try runOrKill(scratch, arguments, run: path, mayKill: kills < limit, &random) == .killed {
          kills += 1
        }
        let differences = try RunRecord(path).differences(from: reference)
        #expect(differences == [], "after \(kills) kills, seed \(seed)")
        try #require(differences.isEmpty && attempt < 100, "\(kills) kills in \(attempt) runs")
      } while kills < limit
      print("ResumeTests: \(kills) kills, \(attempt) runs")
    }

    private enum Outcome { case finished, killed }

    /// Goes on with a run on a random number of ranks, and kills it after a random number of further checkpoints.
    private func runOrKill(
      _ scratch: Scratch, _ arguments: [String], run path: String, mayKill: Bool, _ random: inout RandomSource.Generator
    ) throws -> Outcome {
      let ranks = Int(random.next(upperBound: 4)) + 1
      // Killed jobs leave their files: in the scratch directory, not in /tmp and /dev/shm.
      let temporary = scratch.path + "/t"
      try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
      let job = try startMPI(
        ranks: ranks, trainer, ["train"] + arguments + ["--run", path, "--resume", "auto", "--quiet"],
        environment: [
          "OPENBLAS_NUM_THREADS": "1", "TMPDIR": temporary, "OMPI_MCA_btl_vader_backing_directory": temporary,
        ])
      if mayKill {
        let target = newestStep(path) + 7 * Int(random.next(upperBound: 8))
        let delay = random.next(upperBound: 20_000)
        // Rarely those that take the launcher or the ranks seconds to notice.
        let victims: Victims =
          switch random.next(upperBound: 10) {
          case 0: .oneRank
          case 1: .launcher
          default: .everybody
          }
        // Before the first step too, where the target is met at once.
        let isDue = job.wait(
          until: { newestStep(path) >= target && !processes(of: path).ranks.isEmpty }, timeout: .seconds(20))
        usleep(delay)
        let found = processes(of: path)
        if isDue, let launcher = found.launcher, let rank = found.ranks.randomElement(using: &random) {
          let pids: [pid_t] =
            switch victims {
            case .everybody: found.ranks + [launcher]
            case .oneRank: [rank]
            case .launcher: [launcher]
            }
          for pid in pids { kill(pid, SIGKILL) }
          let finished = job.wait(timeout: .seconds(60))
          let areGone = job.wait(until: { processes(of: path).ranks.isEmpty }, timeout: .seconds(20))
          try #require(!finished.timedOut && areGone, "ranks live on after SIGKILL of \(victims): \(finished)")
          // The signal may have come after the last step.
          if finished.status != 0 { return .killed }
        }
      }
      let finished = job.wait(timeout: .seconds(60))
      try #require(finished.status == 0, "\(finished)")
      return .finished
    }

    /// The newest checkpoint's step, 0 before the first.
    private func newestStep(_ run: String) -> Int {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: run + "/checkpoints")) ?? []
      return names.compactMap { name in
        name.hasPrefix("step-") && name.hasSuffix(".h5") ? Int(name.dropFirst(5).dropLast(3)) : nil
      }.max() ?? 0
    }

    /// The processes that have `run` among their arguments.
    private func processes(of run: String) -> (launcher: pid_t?, ranks: [pid_t]) {
      var launcher: pid_t?
      var ranks: [pid_t] = []
      for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
        guard let pid = pid_t(name), let line = try? Data(contentsOf: URL(filePath: "/proc/\(name)/cmdline")) else {
          continue
        }
        let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        guard words.contains(run) else { continue }
        if words[0].hasSuffix("ddp-train") { ranks.append(pid) } else { launcher = pid }
      }
      return (launcher, ranks)
    }
  }
}

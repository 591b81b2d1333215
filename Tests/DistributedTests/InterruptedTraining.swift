import Foundation
import NumericCore
import ProcessSupport
import Testing

/// Trains in jobs that are killed at random, each going on from what the last one left.
struct InterruptedTraining {
  let scratch: Scratch
  /// Of `train`; they write a checkpoint every `checkpointSteps` steps.
  let arguments: [String]
  let checkpointSteps: Int
  private let seed: UInt64
  private var random: RandomSource.Generator

  init(_ scratch: Scratch, _ arguments: [String], checkpointSteps: Int) {
    self.scratch = scratch
    self.arguments = arguments
    self.checkpointSteps = checkpointSteps
    seed = UInt64.random(in: 0..<1 << 32)
    random = RandomSource.Generator(source: RandomSource(seed: seed))
  }

  /// Expects the bits of a run that was not killed. A run that is done before all the kills is compared, and another
  /// one begins.
  mutating func expectEnd(equalTo reference: RunRecord, afterKills wanted: Int) throws {
    var kills = 0
    var attempt = 0
    repeat {
      let path = scratch.path + "/run-\(attempt)"
      attempt += 1
      while try runOrKill(path, mayKill: kills < wanted) == .killed { kills += 1 }
      let differences = try RunRecord(path).differences(from: reference)
      #expect(differences == [], "after \(kills) kills, seed \(seed)")
      try #require(differences.isEmpty && attempt < 5 * wanted, "\(kills) kills in \(attempt) runs")
    } while kills < wanted
    print("killed \(kills) times in \(attempt) runs, seed \(seed)")
  }

  private enum Outcome { case finished, killed }

  private enum Victims {
    /// The launcher and all ranks at once, as when a machine loses power.
    case everybody
    /// A single rank, as by the out-of-memory killer; the launcher ends the others.
    case oneRank
    /// The launcher; the ranks notice.
    case launcher
  }

  /// Goes on with a run on a random number of ranks, and kills it after a random number of further checkpoints.
  private mutating func runOrKill(_ path: String, mayKill: Bool) throws -> Outcome {
    let ranks = Int(random.next(upperBound: 4)) + 1
    // Killed jobs leave their files: in the scratch directory, not in /tmp and /dev/shm.
    let temporary = scratch.path + "/t"
    try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
    let job = try startMPI(
      ranks: ranks, trainer, ["train"] + arguments + ["--run", path, "--resume", "auto", "--quiet"],
      environment: [
        "OPENBLAS_NUM_THREADS": "1", "TMPDIR": temporary, "OMPI_MCA_btl_vader_backing_directory": temporary,
      ])
    if mayKill, try hasKilled(job, path) { return .killed }
    let finished = job.wait(timeout: .seconds(60))
    try #require(finished.status == 0, "\(finished)")
    return .finished
  }

  /// - Returns: false where the job was done before the signal came.
  private mutating func hasKilled(_ job: RunningProcess, _ path: String) throws -> Bool {
    let target = newestStep(path) + checkpointSteps * Int(random.next(upperBound: 8))
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
      until: { newestStep(path) >= target && !Self.processes(of: path).ranks.isEmpty }, timeout: .seconds(20))
    usleep(delay)
    let found = Self.processes(of: path)
    guard isDue, let launcher = found.launcher, let rank = found.ranks.randomElement(using: &random) else {
      return false
    }
    let pids: [pid_t] =
      switch victims {
      case .everybody: found.ranks + [launcher]
      case .oneRank: [rank]
      case .launcher: [launcher]
      }
    for pid in pids { kill(pid, SIGKILL) }
    let finished = job.wait(timeout: .seconds(60))
    let areGone = job.wait(until: { Self.processes(of: path).ranks.isEmpty }, timeout: .seconds(20))
    try #require(!finished.timedOut && areGone, "ranks live on after SIGKILL of \(victims): \(finished)")
    return finished.status != 0
  }

  /// The newest checkpoint's step, 0 before the first.
  private func newestStep(_ run: String) -> Int {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: run + "/checkpoints")) ?? []
    return names.compactMap { name in
      name.hasPrefix("step-") && name.hasSuffix(".h5") ? Int(name.dropFirst(5).dropLast(3)) : nil
    }.max() ?? 0
  }

  /// The processes that have `run` among their arguments.
  static func processes(of run: String) -> (launcher: pid_t?, ranks: [pid_t]) {
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

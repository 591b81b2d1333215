import Foundation
import ProcessSupport
import Testing

/// A job of four ranks that trains without end, until something happens to it.
struct WatchedJob {
  let scratch: Scratch
  let process: RunningProcess
  let run: String

  /// Starts it and waits for its first epoch.
  ///
  /// - Parameters:
  ///   - seconds: `watchdog.seconds`.
  ///   - cluster: a script that runs a program on two hosts, two ranks each; nil for this machine alone.
  init(
    _ scratch: Scratch, seconds: Double, arguments: [String] = [], environment: [String: String] = [:],
    cluster: String? = nil
  ) throws {
    self.scratch = scratch
    run = scratch.path + "/run"
    let data = try scratch.dataset("data.h5", samples: 600)
    // What ends is not to leave files in /tmp and /dev/shm.
    let temporary = scratch.path + "/t"
    try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
    let command =
      [
        "train", "--data", data, "--epochs", "1000000", "--quiet", "--run", run, "--set", "watchdog.seconds=\(seconds)",
        "--set", "checkpoint.every_epochs=0", "--batch-size", "64",
      ] + arguments
    let environment = environment.merging([
      "OPENBLAS_NUM_THREADS": "1", "TMPDIR": temporary, "OMPI_MCA_btl_vader_backing_directory": temporary,
    ]) { given, _ in given }
    process =
      if let cluster {
        try RunningProcess(cluster, [scratch.path, "2", trainer] + command, environment: environment)
      } else {
        try startMPI(ranks: 4, trainer, command, environment: environment)
      }
  }

  /// Epochs that are over.
  var epochs: Int {
    (try? String(contentsOfFile: run + "/metrics.jsonl", encoding: .utf8))?.split(separator: "\n").count ?? 0
  }

  /// Waits for epochs.
  ///
  /// - Returns: false where the job has ended, or does not come to them.
  func reaches(epoch: Int) -> Bool {
    process.wait(until: { epochs >= epoch || kill(process.identifier, 0) != 0 }, timeout: .seconds(60))
      && epochs >= epoch
  }

  /// The processes of the ranks.
  var ranks: [Int: pid_t] {
    var ranks: [Int: pid_t] = [:]
    for pid in InterruptedTraining.processes(of: run).ranks {
      guard let environment = try? Data(contentsOf: URL(filePath: "/proc/\(pid)/environ")) else { continue }
      for variable in environment.split(separator: 0).map({ String(decoding: $0, as: UTF8.self) }) {
        let parts = variable.split(separator: "=", maxSplits: 1)
        guard ["OMPI_COMM_WORLD_RANK", "PMI_RANK"].contains(parts[0]), parts.count == 2 else { continue }
        ranks[Int(parts[1]) ?? -1] = pid
      }
    }
    return ranks
  }

  /// How the job has ended, and after how many seconds from now; no process of it is left.
  func end(within seconds: Int) throws -> (finished: FinishedProcess, seconds: Double) {
    let start = ContinuousClock.now
    let hasEnded = process.wait(until: { self.hasEnded }, timeout: .seconds(seconds))
    let duration = Double((ContinuousClock.now - start).components.seconds)
    let finished = process.wait(timeout: hasEnded ? .seconds(600) : .zero)
    let areGone = process.wait(until: { ranks.isEmpty }, timeout: .seconds(5))
    try #require(hasEnded && areGone, "after \(seconds) s: \(finished), processes \(ranks)")
    return (finished, duration)
  }

  /// It is a zombie then: nobody has waited for it.
  private var hasEnded: Bool {
    let status = (try? String(contentsOfFile: "/proc/\(process.identifier)/stat", encoding: .utf8)) ?? ""
    return status.isEmpty || status.contains(") Z ")
  }
}

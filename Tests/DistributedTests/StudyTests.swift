import Foundation
import ProcessSupport
import Testing

extension DistributedTests {
  /// Searches and comparisons come to the same on any number of ranks, and where they are killed.
  @Suite(.serialized) struct StudyTests {
    private static let base = "base: { epochs: 4, batch_size: 32, data: { path: \"DATA\", validation: 0.2 } },"
    private static let search = """
      { \(base)
        space: {
          "optimizer.learning_rate": { low: 1e-3, high: 1.0, log: true },
          model: [{ layers: [{ dense: 8 }, "relu", "dense"] }, { layers: [{ dense: 24 }, "tanh", "dense"] }],
        }, trials: 9, sampler: { name: "gp", startup: 4 }, generation: 4, STOPPING }
      """
    private static let comparison = """
      { \(base) vary: { "optimizer.name": ["sgd", "adam"] }, seeds: 3, every_steps: 4 }
      """

    /// The lines without what may differ between equal studies.
    private func records(_ directory: String) -> [Substring] {
      let text = (try? String(contentsOfFile: directory + "/study.jsonl", encoding: .utf8)) ?? ""
      return text.split(separator: "\n").map { line in
        line.range(of: "\"timing\"").map { line[..<$0.lowerBound] } ?? line
      }
    }

    private func start(_ ranks: Int, _ command: String, _ study: String, _ directory: String) throws -> RunningProcess {
      try startMPI(
        ranks: ranks, trainer, [command, study, "--run", directory, "--resume", "auto", "--quiet"],
        environment: ["OPENBLAS_NUM_THREADS": "1"])
    }

    @Test(
      "The same on 1, 2 and 4 ranks",
      arguments: [("tune", "stopping: 'none'"), ("tune", "stopping: { name: 'halving', factor: 2 }"), ("compare", "")])
    func ranks(_ command: String, _ stopping: String) throws {
      let scratch = try Scratch()
      let text = (command == "tune" ? Self.search : Self.comparison).replacing("STOPPING", with: stopping)
        .replacing("DATA", with: try scratch.dataset("data.h5", samples: 300))
      let study = try scratch.file("s.json5", text: text)
      var found: [[Substring]] = []
      for ranks in [1, 2, 4] {
        let directory = scratch.path + "/\(ranks)"
        let finished = try start(ranks, command, study, directory).wait(timeout: .seconds(60))
        try #require(finished.status == 0, "\(finished)")
        found.append(records(directory))
      }
      #expect(found[0].count == (command == "tune" ? 9 : 6))
      #expect(found[1] == found[0] && found[2] == found[0])
    }

    @Test("Killed again and again, no trial is lost or counted twice")
    func killed() throws {
      let scratch = try Scratch()
      let text = Self.search.replacing("STOPPING", with: "stopping: { name: 'halving', factor: 2 }")
        .replacing("epochs: 4", with: "epochs: 32")
        .replacing("DATA", with: try scratch.dataset("data.h5", samples: 300))
      let study = try scratch.file("s.json5", text: text)
      let reference = scratch.path + "/reference", directory = scratch.path + "/killed"
      let whole = try start(1, "tune", study, reference).wait(timeout: .seconds(60))
      try #require(whole.status == 0, "\(whole)")
      var kills = 0
      while kills < 4 {
        let job = try start(2, "tune", study, directory)
        usleep(UInt32.random(in: 300_000..<900_000))
        let found = InterruptedTraining.processes(of: directory)
        for pid in found.ranks + [found.launcher].compactMap(\.self) { kill(pid, SIGKILL) }
        _ = job.wait(timeout: .seconds(20))
        #expect(job.wait(until: { InterruptedTraining.processes(of: directory).ranks.isEmpty }, timeout: .seconds(20)))
        kills += 1
      }
      let finished = try start(2, "tune", study, directory).wait(timeout: .seconds(60))
      try #require(finished.status == 0, "\(finished)")
      #expect(records(directory) == records(reference))
    }
  }
}

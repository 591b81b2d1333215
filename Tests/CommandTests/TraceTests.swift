import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// `train --trace`: what Perfetto and chrome://tracing are to show.
  @Suite struct TraceTests {
    /// A complete event.
    private struct Span {
      let name: String, kind: String
      let rank: Int
      let start: Double, end: Double

      func holds(_ other: Span) -> Bool { rank == other.rank && start <= other.start && other.end <= end }
    }

    /// The file's complete events, in which everything has the types that the format asks for.
    private static func spans(_ path: String) throws -> (spans: [Span], processes: [String]) {
      // Strict JSON, as a browser reads it.
      let data = try Data(contentsOf: URL(filePath: path))
      let file = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      let events = try #require(file["traceEvents"] as? [[String: Any]])
      var spans: [Span] = [], processes: [String] = []
      for event in events {
        let name = try #require(event["name"] as? String), rank = try #require(event["pid"] as? Int)
        _ = try #require(event["tid"] as? Int)
        if event["ph"] as? String == "M" {
          let arguments = try #require(event["args"] as? [String: Any])
          if name == "process_name" { processes.append(try #require(arguments["name"] as? String)) }
          continue
        }
        try #require(event["ph"] as? String == "X")
        let start = try #require(event["ts"] as? Double), length = try #require(event["dur"] as? Double)
        try #require(start >= 0 && length >= 0)
        spans.append(
          Span(
            name: name, kind: try #require(event["cat"] as? String), rank: rank, start: start,
            end: start + length + 0.001))
      }
      return (spans, processes)
    }

    @Test("A trace has the phases and layers of all ranks, within their steps")
    func ranks() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let arguments = [
          "--data", "blobs.h5", "--model", "mlp", "--epochs", "2", "--shards", "2", "--batch-size", "16",
        ]
        let process = try sandbox.succeed(
          arguments + ["--run", "traced", "--trace", "trace \"1\".json", "--set", "log.trace_steps=3"], ranks: 2)
        #expect(process.output.contains("trace \"1\".json: "), "\(process)")
        let (spans, processes) = try Self.spans(sandbox.file("trace \"1\".json"))
        let length = try #require(try sandbox.metrics("traced")[0]["step"] as? Int)
        #expect(processes.map { String($0.prefix(9)) } == ["rank 0 on", "rank 1 on"])
        for rank in 0..<2 {
          let own = spans.filter { $0.rank == rank }
          let steps = own.filter { $0.kind == "step" }
          #expect(steps.map(\.name) == [1, 2, 3, length + 1, length + 2, length + 3].map { "step \($0)" })
          for kind in ["data", "forward", "loss", "backward", "exchange", "layer", "wait"] {
            let parts = own.filter { part in
              part.kind == kind && steps.contains { $0.holds(part) }
            }
            #expect(parts.count >= steps.count, "\(kind) of rank \(rank)")
          }
          let backward = own.filter { $0.kind == "backward" }
          #expect(own.contains { span in span.name == "0 DenseLayer" && backward.contains { $0.holds(span) } })
          // An evaluation is whole, and its layers are not there.
          #expect(own.filter { $0.kind == "layer" }.allSatisfy { layer in steps.contains { $0.holds(layer) } })
          #expect(own.contains { $0.kind == "checkpoint" } == (rank == 0))
          #expect(own.contains { $0.kind == "evaluation" })
        }
        // One clock: the ranks leave a step's last barrier together, but for what else runs here.
        let ends = (0..<2).map { rank in spans.last { $0.rank == rank && $0.kind == "step" }?.end ?? 0 }
        #expect(abs(ends[0] - ends[1]) < 1e6)

        try sandbox.succeed(arguments + ["--run", "plain"], ranks: 2)
        #expect(try sandbox.metrics("traced") == sandbox.metrics("plain"))
      }
    }

    @Test("A run that is stopped leaves its trace whole")
    func stopped() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let training = try RunningProcess(
          builtExecutable("ddp-train"),
          [
            "--data", "blobs.h5", "--model", "mlp", "--epochs", "1000000", "--run", "run", "--trace", "trace.json",
          ],
          environment: Sandbox.environment, directory: sandbox.path)
        #expect(training.wait(until: { sandbox.exists("run/metrics.jsonl") }, timeout: .seconds(60)))
        training.send(SIGUSR1)
        let finished = training.wait(timeout: .seconds(60))
        #expect(finished.status == 75, "\(finished)")
        let (spans, _) = try Self.spans(sandbox.file("trace.json"))
        #expect(spans.contains { $0.kind == "step" && $0.name == "step 1" })
        #expect(spans.contains { $0.kind == "checkpoint" })
      }
    }

    @Test("A place where no trace can be written is found before the first step")
    func mistakes() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try sandbox.expectFailure(
          ["--data", "blobs.h5", "--trace", "nowhere/trace.json"], status: 2,
          "--trace nowhere/trace.json: there is no directory nowhere; make it first")
        // The data and what the run itself writes stay what they are; an older trace gives way to a new one.
        let data = try Data(contentsOf: URL(filePath: sandbox.file("blobs.h5")))
        try FileManager.default.copyItem(atPath: sandbox.file("blobs.h5"), toPath: sandbox.file("blobs.json"))
        let arguments = ["--model", "linear", "--epochs", "1", "--run", "run", "--overwrite", "--trace"]
        let said = "is there already and is no trace; give another name"
        try sandbox.expectFailure(
          ["--data", "blobs.json"] + arguments + ["blobs.json"], status: 2, "--trace: blobs.json \(said)")
        #expect(try Data(contentsOf: URL(filePath: sandbox.file("blobs.json"))) == data)
        try sandbox.expectFailure(
          ["--data", "blobs.h5"] + arguments + ["run/summary.json"], status: 2, "--trace: run/summary.json \(said)")
        #expect(try sandbox.text("run/summary.json").contains("best"))
        for _ in 0..<2 { try sandbox.succeed(["--data", "blobs.h5"] + arguments + ["trace.json"]) }
      }
    }
  }
}

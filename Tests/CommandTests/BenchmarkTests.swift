import Foundation
import ProcessSupport
import Settings
import Testing

extension Commands {
  /// `ddp-bench` and `launch/benchmark`.
  @Suite struct BenchmarkTests {
    private static let bench = builtExecutable("ddp-bench")

    private static func line(_ process: FinishedProcess) throws -> JSONValue {
      try #require(process.status == 0, "\(process)")
      let last = try #require(process.output.split(separator: "\n").last)
      return try JSON5Parser.parse(String(last), file: "ddp-bench")
    }

    private static func number(_ value: JSONValue?) throws -> Double {
      switch try #require(value).content {
      case .integer(let number): Double(number)
      case .number(let number): number
      default: .nan
      }
    }

    @Test("A workload has the split of its step, its share of the limit, and no allocations")
    func workload() throws {
      let process = try run(Self.bench, ["tiny", "--seconds", "0.3"], environment: Sandbox.environment)
      let line = try Self.line(process)
      #expect(line["workload"] == "tiny")
      #if !DEBUG  // without optimization closures and existentials are allocated
        #expect(try Self.number(line["allocations_per_step"]) == 0)
      #endif
      let parts = try #require(line["split_ms"]?.members)
      #expect(parts.map(\.key) == ["data", "forward", "loss", "backward", "exchange", "update", "rest"])
      #expect(try parts.allSatisfy { try Self.number($0.value) >= 0 })
      #expect(try Self.number(line["split_ms"]?["backward"]) > 0)
      #expect(process.output.contains("part of a step"), "\(process)")
      // Of 2-10-1: the first layer has no input gradient.
      #expect(try Self.number(line["gflop_per_step"]) == Double(32 * (2 * 2 * 20 + 3 * 2 * 10)) * 1e-9)
    }

    // Products of narrow tiles, whole samples and time steps, and transposed panels: one request of a product would be
    // a hundred of a step. The threads beside it ask for a few.
    @Test("A steady step asks for no memory", arguments: ["mlp", "lstm"], ["float32", "bfloat16"])
    func noAllocations(workload: String, precision: String) throws {
      let process = try run(
        Self.bench, [workload, "--precision", precision, "--seconds", "0.1"], environment: Sandbox.environment)
      #if !DEBUG
        #expect(try Self.number(try Self.line(process)["allocations_per_step"]) < 5, "\(process)")
      #else
        _ = try Self.line(process)
      #endif
    }

    @Test("A prediction follows from times and bytes: 2 (n - 1) / n of the bytes over the link, and latencies")
    func scalingModel() throws {
      func predict(_ more: [String]) throws -> [Double] {
        let line = try Self.line(
          run(
            Self.bench,
            [
              "scaling-model", "--step-time", "20ms", "--bytes", "10000000", "--latency", "10us", "--bandwidth",
              "10Gbit/s", "--ranks-per-node", "2", "--json",
            ] + more, environment: Sandbox.environment))
        guard case .array(let rows)? = line["prediction"]?.content else { return [] }
        return try rows.flatMap { try [Self.number($0["step_ms"]), Self.number($0["overlapped_step_ms"])] }
      }
      func rounded(_ more: [String]) throws -> [Double] { try predict(more).map { ($0 * 1e4).rounded() / 1e4 } }
      // Four hosts: 2 · 3/4 · 10 MB over 1.25 GB/s are 12 ms; 2 · 3 messages and 3 for the scalars 90 µs.
      #expect(try rounded(["--hosts", "4"]) == [32.09, 32.09])
      // Backward hides 5 ms of it.
      #expect(try rounded(["--hosts", "4", "--backward-time", "5ms"]) == [32.09, 27.09])
      // But never the last bucket: 2 · 3/4 · 4 MiB and the latencies.
      let hidden = 20 + 2 * 0.75 * 4.194304 / 1.25 + 0.09
      let most = try predict(["--hosts", "4", "--backward-time", "20ms"])
      #expect(abs(most[1] - hidden) < 1e-9, "\(most)")
      #expect(try predict(["--hosts", "1"]) == [20, 20])
      #expect(try predict([]).count == 2 * 8)
    }

    @Test("What a benchmark cannot take is one line")
    func mistakes() throws {
      for (words, message) in [
        (["mpl"], "unknown workload 'mpl' (did you mean 'mlp'?"),
        (["scaling-model", "--latency", "10"], "expected a time"),
        (["scaling-model", "--bandwidth", "0Gbit/s"], "expected a rate"), (["scaling-model"], "expected a workload"),
        (["mlp", "tiny"], "ddp-bench"),
      ] {
        let process = try run(Self.bench, words, environment: Sandbox.environment)
        #expect(process.status == 2 && process.errorLines.count == 1, "\(process)")
        #expect(process.errorLines.first?.contains(message) == true, "\(process)")
      }
    }

    @Test("The script times ddp-train alone where no peer is installed")
    func script() throws {
      let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
      func launch(_ arguments: [String]) throws -> FinishedProcess {
        try run(
          "bash", [root.appending(path: "launch/benchmark").path] + arguments,
          environment: Sandbox.environment.merging(["DDP_TRAIN": builtExecutable("ddp-train")]) { $1 },
          timeout: .seconds(120))
      }
      let process = try launch(["--workloads", "tiny", "--rounds", "2"])
      try #require(process.status == 0, "\(process)")
      #expect(process.output.contains("| samples/s | ddp-train, 2 ranks | to the best peer |"), "\(process)")
      #expect(process.output.contains(/\| tiny \| [\d,]+ \([\d,]+ to [\d,]+\) \| – \|/), "\(process)")
      #expect(process.output.contains("No peer is installed: ddp-train alone was measured."), "\(process)")
      #expect(process.output.contains(/2 rounds on \d{4}-\d\d-\d\d, at most [\d.]+ cores busy/), "\(process)")
      for (words, message) in [
        (["--workloads", "mpl"], "benchmark: no workload 'mpl'; expected some of mlp"),
        (["--peers", "/nowhere"], "benchmark: --peers /nowhere: expected a virtual environment"),
        (["--rounds"], "benchmark: --rounds: expected a value"),
      ] {
        let process = try launch(words)
        #expect(process.status == 2 && process.errorLines.first?.hasPrefix(message) == true, "\(process)")
      }
    }
  }
}

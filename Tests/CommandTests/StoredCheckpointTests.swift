import Foundation
import HDF5Storage
import ProcessSupport
import Settings
import Testing
import Training

extension Commands {
  /// Checkpoints that an earlier version left in the middle of a run, and what that version made of them:
  /// `Tests/Fixtures/make_checkpoint_fixtures.py` says how they came about, and lists their configurations.
  @Suite struct StoredCheckpointTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/checkpoints")
    static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
      .filter { $0 != "data" }.sorted()

    /// Figures agree to so large a share of themselves, arrays to so large a share of their norm.
    ///
    /// Between OpenBLAS's kernels for Nehalem, Haswell and Cooperlake the runs differ by 2·10⁻⁶ at most. They are that
    /// short, and that smooth, on purpose: rounding errors grow with every step, and without bound where a gradient is
    /// all rounding.
    private static let tolerance = 1e-4
    /// What may be between numbers of any size: biases before a batch normalization have nothing but rounding errors.
    private static let smallest = 1e-6

    @Test("There is a checkpoint of each optimizer, schedule and loss")
    func coverage() throws {
      var found: [String: Set<String>] = [:]
      for name in Self.names {
        let resumed = try #require(Self.expected(name)["resumed"] as? [String: Any])
        let configuration = try #require(resumed["configuration"] as? [String: Any])
        for key in ["optimizer", "generator_optimizer", "schedule"] {
          let value = configuration[key] as? [String: Any]
          if let value = value?["name"] as? String { found[key, default: []].insert(value) }
        }
        let attributes = try #require(resumed["attributes"] as? [String: Any])
        for key in ["loss", "scaling"] { found[key, default: []].insert(try #require(attributes[key] as? String)) }
      }
      #expect(found["optimizer"]?.union(found["generator_optimizer"] ?? []).count == 9)
      #expect(found["schedule"]?.count == 8)
      #expect(found["loss"]?.subtracting(["adversarial"]).count == 9)
      #expect(found["scaling"] == ["none", "unit", "standard", "min_max"])
    }

    @Test("A checkpoint of an earlier version verifies, evaluates and resumes as it did then", arguments: names)
    func goesOn(name: String) throws {
      let expected = try Self.expected(name)
      let resumed = try #require(expected["resumed"] as? [String: Any])
      try Sandbox.with { sandbox in
        try Self.layOut(name, expected, in: sandbox)
        // Beside each other, since a short run mostly waits, for the disk and for MPI's beginning and end.
        let resuming = try start(["--resume", "checkpoint.h5", "--run", "resumed", "--quiet"], in: sandbox)
        try sandbox.succeed(["verify", "checkpoint.h5"])
        try evaluate(expected["evaluate"], in: sandbox)
        let hasBegun = resuming.wait(until: { sandbox.exists("resumed/config.json") }, timeout: .seconds(30))
        try #require(hasBegun, "\(resuming.wait(timeout: .zero))")
        let repeating = try start(["resumed/config.json", "--run", "again", "--quiet"], in: sandbox)
        for process in [resuming, repeating] {
          let ended = process.wait(timeout: .seconds(60))
          try #require(ended.status == 0, "\(ended)")
        }

        expectEqual(resumed["metrics"], try sandbox.metrics("resumed"), "metrics.jsonl")
        let summary = try Sandbox.json(sandbox.text("resumed/summary.json"))
        expectEqual(resumed["test"], summary["test"] ?? NSNull(), "test of summary.json")
        let configuration = try sandbox.text("resumed/config.json")
        let before = try JSONSerialization.data(withJSONObject: try #require(resumed["configuration"]))
        // How validation samples were chosen, before it could be said.
        let told = try JSON5Parser.parse(String(decoding: before, as: UTF8.self), file: "config.json")
          .setting(path: "data.stratify", to: "labels")
        #expect(try TrainingConfiguration(told) == Self.configuration(configuration))
        #expect(try sandbox.text("again/config.json") == configuration)
        try compareCheckpoint(resumed, in: sandbox)
      }
    }

    // MARK: Fixtures

    private static func configuration(_ text: String) throws -> TrainingConfiguration {
      try TrainingConfiguration(JSON5Parser.parse(text, file: "config.json"))
    }

    private static func expected(_ name: String) throws -> [String: Any] {
      try Sandbox.json(String(contentsOf: folder.appending(path: "\(name)/expected.json"), encoding: .utf8))
    }

    /// Puts the checkpoint and its data into the sandbox, under the names that the configuration has.
    private static func layOut(_ name: String, _ expected: [String: Any], in sandbox: Sandbox) throws {
      func copy(_ path: String, as name: String) throws {
        try FileManager.default.copyItem(atPath: folder.appending(path: path).path, toPath: sandbox.file(name))
      }
      try copy("\(name)/checkpoint.h5", as: "checkpoint.h5")
      let data = try #require(expected["data"] as? String)
      if let command = expected["make"] as? [String] {
        try sandbox.succeed(["data"] + command + ["--output", data])
      } else {
        try copy("data/\(data)", as: data)
      }
    }

    private func start(_ arguments: [String], in sandbox: Sandbox) throws -> RunningProcess {
      try RunningProcess(
        builtExecutable("ddp-train"), arguments, environment: Sandbox.environment, directory: sandbox.path)
    }

    // MARK: Comparisons

    /// - Parameter expected: what the command prints, or of a GAN the error that it ends with.
    private func evaluate(_ expected: Any?, in sandbox: Sandbox) throws {
      if let message = expected as? String {
        let result = try sandbox.train(["evaluate", "checkpoint.h5", "--json"])
        #expect(result.status == 2 && result.errorLines == [message], "\(result)")
        return
      }
      let split = try #require((expected as? [String: Any])?["split"] as? String)
      let result = try sandbox.succeed(["evaluate", "checkpoint.h5", "--json", "--split", split])
      expectEqual(expected, try Sandbox.json(result.output), "evaluate")
    }

    /// The resumed run's last checkpoint: names and values of attributes, names and shapes of arrays, and enough of
    /// their elements to tell them.
    private func compareCheckpoint(_ expected: [String: Any], in sandbox: Sandbox) throws {
      let file = try HDF5File.open(sandbox.file("resumed/checkpoints/latest.h5"))
      for (key, group) in [("attributes", "/"), ("progress", "/progress")] {
        let attributes = try #require(expected[key] as? [String: Any])
        let names = try Set(file.attributeNames(of: group))
        for (name, value) in attributes {
          guard names.contains(name) else {
            Issue.record("the checkpoint has no attribute '\(name)' of \(group)")
            continue
          }
          let found: Any? =
            value is String ? try file.stringAttribute(name, of: group) : try file.doubleAttribute(name, of: group)
          expectEqual(value, found, "attribute '\(name)'")
        }
      }
      let arrays = try #require(expected["arrays"] as? [[String: Any]])
      #expect(try Set(file.datasetPaths()) == Set(arrays.compactMap { $0["path"] as? String }))
      for array in arrays {
        let path = try #require(array["path"] as? String)
        guard try file.exists(path) else { continue }
        let dataset = try file.dataset(path)
        #expect(dataset.shape == array["shape"] as? [Int], "\(path)")
        let values = try dataset.readAll(as: Double.self)
        guard dataset.shape == array["shape"] as? [Int] else { continue }
        let squares = try number(array["squares"])
        // Of the norm of the difference; the difference of the sums of n elements is √n times that at most.
        let error = Self.tolerance * squares.squareRoot() + Self.smallest
        #expect(
          abs(values.reduce(0, +) - (try number(array["sum"]))) <= error * Double(values.count).squareRoot(),
          "sum of \(path)")
        let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(abs(norm - squares.squareRoot()) <= error, "norm of \(path)")
        let places = try #require(array["places"] as? [Int])
        let elements = try #require(array["elements"] as? [Double])
        for (place, element) in zip(places, elements) {
          #expect(abs(values[place] - element) <= error, "element \(place) of \(path)")
        }
      }
    }

    private func number(_ value: Any?) throws -> Double { try #require((value as? NSNumber)?.doubleValue) }

    /// Expects `found` to have all that `expected` has; objects may have more.
    private func expectEqual(_ expected: Any?, _ found: Any?, _ path: String, tolerance: Double = tolerance) {
      switch (expected, found) {
      case (let expected as [String: Any], let found as [String: Any]):
        for (key, value) in expected {
          // Scores that all but tie stand in an order that the last bits decide, which are a machine's own.
          if tolerance > 0, ["roc_auc", "average_precision"].contains(key),
            let a = (value as? NSNumber)?.doubleValue, let b = (found[key] as? NSNumber)?.doubleValue
          {
            #expect(abs(a - b) <= 0.01, "\(path): \(key)")
          } else {
            expectEqual(value, found[key], "\(path): \(key)", tolerance: tolerance)
          }
        }
      case (let expected as [Any], let found as [Any]):
        #expect(found.count == expected.count, "\(path)")
        for (index, (a, b)) in zip(expected, found).enumerated() {
          expectEqual(a, b, "\(path)[\(index)]", tolerance: tolerance)
        }
      case (let expected as String, let found as String): #expect(found == expected, "\(path)")
      case (let expected as NSNumber, let found as NSNumber):
        let (a, b) = (expected.doubleValue, found.doubleValue)
        #expect(abs(a - b) <= tolerance * abs(a) + (tolerance > 0 ? Self.smallest : 0), "\(path)")
      case (is NSNull, is NSNull): break
      default: Issue.record("\(path): expected \(expected ?? "nothing"), found \(found ?? "nothing")")
      }
    }
  }
}

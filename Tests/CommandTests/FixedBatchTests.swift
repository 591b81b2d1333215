import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// What a model makes of a sample depends on the sample and its number alone: not on how many are computed beside it.
  /// Matrix products of another number of rows may have other last bits, by OpenBLAS's kernel family.
  @Suite struct FixedBatchTests {
    private let checkpoint = "run/checkpoints/latest.h5"

    /// Kernel families that every x86-64 machine can be told to use, and the one that it picks itself.
    static let families: [String?] = [nil, "Prescott", "Haswell"]

    /// Trains for an epoch on the digits, and hands over 100 of their test rows.
    private func withRun(
      _ model: String, _ family: String?,
      _ body: (_ sandbox: Sandbox, _ rows: [UInt8], [String: String?]) throws -> Void
    ) throws {
      try Sandbox.with { sandbox in
        let environment = ["OPENBLAS_CORETYPE": family]
        try sandbox.succeed(
          ["--model", model, "--epochs", "1", "--run", "run", "--quiet"], ranks: 2, environment: environment)
        let digits = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../datasets/digits.h5")
          .path
        let rows = try HDF5File.open(digits).dataset("/test/x").readAll(as: UInt8.self)
        try body(sandbox, Array(rows.prefix(100 * 64)), environment)
      }
    }

    /// A file with some of the rows as its only split.
    private func write(_ rows: ArraySlice<UInt8>, to name: String, in sandbox: Sandbox) throws {
      let file = try HDF5File.create(sandbox.file(name))
      try file.write("/train/x", shape: [rows.count / 64, 8, 8], elements: Array(rows))
      try file.write("/train/y", shape: [rows.count / 64], elements: [UInt8](repeating: 1, count: rows.count / 64))
      try file.setAttribute("valid_max", to: 16.0, of: "/train/x")
      try file.close()
    }

    @Test("Predictions of the first rows of a file are those of a file with these rows alone", arguments: families)
    func predictions(family: String?) throws {
      for model in ["mlp", "cnn", "lstm"] {
        try withRun(model, family) { sandbox, rows, environment in
          func logits(_ count: Int, ranks: Int) throws -> [Float] {
            try write(rows.prefix(count * 64), to: "rows.h5", in: sandbox)
            try sandbox.succeed(
              ["predict", checkpoint, "--data", "rows.h5", "--output", "out.h5"], ranks: ranks,
              environment: environment)
            return try HDF5File.open(sandbox.file("out.h5")).dataset("/logits").readAll(as: Float.self)
          }
          let all = try logits(100, ranks: 1)
          for (count, ranks) in [(1, 1), (5, 2), (33, 1), (70, 3)] {
            #expect(
              try logits(count, ranks: ranks).elementsEqual(all.prefix(count * 10)),
              "\(model), \(family ?? "own") kernels, \(count) of 100 rows")
          }
        }
      }
    }

    /// The losses of single samples, from sums over files that grow by one.
    @Test("The loss of a split is the sum of what its samples have by themselves", arguments: families)
    func evaluation(family: String?) throws {
      try withRun("mlp", family) { sandbox, rows, environment in
        func loss(_ count: Int) throws -> Double {
          try write(rows.prefix(count * 64), to: "rows.h5", in: sandbox)
          let result = try sandbox.succeed(
            ["evaluate", checkpoint, "--data", "rows.h5", "--json"], environment: environment)
          return try #require(Sandbox.json(result.output)["loss"] as? Double) * Double(count)
        }
        // Three rows lie in one batch, and so do 30: the sum of the first three is part of both.
        let three = try loss(3), thirty = try loss(30)
        try sandbox.succeed(
          ["predict", checkpoint, "--data", "rows.h5", "--output", "out.h5"], environment: environment)
        let logits = try HDF5File.open(sandbox.file("out.h5")).dataset("/logits").readAll(as: Float.self)
        func expected(_ count: Int) -> Double {
          (0..<count).reduce(0) { sum, row in
            let logits = logits[row * 10..<row * 10 + 10].map { Double($0) }
            return sum + log(logits.reduce(0) { $0 + exp($1) }) - logits[1]
          }
        }
        // The program computes a sample's loss in single precision.
        #expect(abs(three - expected(3)) < 1e-5 && abs(thirty - expected(30)) < 1e-4)
      }
    }

    @Test("A text does not depend on how long it gets", arguments: families)
    func text(family: String?) throws {
      try Sandbox.with { sandbox in
        let environment = ["OPENBLAS_CORETYPE": family]
        let text = String(repeating: "to be or not to be, that is the question. ", count: 40)
        try text.write(toFile: sandbox.file("text.txt"), atomically: true, encoding: .utf8)
        try sandbox.succeed(["data", "convert", "text", "text.txt", "--context", "16", "--output", "text.h5"])
        try sandbox.succeed(
          [
            "--data", "text.h5", "--epochs", "1", "--run", "run", "--quiet", "--set",
            "layers=[{ embedding: 8 }, { transformer_block: { heads: 2, causal: true } }, 'dense']",
          ], environment: environment)
        func written(_ length: Int) throws -> String {
          try sandbox.succeed(
            ["generate", checkpoint, "--prompt", "to", "--length", "\(length)"], environment: environment
          ).output
        }
        let long = try written(60)
        #expect(try long.hasPrefix(written(10).trimmingCharacters(in: .newlines)))
      }
    }
  }
}

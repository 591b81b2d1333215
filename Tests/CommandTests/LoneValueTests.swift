import Foundation
import HDF5Storage
import Testing

extension Commands {
  /// A value that takes all of a column's scale.
  @Suite struct LoneValueTests {
    /// The text of a short training on numbers around 5, of which those of some columns are changed.
    private func output(
      columns: ClosedRange<Int> = 2...2, of width: Int = 3, rows: Int = 1, scaling: String = "standard",
      _ change: (_ row: Int, Float) -> Float
    ) throws -> String {
      var text = ""
      try Sandbox.with { sandbox in
        let file = try HDF5File.create(sandbox.file("data.h5"))
        let values = (0..<300).flatMap { row in
          (0..<width).map { column -> Float in
            let value = 5 + Float((row * 7 + column * 3) % 11) / 10
            return columns.contains(column) ? change(row, value) : value
          }
        }
        let shape = rows == 1 ? [300, width] : [300, rows, width / rows, 1]
        try file.write("/train/x", shape: shape, elements: values)
        try file.write("/train/y", shape: [300], elements: (0..<300).map { Int32($0 % 2) })
        try file.close()
        let result = try sandbox.succeed(
          ["--data", "data.h5", "--epochs", "1", "--run", "run", "--set", "data.scaling=\(scaling)"])
        text = result.output + result.errors
      }
      return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private let doubt = "column 2 has one value of 3e+20, a million deviations from all others"

    @Test("It is named", arguments: ["standard", "auto"])
    func isNamed(scaling: String) throws {
      let text = try output(scaling: scaling) { $0 == 17 ? 3e20 : $1 }
      #expect(text.contains(doubt), "\(text)")
      let several = try output(columns: 1...5, of: 6, scaling: scaling) { $0 == 17 ? 3e20 : $1 }
      let values = (1...3).map { "column \($0) has one value of 3e+20" }.joined(separator: ", ")
      #expect(
        several.contains(values + " and 2 more columns have one, a million deviations from all others"), "\(several)")
    }

    @Test("So are numbers that stand for what is missing", arguments: ["standard", "min_max"])
    func areNamed(scaling: String) throws {
      let text = try output(scaling: scaling) { $0 % 100 == 17 ? -3e38 : $1 }
      #expect(
        text.contains("there are features like what stands for missing values (column 2 has -3e+38); others"), "\(text)"
      )
    }

    @Test("Also of other splits, in weights, in folds and in trials")
    func everywhere() throws {
      try Sandbox.with { sandbox in
        func write(_ name: String, _ spoilt: String) throws {
          let file = try HDF5File.create(sandbox.file(name))
          for (split, count) in [("train", 90), ("val", 20), ("test", 20)] {
            let values = (0..<count * 3).map { index -> Float in
              index == 25 && spoilt == split ? 1e38 : Float(index * 7 % 11) / 10
            }
            try file.write("/\(split)/x", shape: [count, 3], elements: values)
            try file.write("/\(split)/y", shape: [count], elements: (0..<count).map { Int32($0 % 2) })
            let weights = (0..<count).map { $0 == 4 && spoilt == "weights" ? Float(1e38) : 1 }
            try file.write("/\(split)/weights", shape: [count], elements: weights)
          }
          try file.close()
        }
        func warnings(_ command: [String], _ data: String, ranks: Int? = nil) throws -> [String] {
          let result = try sandbox.train(
            command + ["--data", data, "--epochs", "1", "--quiet", "--overwrite", "--run", "run"], ranks: ranks)
          return result.errors.split(separator: "\n").map(String.init).filter { $0.contains("missing values") }
        }
        for (spoilt, told) in [
          ("train", "there are features like"), ("val", "there are validation features like"),
          ("test", "there are test features like"), ("weights", "/train/weights has a weight like"),
        ] {
          try write("data.h5", spoilt)
          let lines = try warnings([], "data.h5")
          #expect(lines.count == 1 && lines[0].contains("data: \(told) what stands"), "\(spoilt): \(lines)")
        }
        // Once, though each fold has it: in the part that is trained on or the one that is tested.
        try write("data.h5", "train")
        for ranks in [nil, 2] {
          let lines = try warnings(["cross-validate", "--folds", "3"], "data.h5", ranks: ranks)
          #expect(
            Set(lines.map { $0.contains("test features") }) == [true, false] && lines.count == 2, "\(lines)")
        }
        try sandbox.write(
          "study.json5",
          Data(#"{ base: { data: "data.h5", epochs: 1 }, seeds: [1, 2], configurations: { a: {}, b: {} } }"#.utf8))
        let study = try sandbox.train(["compare", "study.json5", "--run", "study", "--quiet"])
        #expect(study.errors.components(separatedBy: "missing values").count == 2, "\(study)")
      }
    }

    @Test("A place of an image is no column")
    func image() throws {
      let text = try output(columns: 6...14, of: 16, rows: 4) { $0 == 17 ? 1e30 : $1 }
      let places = ["1, 2", "1, 3", "2, 0"].map { "place [\($0), 0] has 1e+30" }.joined(separator: ", ")
      #expect(text.contains("missing values (\(places) and 6 more places have one); others tell"), "\(text)")
    }

    @Test("A loss that is no number on what is not trained on is told once")
    func heldOut() throws {
      try Sandbox.with { sandbox in
        let file = try HDF5File.create(sandbox.file("data.h5"))
        for (split, count) in [("train", 200), ("val", 40), ("test", 40)] {
          // Two features that tell the class, and one that is 0 but for one row of val and of test.
          let values = (0..<count).flatMap { row -> [Float] in
            let sign: Float = row % 2 == 0 ? 1 : -1
            return [sign + Float(row % 7) / 10, sign, split != "train" && row == 7 ? 3.3e38 : 0]
          }
          try file.write("/\(split)/x", shape: [count, 3], elements: values)
          try file.write("/\(split)/y", shape: [count], elements: (0..<count).map { Int32($0 % 2) })
        }
        try file.close()
        let result = try sandbox.succeed([
          "--data", "data.h5", "--model", "mlp", "--set", "data.scaling=none", "--optimizer", "sgd",
          "--learning-rate", "0.01", "--epochs", "3", "--run", "run", "--quiet",
        ])
        let lines = result.errors.split(separator: "\n")
        for split in ["validation", "test"] {
          let told = lines.filter {
            $0.contains("warning: the \(split) loss is ") && $0.contains("expected a finite number")
          }
          #expect(told.count == 1, "\(result)")
        }
      }
    }

    @Test("What is merely far, or rare, is not")
    func isNot() throws {
      let changes: [(Int, Float) -> Float] = [
        { $0 == 17 ? 5e6 : $1 * 100 }, { row, _ in row == 17 ? 1 : 0 }, { row, _ in row % 3 == 0 ? 3e20 : 1 },
      ]
      for change in changes {
        let text = try output(change)
        #expect(!text.contains("a million deviations") && !text.contains("missing values"), "\(text)")
      }
    }
  }
}

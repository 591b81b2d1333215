import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// `predict` into lines of text, and from standard input.
  @Suite struct PredictionTextTests {
    /// Three classes, one of which CSV has to quote, in columns with names; trained a moment.
    private func withRun(_ body: (Sandbox) throws -> Void) throws {
      try Sandbox.with { sandbox in
        let names = ["ant", "b\"ee", "crow, big"]
        let file = try HDF5File.create(sandbox.file("table.h5"))
        for (split, count) in [("train", 60), ("test", 13)] {
          let x = (0..<count * 2).map { Double($0 * 7919 % 101) / 7 }
          try file.write("/\(split)/x", shape: [count, 2], elements: x)
          try file.write("/\(split)/y", shape: [count], elements: (0..<count).map { Int64($0 % 3) })
          try file.write("/\(split)/id", shape: [count], elements: (0..<count).map { Int64(1000 + $0) })
          try file.setLines("names", ["length", "width"], of: "/\(split)/x")
          try file.setLines("classes", names, of: "/\(split)/y")
        }
        try file.close()
        try sandbox.succeed([
          "--data", "table.h5", "--model", "logistic", "--epochs", "2", "--batch-size", "16", "--run", "run", "--quiet",
        ])
        try body(sandbox)
      }
    }

    /// Runs the program behind a pipe.
    private func piped(_ sandbox: Sandbox, _ input: String, _ options: String) throws -> FinishedProcess {
      try sandbox.write("input.csv", Data(input.utf8))
      return try run(
        "bash", ["-c", "cat input.csv | \"$0\" predict run --data - \(options)", builtExecutable("ddp-train")],
        environment: Sandbox.environment, directory: sandbox.path, timeout: .seconds(30))
    }

    @Test func linesSayWhatTheArraysSay() throws {
      try withRun { sandbox in
        try sandbox.succeed(["predict", "run", "--data", "table.h5", "--output", "p.h5"])
        try sandbox.succeed(["predict", "run", "--data", "table.h5", "--output", "p.csv"])
        let file = try HDF5File.open(sandbox.file("p.h5"))
        let probabilities = try file.dataset("/probabilities").readAll(as: Float.self)
        let classes = try file.dataset("/classes").readAll(as: Int64.self)
        let lines = try sandbox.text("p.csv").split(separator: "\n").map(String.init)
        #expect(
          lines[0] == "row,id,class,probability,probability_ant,\"probability_b\"\"ee\",\"probability_crow, big\"")
        #expect(lines.count == 14)
        for (row, line) in lines.dropFirst().enumerated() {
          let own = Array(probabilities[row * 3..<(row + 1) * 3]), label = Int(classes[row])
          let name = ["ant", "\"b\"\"ee\"", "\"crow, big\""][label]
          // The shortest decimals that read back as the same numbers.
          let numbers = ([own[label]] + own).map { "\($0)" }
          #expect(line == (["\(row)", "\(1000 + row)", name] + numbers).joined(separator: ","))
        }
      }
    }

    @Test func bytesAreTheSameOnAnyNumberOfRanksAndFromStandardInput() throws {
      try withRun { sandbox in
        try sandbox.succeed(["predict", "run", "--data", "table.h5", "--output", "p.csv"])
        let expected = try sandbox.text("p.csv")
        for ranks in [1, 2, 4] {
          try sandbox.succeed(["predict", "run", "--data", "table.h5", "--output", "r.csv"], ranks: ranks)
          #expect(try sandbox.text("r.csv") == expected)
        }
        let printed = try sandbox.succeed(["predict", "run", "--data", "table.h5", "--output", "-"])
        #expect(printed.output == expected && printed.errors.contains("samples/s"), "\(printed)")

        // The same rows with columns in another order, and one that the model has not.
        let x = try HDF5File.open(sandbox.file("table.h5")).dataset("/test/x").readAll(as: Double.self)
        let rows = (0..<13).map { "\(x[2 * $0 + 1]),none,\(1000 + $0),\(x[2 * $0])" }
        let input = (["width,label,id,length"] + rows).joined(separator: "\n") + "\n"
        let result = try piped(sandbox, input, "--output -")
        #expect(result.output == expected, "\(result)")
        #expect(result.errorLines.first?.contains("the column label is none of run/checkpoints/best.h5") == true)
      }
    }

    @Test func likeliestClassesInJSON() throws {
      try withRun { sandbox in
        let result = try piped(sandbox, "3.5,1\n0.25,9\n", "--output - --format jsonl --top 2")
        #expect(result.status == 0 && result.outputLines.count == 2, "\(result)")
        #expect(result.errorLines.first?.contains("taken by position: length, width") == true, "\(result)")
        for (row, line) in result.outputLines.enumerated() {
          let object = try Sandbox.json(line)
          #expect(object["row"] as? Int == row)
          let first = try #require(object["top_1"] as? [String: Any]),
            second = try #require(object["top_2"] as? [String: Any])
          let (a, b) = (try #require(first["probability"] as? Double), try #require(second["probability"] as? Double))
          #expect(a >= b && a + b <= 1.000001 && first["class"] as? String != second["class"] as? String)
        }
      }
    }

    @Test func valuesStandUnderTheNamesOfTheTargets() throws {
      try Sandbox.with { sandbox in
        let file = try HDF5File.create(sandbox.file("values.h5"))
        for split in ["train", "test"] {
          try file.write("/\(split)/x", shape: [20, 1], elements: (0..<20).map { Double($0) })
          try file.write("/\(split)/y", shape: [20, 2], elements: (0..<40).map { 1e6 + Double($0 % 7) / 3 })
          try file.setLines("columns", ["price", "size, m²"], of: "/\(split)/y")
        }
        try file.close()
        try sandbox.succeed(["--data", "values.h5", "--model", "linear", "--epochs", "1", "--run", "run", "--quiet"])
        try sandbox.succeed(["predict", "run", "--data", "values.h5", "--output", "v.csv"])
        try sandbox.succeed(["predict", "run", "--data", "values.h5", "--output", "v.h5"])
        let values = try HDF5File.open(sandbox.file("v.h5")).dataset("/values").readAll(as: Double.self)
        let lines = try sandbox.text("v.csv").split(separator: "\n").map(String.init)
        #expect(lines[0] == "row,price,\"size, m²\"")
        #expect(lines[1] == "0,\(values[0]),\(values[1])" && values[0] > 9e5, "in the units of the data")
      }
    }

    @Test func whatCannotBeDoneIsOneLine() throws {
      try withRun { sandbox in
        let predict = ["predict", "run", "--data", "table.h5", "--output"]
        try sandbox.expectFailure(
          predict + ["p.txt"], status: 2,
          "--output p.txt: the form follows the name, expected one that ends in .h5 or .hdf5, .csv, .jsonl, or - for "
            + "standard output")
        try sandbox.expectFailure(
          predict + ["p.csv", "--top", "4"], status: 2,
          "--top 4: run/checkpoints/best.h5 has 3 classes, expected at most 3")
        try sandbox.expectFailure(
          predict + ["p.csv", "--format", "jsonl"], status: 2,
          "--format jsonl: --output p.csv asks for csv; leave one out")
        let missing = try piped(sandbox, "length,size\n1,2\n", "--output p.csv")
        #expect(missing.status == 3, "\(missing)")
        #expect(
          missing.errors == "ddp-train: standard input: line 1: lacks the column width; expected those that "
            + "run/checkpoints/best.h5 was trained on, in any order: length, width\n")
        let text = try piped(sandbox, "1,2\n1,many\n", "--output p.csv")
        #expect(
          text.status == 3 && text.errors.contains("standard input: line 2, column 2: 'many', expected"), "\(text)")
        #expect(!sandbox.exists("p.csv"), "nothing half written")
        #expect(try sandbox.names(in: ".").filter { $0.hasSuffix(".tmp") } == [])
      }
    }
  }
}

import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// New tables given to a model that was trained on one: as a file, from standard input, and as a series.
  @Suite struct NewTableTests {
    private func piped(_ sandbox: Sandbox, _ file: String, _ options: String) throws -> FinishedProcess {
      try run(
        "bash", ["-c", "cat \(file) | \"$0\" predict run --data - \(options)", builtExecutable("ddp-train")],
        environment: Sandbox.environment, directory: sandbox.path, timeout: .seconds(30))
    }

    @Test("Words, gaps and ids: the same bits from a file and from standard input") func rows() throws {
      try Sandbox.with { sandbox in
        let words = ["up", "down", "left"]
        let rows = (0..<60).map { row -> String in
          let a = row % 9 == 4 ? "" : "\(Double(row * 7919 % 101) / 7)"
          return "P\(row),\(a),\(words[row % 3]),\(row % 2 == 0 ? "cat" : "dog")"
        }
        try sandbox.write("t.csv", Data(("patient_id,a,word,kind\n" + rows.joined(separator: "\n") + "\n").utf8))
        let new = "word,more,a,patient_id\nup,1,2.5,x\nunheard,2,,y\ndown,3,-1e-3,z\n"
        try sandbox.write("new.csv", Data(new.utf8))
        try sandbox.write("labelled.csv", Data("word,a,kind\nup,2.5,dog\ndown,7,cat\nup,1,dog\n".utf8))
        try sandbox.succeed(["data", "convert", "csv", "t.csv", "--missing", "mean", "--output", "t.h5"])
        try sandbox.succeed([
          "--data", "t.h5", "--model", "logistic", "--epochs", "2", "--batch-size", "16", "--run", "run", "--quiet",
        ])
        let first = try sandbox.succeed(["predict", "run", "--data", "new.csv", "--output", "file.csv"])
        #expect(first.errors.contains("the column 'more' is none of"), "\(first)")
        #expect(first.errors.contains("'unheard'") && first.errors.contains("filled 1 missing cell"), "\(first)")
        let second = try piped(sandbox, "new.csv", "--output pipe.csv")
        #expect(second.status == 0 && second.errors.contains("'unheard'"), "\(second)")
        let lines = try sandbox.text("file.csv").split(separator: "\n")
        #expect(lines.count == 4 && lines[1].hasPrefix("0,x,") && lines[3].hasPrefix("2,z,"), "\(lines)")
        #expect(try sandbox.text("pipe.csv") == sandbox.text("file.csv"))
        // Converted by the run's rules: again the same.
        try sandbox.succeed(["data", "convert", "csv", "new.csv", "--like", "run", "--output", "new.h5"])
        try sandbox.succeed(["predict", "run", "--data", "new.h5", "--output", "h5.csv"])
        #expect(try sandbox.text("h5.csv") == sandbox.text("file.csv"))
        let evaluation = try sandbox.succeed(["evaluate", "run", "--data", "labelled.csv", "--json"])
        #expect(try Sandbox.json(evaluation.output)["samples"] as? Int == 3)
        let unlabelled = try sandbox.train(["evaluate", "run", "--data", "new.csv"])
        #expect(unlabelled.status == 3 && unlabelled.errors.contains("new.csv"), "\(unlabelled)")
      }
    }

    @Test("A series: a forecast behind each window of a new stretch") func windows() throws {
      try Sandbox.with { sandbox in
        func series(_ rows: Range<Int>) -> Data {
          Data(
            ("day,t\n"
              + rows.map { "2024-0\(1 + $0 / 28)-\($0 % 28 < 9 ? "0" : "")\(1 + $0 % 28),\(Double($0 * 37 % 23) / 3)" }
              .joined(separator: "\n") + "\n").utf8)
        }
        try sandbox.write("t.csv", series(0..<100))
        try sandbox.write("new.csv", series(100..<110))
        try sandbox.succeed([
          "data", "convert", "csv", "t.csv", "--window", "4", "--target", "t", "--test", "0.2", "--output", "t.h5",
        ])
        try sandbox.succeed([
          "--data", "t.h5", "--set", "model.layers=['flatten', { dense: 1 }]", "--epochs", "2", "--run", "run",
          "--quiet",
        ])
        try sandbox.succeed(["predict", "run", "--data", "new.csv", "--output", "file.csv"])
        let lines = try sandbox.text("file.csv").split(separator: "\n")
        #expect(lines.count == 8 && lines[7].hasPrefix("6,2024-04-26,"), "\(lines)")
        #expect(try piped(sandbox, "new.csv", "--output pipe.csv").status == 0)
        #expect(try sandbox.text("pipe.csv") == sandbox.text("file.csv"))
        let evaluation = try sandbox.succeed(["evaluate", "run", "--data", "new.csv", "--json"])
        #expect(try Sandbox.json(evaluation.output)["samples"] as? Int == 6)
      }
    }
  }
}

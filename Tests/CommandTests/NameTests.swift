import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// Columns and classes are matched by name, whatever their order in a file.
  @Suite struct NameTests {
    private static let columns = ["width", "height", "depth"], classes = ["bird", "cat", "dog"]
    private static let best = "run/checkpoints/best.h5"
    private static let training = [
      "--data", "plain.h5", "--model", "linear", "--loss", "cross_entropy", "--epochs", "20", "--batch-size", "30",
      "--learning-rate", "0.1", "--run", "run", "--quiet",
    ]

    /// Writes `/train` with rows that are the same whatever the order of names; nil writes the usual order, unnamed.
    /// A class that is not among `classes` is the last of them.
    private func write(
      _ name: String, columns: [String]? = columns, classes: [String]? = classes, rows: Range<Int> = 0..<90,
      change: (inout [Float]) -> Void = { _ in }, in sandbox: Sandbox
    ) throws {
      let (columnOrder, classOrder) = (columns ?? Self.columns, classes ?? Self.classes)
      var features: [Float] = []
      for row in rows {
        let own: [String: Float] = [
          "width": Float(row % 3 * 4) + Float(row % 7) / 2, "height": Float(row % 3 * -4) + Float(row % 5) / 2,
          "depth": Float(row % 11),
        ]
        features += columnOrder.map { own[$0] ?? Float(row) }
      }
      change(&features)
      let labels = rows.map { Int32(classOrder.firstIndex(of: Self.classes[$0 % 3]) ?? classOrder.count - 1) }
      let file = try HDF5File.create(sandbox.file(name))
      try file.write("/train/x", shape: [rows.count, columnOrder.count], elements: features)
      try file.write("/train/y", shape: [rows.count], elements: labels)
      if let columns { try file.setLines("names", columns, of: "/train/x") }
      if let classes { try file.setLines("classes", classes, of: "/train/y") }
      try file.close()
    }

    private func withRun(_ body: (Sandbox) throws -> Void) throws {
      try Sandbox.with {
        try write("plain.h5", in: $0)
        try $0.succeed(Self.training)
        try body($0)
      }
    }

    @Test func otherOrdersEvaluateAndPredictAlike() throws {
      try withRun { sandbox in
        let orders = (columns: ["depth", "width", "height"], classes: ["dog", "bird", "cat"])
        try write("other.h5", columns: orders.columns, classes: orders.classes, in: sandbox)
        func report(_ data: String, ranks: Int? = nil) throws -> NSDictionary {
          let result = try sandbox.succeed(
            ["evaluate", Self.best, "--data", data, "--split", "train", "--json"], ranks: ranks)
          var json = try Sandbox.json(result.output)
          json["data"] = nil
          return json as NSDictionary
        }
        let plain = try report("plain.h5")
        #expect(try #require(plain["accuracy"] as? Double) > 0.6, "a third is chance")
        #expect(try report("other.h5") == plain)
        #expect(try report("other.h5", ranks: 2) == plain)
        let named = try #require(plain["classes"] as? [[String: Any]]).map { $0["name"] as? String }
        #expect(named == Self.classes)
        let table = try sandbox.succeed(["evaluate", Self.best, "--data", "other.h5", "--split", "train"])
        #expect(table.outputLines.contains { $0.hasPrefix("2 dog") }, "\(table)")

        var logits: [[Float]] = []
        for data in ["plain", "other"] {
          let result = try sandbox.succeed(["predict", Self.best, "--data", data + ".h5", "--output", "\(data)-p.h5"])
          #expect(result.output.contains("bird, cat, dog") && result.errorLines.isEmpty, "\(result)")
          let file = try HDF5File.open(sandbox.file(data + "-p.h5"))
          logits.append(try file.dataset("/logits").readAll())
          #expect(try file.stringAttribute("classes", of: "/classes") == "bird\ncat\ndog")
          #expect(try file.stringAttribute("columns", of: "/probabilities") == "bird\ncat\ndog")
        }
        #expect(logits[0] == logits[1])
      }
    }

    @Test func whatDoesNotFitIsNamed() throws {
      try withRun { sandbox in
        try write("less.h5", columns: ["height", "width"], in: sandbox)
        try write("renamed.h5", columns: ["height", "width", "age"], in: sandbox)
        try write("fox.h5", classes: ["dog", "bird", "fox"], in: sandbox)
        for command in [["evaluate"], ["predict", "--output", "p.h5"]] {
          try sandbox.expectFailure(
            command + [Self.best, "--data", "less.h5"], status: 3,
            "less.h5: /train/x lacks the column 'depth'; expected the columns of \(Self.best), in any order: width, "
              + "height, depth")
          try sandbox.expectFailure(
            command + [Self.best, "--data", "renamed.h5"], status: 3,
            "renamed.h5: /train/x lacks the column 'depth' and has the column 'age', which \(Self.best) does not know; "
              + "expected the columns of \(Self.best), in any order: width, height, depth")
        }
        try sandbox.expectFailure(
          ["evaluate", Self.best, "--data", "fox.h5"], status: 3,
          "fox.h5: /train/y row 1 is of the class 'fox', which \(Self.best) does not know; expected one of bird, cat, "
            + "dog")
        try sandbox.expectFailure(
          Self.training + ["--resume", "auto", "--data", "renamed.h5"], status: 3,
          "renamed.h5: /train/x lacks the column 'depth' and has the column 'age', which "
            + "run/checkpoints/step-00000060.h5 does not know; expected the columns of "
            + "run/checkpoints/step-00000060.h5, in any order: width, height, depth")
        // Labels do not matter to predictions.
        try sandbox.succeed(["predict", Self.best, "--data", "fox.h5", "--output", "p.h5"])
      }
    }

    @Test func dataWithoutNamesAreTakenByPosition() throws {
      try withRun { sandbox in
        try write("bare.h5", columns: nil, classes: nil, in: sandbox)
        let result = try sandbox.succeed(["evaluate", Self.best, "--data", "bare.h5", "--json"])
        #expect(
          result.errorLines == [
            "ddp-train: warning: bare.h5: /train/x names no columns; they are taken by position: width, height, depth",
            "ddp-train: warning: bare.h5: /train/y names no classes; they are taken by position: bird, cat, dog",
          ])
        #expect(result.outputLines.count == 1)
        let predicted = try sandbox.succeed(["predict", Self.best, "--data", "bare.h5", "--output", "p.h5"])
        #expect(predicted.errorLines.count == 1, "\(predicted)")
      }
    }

    /// A model that was told its data sets finds those of other files by the same names, such as anndata's.
    @Test func toldDataSetsOfOtherFiles() throws {
      try Sandbox.with { sandbox in
        func write(_ name: String, _ rows: Int) throws {
          let file = try HDF5File.create(sandbox.file(name))
          try file.write("/a/matrix", shape: [rows, 2], elements: (0..<2 * rows).map { Float($0 % 5) })
          try file.write("/a/codes", shape: [rows], elements: (0..<rows).map { Int8($0 % 2) })
          try file.close()
        }
        try write("one.h5", 40)
        try write("other.h5", 30)
        try sandbox.succeed([
          "--data", "one.h5", "--set", "data.features=/a/matrix", "--set", "data.labels=/a/codes", "--model", "linear",
          "--loss", "cross_entropy", "--epochs", "1", "--run", "run", "--quiet",
        ])
        let result = try sandbox.succeed(["evaluate", Self.best, "--data", "other.h5", "--json"])
        #expect(try Sandbox.json(result.output)["samples"] as? Int == 30)
      }
    }

    @Test func filesOfADataSetAreMatched() throws {
      try Sandbox.with { sandbox in
        for directory in ["straight", "mixed"] {
          try FileManager.default.createDirectory(
            atPath: sandbox.file(directory), withIntermediateDirectories: true)
          try write(directory + "/a.h5", rows: 0..<45, in: sandbox)
        }
        try write("straight/b.h5", rows: 45..<90, in: sandbox)
        try write(
          "mixed/b.h5", columns: ["height", "depth", "width"], classes: ["cat", "dog", "bird"], rows: 45..<90,
          in: sandbox)
        for directory in ["straight", "mixed"] {
          try sandbox.succeed(Self.training + ["--data", directory, "--run", "run-" + directory], ranks: 2)
        }
        func bits(_ name: String) throws -> [String: [UInt32]] {
          try sandbox.arrays("run-\(name)/checkpoints/latest.h5")
        }
        #expect(try bits("mixed") == bits("straight"))
        try write("mixed/b.h5", columns: nil, rows: 45..<90, in: sandbox)
        try sandbox.expectFailure(
          Self.training + ["--data", "mixed"], status: 3,
          "mixed/b.h5: /train/x names no columns, but mixed/a.h5 names its own; name them in all files of a data set, "
            + "or in none")
      }
    }

    @Test func resumingMatchesNamesAndValues() throws {
      try Sandbox.with { sandbox in
        try write("plain.h5", in: sandbox)
        let constant = Self.training + ["--set", "schedule.name=constant"]
        try sandbox.succeed(constant + ["--run", "whole"])
        try sandbox.succeed(constant + ["--epochs", "10"])
        try write("plain.h5", columns: ["depth", "height", "width"], classes: ["dog", "cat", "bird"], in: sandbox)
        try sandbox.succeed(["--run", "run", "--resume", "auto", "--epochs", "20", "--quiet"], ranks: 2)
        #expect(
          try sandbox.arrays("run/checkpoints/latest.h5") == sandbox.arrays("whole/checkpoints/latest.h5"))

        try write("plain.h5", change: { $0[100] += 1 }, in: sandbox)
        let more = ["--run", "run", "--resume", "auto", "--epochs", "21"]
        try sandbox.expectFailure(
          more, status: 3,
          "run/checkpoints/step-00000060.h5: trained on other values than plain.h5 has now; resume on the same data, "
            + "or let it go on with --set data.may_change=true")
        let allowed = try sandbox.succeed(more + ["--set", "data.may_change=true"])
        #expect(
          allowed.errorLines == [
            "ddp-train: warning: trained so far on other values than plain.h5 has now: data.may_change allows it",
            "ddp-train: warning: goes on with other settings than before: epochs 20 → 21",
          ])
        #expect(allowed.outputLines.contains { $0.contains("classes bird, cat, dog") }, "\(allowed)")
        // From here on it is trained on the new values.
        try sandbox.succeed(["--run", "run", "--resume", "auto", "--epochs", "22"])
      }
    }

    @Test func otherValidationDataAreRefused() throws {
      try Sandbox.with { sandbox in
        func split(_ change: Float) throws {
          let file = try HDF5File.create(sandbox.file("v.h5"))
          for (name, offset) in [("train", Float(0)), ("val", change)] {
            try file.write("/\(name)/x", shape: [40, 2], elements: (0..<80).map { Float($0 * 7 % 11) + offset })
            try file.write("/\(name)/y", shape: [40], elements: (0..<40).map { Int32($0 % 2) })
          }
          try file.close()
        }
        try split(0)
        let run = ["--data", "v.h5", "--model", "logistic", "--run", "run", "--quiet"]
        try sandbox.succeed(run + ["--epochs", "2"])
        try split(1)
        let resumed = try sandbox.train(run + ["--epochs", "3", "--resume", "auto"])
        #expect(resumed.status == 3, "\(resumed)")
        #expect(resumed.errors.contains("trained on other values than v.h5 has now"), "\(resumed)")
      }
    }

    /// Hosts may have copies of their own.
    @Test func ranksThatFindOtherDataAreRefused() throws {
      try Sandbox.with { sandbox in
        try FileManager.default.createDirectory(atPath: sandbox.file("w"), withIntermediateDirectories: false)
        try write("plain.h5", in: sandbox)
        try write("w/plain.h5", change: { $0[0] += 1 }, in: sandbox)
        let command = Self.training + ["--run", sandbox.file("run")]
        let program = builtExecutable("ddp-train")
        let result = try mpirun(
          ranks: 1, program, command + [":", "-np", "1", "-wdir", sandbox.file("w"), program] + command,
          environment: Sandbox.environment, directory: sandbox.path)
        #expect(result.status == 5, "\(result)")
        let line = result.errorLines(beginningWith: "ddp-train:").first
        #expect(line?.contains("plain.h5: rank 1 finds other data than rank 0") == true, "\(result)")
      }
    }

    /// One process speaks where the work is not shared.
    @Test func oneRankRunsWhatIsNotDistributed() throws {
      try Sandbox.with { sandbox in
        let made = try sandbox.train(["data", "make", "moons", "--output", "m.h5"], ranks: 3)
        #expect(made.status == 0 && made.outputLines.filter { $0 == "wrote m.h5" }.count == 1, "\(made)")
      }
    }

    @Test func aCheckpointDescribesItsData() throws {
      try withRun { sandbox in
        let file = try HDF5File.open(sandbox.file(Self.best))
        let expected = [
          "classes": "bird\ncat\ndog", "columns": "width\nheight\ndepth", "feature_type": "float32",
          "target_shape": "1", "target_type": "int32",
        ]
        for (name, value) in expected {
          #expect(try file.stringAttribute(name, of: "/data") == value)
        }
        #expect(try file.stringAttribute("fingerprint", of: "/data")?.count == 16)
      }
    }

    @Test func targetColumnsOfARegression() throws {
      try Sandbox.with { sandbox in
        func write(_ name: String, _ targets: [String]) throws {
          let file = try HDF5File.create(sandbox.file(name))
          let values = (0..<40).map { ["sum": Float($0) / 40, "square": Float($0 * $0) / 1600] }
          try file.write("/X", shape: [40, 1], elements: (0..<40).map { Float($0) / 40 })
          try file.write("/y", shape: [40, 2], elements: values.flatMap { row in targets.map { row[$0] ?? 0 } })
          try file.setLines("columns", targets, of: "/y")
          try file.close()
        }
        try write("plain.h5", ["sum", "square"])
        try write("other.h5", ["square", "sum"])
        try sandbox.succeed(["--data", "plain.h5", "--model", "linear", "--epochs", "3", "--run", "run", "--quiet"])
        func loss(_ data: String) throws -> Double? {
          try Sandbox.json(sandbox.succeed(["evaluate", Self.best, "--data", data, "--json"]).output)["loss"] as? Double
        }
        #expect(try loss("plain.h5") == loss("other.h5"))
        try sandbox.succeed(["predict", Self.best, "--data", "other.h5", "--output", "p.h5"])
        let predicted = try HDF5File.open(sandbox.file("p.h5")).stringAttribute("columns", of: "/values")
        #expect(predicted == "sum\nsquare")
        try write("unknown.h5", ["sum", "cube"])
        try sandbox.expectFailure(
          ["evaluate", Self.best, "--data", "unknown.h5"], status: 3,
          "unknown.h5: /y lacks the target 'square' and has the target 'cube', which \(Self.best) does not know; "
            + "expected the targets of \(Self.best), in any order: sum, square")
      }
    }

    /// Pixels from 0 to 1, or of more bits, for a model that divides bytes by 255.
    @Test func otherUnitsThanThoseOfTrainingAreRefused() throws {
      try Sandbox.with { sandbox in
        func write<T: HDF5Element>(_ name: String, _ value: (Int) -> T) throws {
          let file = try HDF5File.create(sandbox.file(name))
          try file.write("/X", shape: [40, 4], elements: (0..<160).map(value))
          try file.write("/y", shape: [40], elements: (0..<40).map { $0 % 2 })
          try file.close()
        }
        try write("bytes.h5") { UInt8($0) }
        try write("wide.h5") { $0 }
        try write("wider.h5") { UInt16($0 * 3) }
        try write("floats.h5") { Float($0) / 160 }
        try sandbox.succeed([
          "--data", "bytes.h5", "--model", "linear", "--loss", "cross_entropy", "--epochs", "1", "--run", "run",
          "--quiet", "--set", "data.scaling=unit",
        ])
        try sandbox.succeed(["evaluate", Self.best, "--data", "wide.h5"])
        try sandbox.expectFailure(
          ["evaluate", Self.best, "--data", "wider.h5"], status: 3,
          "wider.h5: /X row 0: features of uint16 go up to 477, but \(Self.best) divides its own by their greatest, "
            + "255; give features in the units of training")
        try sandbox.expectFailure(
          ["evaluate", Self.best, "--data", "floats.h5"], status: 3,
          "floats.h5: /X row 0: features of float32, but \(Self.best) was trained on uint8, divided by 255; give "
            + "integers in the units of training")
      }
    }

    @Test func anotherVocabularyIsRefused() throws {
      try Sandbox.with { sandbox in
        let text = String(repeating: "abcabdacb ", count: 60)
        try sandbox.write("one.txt", Data(text.utf8))
        try sandbox.write("other.txt", Data(text.replacing("b", with: "x").utf8))
        for name in ["one", "other"] {
          try sandbox.succeed(["data", "convert", "text", name + ".txt", "--context", "8", "--output", name + ".h5"])
        }
        try sandbox.succeed([
          "--data", "one.h5", "--set", "model.layers=[{embedding:4},'dense']", "--epochs", "1", "--run", "run",
          "--quiet",
        ])
        let result = try sandbox.train(["evaluate", Self.best, "--data", "other.h5"])
        #expect(result.status == 3)
        #expect(
          result.errorLines.first?.hasPrefix(
            "ddp-train: other.h5: /train/x stands for other characters than \(Self.best): 2 is 'c', expected 'b'")
            == true, "\(result)")
      }
    }
  }
}

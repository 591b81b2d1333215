import DataPipeline
import DataTools
import Foundation
import HDF5Storage
import Settings
import Testing

/// Tables of pandas, and what scikit-learn's ColumnTransformer, SimpleImputer and OneHotEncoder make of them
/// (make_table_fixtures.py).
@Suite struct TableFixtureTests {
  private let scratch: Scratch
  private let folder = fixture("x.csv").replacing("import/x.csv", with: "tables/")
  private let expected: JSONValue

  init() throws {
    scratch = try Scratch()
    expected = try JSON5Parser.parse(String(contentsOfFile: folder + "expected.json", encoding: .utf8), file: "e")
  }

  private func numbers(_ key: String) throws -> [Double] {
    guard case .array(let list)? = expected[key]?.content else { return [] }
    return try list.map { try $0.requireDouble(key) }
  }

  private static let options = [
    "--target", "price,days", "--weight", "weight", "--categorical", "size", "--dates", "parts", "--missing",
  ]

  @Test(arguments: ["mean", "median"]) func features(rule: String) throws {
    let output = try scratch.file("people.h5")
    let written = try recipe(CSVFormat.self, Self.options + [rule]).convert([folder + "people.csv"], output: output)
    #expect(written.notes.contains { $0.contains("'PersonId' numbers the rows") })
    // float32 of the float64 that scikit-learn finds; means may differ in their last bit.
    let features = try values(output, "/train/x"), reference = try numbers("train_\(rule)").map { Double(Float($0)) }
    #expect(features.count == reference.count && !features.isEmpty)
    #expect(zip(features, reference).allSatisfy { abs($0 - $1) <= 1e-7 * abs($1) })
    #expect(try values(output, "/train/id") == numbers("ids"))
    #expect(try HDF5File.open(output).dataset("/train/y").shape == [61, 2])
    let new = try scratch.file("new.h5")
    let made = try format(CSVFormat.self, ["--like", output]).convert([folder + "new.csv"], output: new)
    let found = try values(new, "/test/x"), wanted = try numbers("new_\(rule)").map { Double(Float($0)) }
    #expect(found.count == wanted.count && !found.isEmpty)
    #expect(zip(found, wanted).allSatisfy { abs($0 - $1) <= 1e-7 * abs($1) })
    #expect(try values(new, "/test/id") == numbers("new_ids"))
    #expect(try !HDF5File.open(new).exists("/test/y") && !HDF5File.open(new).exists("/train"))
    #expect(made.notes.contains { $0.contains("words that training did not see, such as 'say \"hi\"'") })
    let preparation = try #require(try HDF5File.open(output).stringAttribute("preparation", of: "/train/x"))
    #expect(try HDF5File.open(new).stringAttribute("preparation", of: "/test/x") == preparation)
  }

  /// The fill values of the preparation to the last bit of float64.
  @Test func fillValues() throws {
    let output = try scratch.file("people.h5")
    for rule in ["mean", "median"] {
      try recipe(CSVFormat.self, Self.options + [rule]).convert([folder + "people.csv"], output: output)
      let text = try #require(try HDF5File.open(output).stringAttribute("preparation", of: "/train/x"))
      guard case .array(let list)? = try JSON5Parser.parse(text, file: "p")["features"]?.content else { return }
      let fills = try list.compactMap { try $0["fill"]?.requireDouble("fill") }
      let wanted = try numbers(rule)
      #expect(fills.count == 4, "three columns of numbers and one of truth")
      #expect(zip(fills, wanted).allSatisfy { abs($0 - $1) <= 4e-16 * abs($1) }, "\(fills) \(wanted)")
    }
  }

  /// Each number of the fixture is the float64 that Python reads: shortest and long decimals, halves and their
  /// neighbours, subnormals.
  @Test func numbersBitForBit() throws {
    let rows = try String(contentsOfFile: folder + "numbers.txt", encoding: .utf8).split(separator: "\n").map {
      $0.split(separator: ",").map(String.init)
    }
    #expect(rows.count > 700)
    // One time stamp makes all of them float64.
    let table = rows.map { "\($0[0]),0" }.joined(separator: "\n") + "\n1700000000.25,1\n"
    let output = try scratch.file("numbers.h5")
    try recipe(CSVFormat.self, ["--header", "no"]).convert([scratch.file("n.csv", text: table)], output: output)
    let file = try HDF5File.open(output)
    #expect(try file.dataset("/train/x").elementType == .float64)
    for (row, value) in zip(rows, try values(output, "/train/x")) {
      #expect(value.bitPattern == UInt64(row[1]), "\(row[0])")
    }
  }

  @Test("New rows are found by name, or refused") func following() throws {
    let output = try scratch.file("t.h5"), new = try scratch.file("new.h5")
    let table = try scratch.file("t.csv", text: "id,a,word,kind\nx1,1,up,cat\nx2,2,down,dog\n")
    try recipe(CSVFormat.self, []).convert([table], output: output)
    func convert(_ text: String) throws -> WrittenData {
      try format(CSVFormat.self, ["--like", output]).convert([scratch.file("new.csv", text: text)], output: new)
    }
    // Labels by name, other columns noted, ids kept.
    let written = try convert("kind,more,word,id,a\ndog,9,up,q,5\ncat,9,down,r,6\n")
    #expect(try values(new, "/test/x") == [5, 0, 1, 6, 1, 0] && values(new, "/test/y") == [1, 0])
    #expect(try HDF5File.open(new).texts(ofDataset: "/test/id") == ["q", "r"])
    #expect(try HDF5File.open(new).stringAttribute("classes", of: "/test/y") == "cat\ndog")
    #expect(written.notes.contains { $0.contains("the column 'more' is none of") })
    // Empty labels are none, unknown ones an error.
    _ = try convert("a,word,kind\n5,up,\n6,up,\n")
    #expect(try !HDF5File.open(new).exists("/test/y"))
    expectFailure(.data, "line 2, column 3 ('kind'): the label 'emu'", "cat, dog") {
      _ = try convert("a,word,kind\n5,up,emu\n")
    }
    expectFailure(.data, "lacks the column 'word'") { _ = try convert("a,b\n5,up\n") }
    expectFailure(.data, "line 3, column 1 ('a'): empty cell", "no value was missing in training") {
      _ = try convert("a,word\n5,up\n,up\n")
    }
    expectFailure(.data, "line 2, column 1 ('a'): 'five', expected a finite number") {
      _ = try convert("a,word\nfive,up\n")
    }
    expectFailure(.usage, "--drop and --like exclude each other") {
      _ = try format(CSVFormat.self, ["--like", output, "--drop", "a"])
    }
  }

  @Test("Without a header, new rows are taken by position") func positions() throws {
    let output = try scratch.file("t.h5"), new = try scratch.file("new.h5")
    let table = try scratch.file("t.csv", text: "up,1,0\ndown,2,1\n")
    try recipe(CSVFormat.self, []).convert([table], output: output)
    for (text, hasLabels) in [("down,7,1\n", true), ("down,7\n", false)] {
      try format(CSVFormat.self, ["--like", output]).convert([scratch.file("n.csv", text: text)], output: new)
      #expect(try values(new, "/test/x") == [1, 0, 7])
      #expect(try HDF5File.open(new).exists("/test/y") == hasLabels)
    }
  }
}

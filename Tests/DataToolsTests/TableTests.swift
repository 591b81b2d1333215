import DataPipeline
import DataTools
import Foundation
import HDF5Storage
import Settings
import Testing

/// Tables as people have them: words, missing values, ids, dates, several targets.
@Suite struct TableTests {
  private let scratch: Scratch
  private let output: String

  init() throws {
    scratch = try Scratch()
    output = try scratch.file("out.h5")
  }

  @discardableResult
  private func convert(_ text: String, _ options: String...) throws -> WrittenData {
    try format(CSVFormat.self, options).convert([scratch.file("in.csv", text: text)], output: output)
  }

  private func failing(_ text: String, _ options: String...) throws -> (() throws -> Void) {
    let source = try scratch.file("in.csv", text: text)
    return { [output] in try format(CSVFormat.self, options).convert([source], output: output) }
  }

  private func lines(_ name: String, of object: String) throws -> [String]? {
    try HDF5File.open(output).stringAttribute(name, of: object)?.split(separator: "\n").map(String.init)
  }

  private func x(_ split: String = "train") throws -> [Double] { try values(output, "/\(split)/x") }

  // MARK: Words

  @Test func wordsBecomeColumns() throws {
    try convert("size,colour,y\n1,red,0\n2,blue,1\n3,red,0\n")
    #expect(try lines("names", of: "/train/x") == ["size", "colour=blue", "colour=red"])
    #expect(try x() == [1, 0, 1, 2, 1, 0, 3, 0, 1])
    // Numbers as words, in the order of the numbers.
    try convert("zip,y\n10,0\n9,1\n10,1\n", "--categorical", "zip")
    #expect(try lines("names", of: "/train/x") == ["zip=9", "zip=10"])
    #expect(try x() == [0, 1, 1, 0, 0, 1])
  }

  @Test("Words are one however their characters are composed") func composedWords() throws {
    try convert("a,w,y\n0,\u{E9},0\n1,e\u{301},1\n2,b,0\n")
    #expect(try x() == [0, 0, 1, 1, 0, 1, 2, 1, 0])
    expectFailure(
      .data, "two of the classes would be called 'p q'", from: try failing("a,y\n1,\"p\nq\"\n2,r\n3,p q\n"))
  }

  @Test func wordsBecomeNumbers() throws {
    try convert("size,colour,y\n1,red,0\n2,blue,1\n", "--categories", "numbers")
    #expect(try x() == [1, 2, 2, 1])
    // All words: each column has numbers of its own, for one embedding.
    try convert("shape,colour,y\nround,red,0\nsquare,blue,1\nround,green,1\n", "--categories", "numbers")
    #expect(try x() == [1, 5, 2, 3, 1, 4])
    #expect(try HDF5File.open(output).dataset("/train/x").elementType == .uint8)
    #expect(try HDF5File.open(output).intAttribute("valid_max", of: "/train/x") == 5)
  }

  @Test func tooManyWords() throws {
    let rows = (0..<12).map { "w\($0 % 6),\($0)" }.joined(separator: "\n")
    let text = "word,y\n" + rows + "\n"
    expectFailure(
      .data, "'word' has more than 5 different words, such as 'w0'", "--drop", "--categories numbers",
      from: try failing(text, "--category-limit", "5"))
    try convert(text, "--category-limit", "6")
    #expect(try HDF5File.open(output).dataset("/train/x").shape == [12, 6])
  }

  @Test("Words come from the rows to train on; others have 0 in each column")
  func wordsOfTraining() throws {
    let test = try scratch.file("test.csv", text: "y,colour,size\n1,green,4\n0,red,5\n")
    let written = try convert("size,colour,y\n1,red,0\n2,blue,1\n", "--test-file", test)
    #expect(try x("test") == [4, 0, 0, 5, 0, 1])
    #expect(written.notes.contains { $0.contains("1 cell with words that training did not see, such as 'green'") })
    let rows = (0..<40).map { "\($0),w\($0),\($0 % 2)" }.joined(separator: "\n")
    try convert("size,word,y\n" + rows + "\n", "--test", "0.25", "--seed", "3")
    let names = try #require(try lines("names", of: "/train/x"))
    #expect(names.count == 31, "30 rows train, each with a word of its own")
    let ones = try x("test").enumerated().filter { $0.offset % 31 > 0 }.map(\.element)
    #expect(ones.count == 300 && ones.allSatisfy { $0 == 0 })
  }

  @Test func mixedColumns() throws {
    expectFailure(
      .data, "line 4, column 1 ('a'): 'many', expected a finite number as in line 2", "--categorical",
      from: try failing("a,y\n1,0\n2,1\nmany,0\n"))
    expectFailure(.data, "'1,5'", "--decimal comma", from: try failing("a;y\n1;0\n1,5;1\n"))
    expectFailure(.data, "'1,234.5'", "--thousands", from: try failing("a,y\n1,0\n\"1,234.5\",1\n"))
  }

  @Test func truth() throws {
    try convert("flag,y\nTrue,0\nfalse,1\n")
    #expect(try x() == [1, 0])
  }

  // MARK: Missing values

  @Test(arguments: ["", "NA", "NaN", "null", "?", "-", "None", "n/a"])
  func missingValues(mark: String) throws {
    let text = "a,b,y\n1,2,0\n\(mark),4,1\n4,9,1\n7,1,0\n"
    expectFailure(
      .data, "in.csv: line 3, column 1 ('a')", mark.isEmpty ? "empty cell" : "'\(mark)'", "--missing",
      from: try failing(text))
    let written = try convert(text, "--missing", "drop")
    #expect(try x() == [1, 2, 4, 9, 7, 1])
    #expect(try values(output, "/train/y") == [0, 1, 0])
    #expect(written.notes.contains { $0.contains("left out 1 row with missing values") })
    try convert(text, "--missing", "mean")
    #expect(try x()[2] == 4)
    let filled = try convert(text, "--missing", "constant=-7")
    #expect(try x()[2] == -7)
    #expect(filled.notes.contains { $0.contains("'a': filled 1 missing cell with -7.0") })
    try convert(text, "--missing", "constant")
    #expect(try x()[2] == 0)
  }

  @Test("Fill values come from the rows to train on")
  func fillsOfTraining() throws {
    let test = try scratch.file("test.csv", text: "a,y\n100,1\n,0\n")
    try convert("a,y\n1,0\n2,1\n9,1\n,1\n", "--missing", "median", "--test-file", test)
    #expect(try x() == [1, 2, 9, 2] && x("test") == [100, 2])
    let rows = (0..<30).map { "\($0 % 3 == 1 ? "" : "\($0)"),\($0 % 2)" }.joined(separator: "\n")
    try convert("a,y\n" + rows + "\n", "--missing", "mean", "--test", "0.4")
    let train = try x(), whole = (0..<30).filter { $0 % 3 != 1 }.map(Double.init)
    let known = train.filter { whole.contains($0) }
    let mean = known.reduce(0, +) / Double(known.count)
    #expect(known.count < train.count && train.allSatisfy { known.contains($0) || $0 == Double(Float(mean)) })
  }

  @Test("A missing word is none: 0 in each of its columns") func missingWords() throws {
    try convert("a,word,y\n1,up,0\n2,,1\n3,down,1\n", "--missing", "median")
    #expect(try x() == [1, 0, 1, 2, 0, 0, 3, 1, 0])
    expectFailure(.data, "line 3, column 2 ('word')", from: try failing("a,word,y\n1,up,0\n2,,1\n3,down,1\n"))
  }

  @Test func missingLabels() throws {
    let text = "a,y\n1,0.5\n2,NA\n3,1.5\n"
    expectFailure(.data, "line 3, column 2 ('y'): 'NA' among labels that are numbers", from: try failing(text))
    try convert(text, "--missing", "drop")
    #expect(try values(output, "/train/y") == [0.5, 1.5])
    expectFailure(.data, "has a missing value", from: try failing("a,y\n,1\n?,2\n", "--missing", "drop"))
  }

  // MARK: Columns

  @Test func droppedColumns() throws {
    try convert("a,b,\"c,d\",y\n1,2,x,0\n4,5,z,1\n", "--drop", "b,\"c,d\"")
    #expect(try lines("names", of: "/train/x") == ["a"] && x() == [1, 4])
    expectFailure(
      .usage, "--drop bb", "did you mean 'b'?", from: try failing("a,b,y\n1,2,0\n", "--drop", "bb"))
    expectFailure(.usage, "a column is one thing", from: try failing("a,b,y\n1,2,0\n", "--drop", "y", "--label", "y"))
  }

  @Test("Ids and counters are no features") func ids() throws {
    let written = try convert(",PassengerId,age,y\n0,892,30,0\n1,893,31,1\n2,901,30,1\n")
    #expect(try lines("names", of: "/train/x") == ["age"])
    #expect(try values(output, "/train/id") == [892, 893, 901])
    #expect(written.notes.contains { $0.contains("'PassengerId' numbers the rows") && $0.contains("--id none") })
    try convert(",PassengerId,age,y\n0,892,30,0\n1,893,31,1\n", "--id", "none")
    #expect(
      try lines("names", of: "/train/x")?.count == 3 || HDF5File.open(output).dataset("/train/x").shape == [2, 3])
    // Ids that repeat, that have a zero in front, and such as an option names.
    let repeating = try convert("user_id,a,y\n7,1,0\n7,2,1\n8,3,1\n")
    #expect(try lines("names", of: "/train/x") == ["user_id", "a"])
    #expect(repeating.notes.contains { $0.contains("'user_id' repeats") })
    try convert("id,a,y\n007,1,0\n07,2,1\n", "--test", "0.5")
    let ids = try HDF5File.open(output).texts(ofDataset: "/train/id")
    let others = try HDF5File.open(output).texts(ofDataset: "/test/id")
    #expect(Set((ids ?? []) + (others ?? [])) == ["007", "07"])
    try convert("name,a,y\nÄnne,1,0\nBob,2,1\n", "--id", "name")
    #expect(try HDF5File.open(output).texts(ofDataset: "/train/id") == ["Änne", "Bob"])
  }

  @Test func groupsAndWeights() throws {
    try convert("patient,w,a,y\np1,0.5,1,0\np2,2,2,1\np1,0,3,1\n", "--group", "patient", "--weight", "w")
    #expect(try HDF5File.open(output).texts(ofDataset: "/train/group") == ["p1", "p2", "p1"])
    #expect(try values(output, "/train/weight") == [0.5, 2, 0])
    #expect(try lines("names", of: "/train/x") == ["a"])
    #expect(try DataSource.open(output, labelsRequired: true).firstSplit?.readGroups("/train/group") == [0, 1, 0])
    expectFailure(
      .data, "line 3, column 1 ('w'): '-1', expected a weight",
      from: try failing("w,a,y\n1,1,0\n-1,2,1\n", "--weight", "w"))
  }

  @Test func severalTargets() throws {
    try convert("a,price,b,days\n1,1.5,2,3\n4,2.5,5,6\n", "--target", "price,days")
    #expect(try values(output, "/train/y") == [1.5, 3, 2.5, 6] && x() == [1, 2, 4, 5])
    #expect(try lines("columns", of: "/train/y") == ["price", "days"])
    #expect(try HDF5File.open(output).dataset("/train/y").elementType == .float32)
    try convert("cat,dog,a\nyes,no,1\nNo,yes,2\n", "--target", "dog,cat")
    #expect(try values(output, "/train/y") == [0, 1, 1, 0])
    #expect(try HDF5File.open(output).dataset("/train/y").elementType == .uint8)
    expectFailure(
      .data, "the target 'kind' is 'red' in record 1", from: try failing("a,b,kind\n1,2,red\n", "--target", "b,kind"))
  }

  @Test func dates() throws {
    let text = "when,a,y\n2024-02-29 23:05,1,0\n31.12.1969 00:00,2,1\n"
    expectFailure(.data, "'2024-02-29 23:05' is a date", "--dates parts", "--drop", from: try failing(text))
    try convert(text, "--dates", "parts")
    #expect(
      try lines("names", of: "/train/x")
        == ["when.year", "when.month", "when.day", "when.weekday", "when.hour", "when.minute", "a"])
    #expect(try x() == [2024, 2, 29, 3, 23, 5, 1, 1969, 12, 31, 2, 0, 0, 2])
    expectFailure(
      .data, "line 3", "'2023-02-29'", from: try failing("d,y\n2024-02-29,0\n2023-02-29,1\n", "--dates", "parts"))
  }

  // MARK: How it is written

  @Test func delimitersAreFound() throws {
    let semicolons = try convert("a;b;y\n1,5;2;cat\n-2,25;3;dog\n", "--decimal", "comma")
    #expect(try x() == [1.5, 2, -2.25, 3])
    #expect(semicolons.notes.contains { $0.contains("cells are divided by ';'") })
    try convert("a\tb\ty\n1\t2\tx, y\n3\t4\tz\n")
    #expect(try x() == [1, 2, 3, 4])
    try convert("1,5;2,25;3\n2,5;1;4\n", "--decimal", "comma")
    #expect(try x() == [1.5, 2.25, 2.5, 1])
    // Commas that are as many in each line win over semicolons in some.
    try convert("a,y\n1,x;y\n2,z\n")
    #expect(try lines("classes", of: "/train/y") == ["x;y", "z"])
    let source = try scratch.file("one.tsv", text: "a,b\ty\n1\t0\n2\t1\n")
    try recipe(CSVFormat.self, []).convert([source], output: output)
    #expect(try lines("names", of: "/train/x") == ["a,b"])
  }

  @Test func groupedDigits() throws {
    try convert("a;y\n1.234.567,5;0\n-12;1\n", "--decimal", "comma", "--thousands", ".")
    #expect(try x() == [1_234_567.5, -12])
    expectFailure(.data, "'1.23'", from: try failing("a;y\n5;0\n1.23;1\n", "--decimal", "comma", "--thousands", "."))
  }

  @Test func repeatedHeaders() throws {
    let written = try convert("a,y\n1,0\na,y\n2,1\n\na,y\n3,1\n")
    #expect(try x() == [1, 2, 3])
    #expect(written.notes.contains { $0.contains("2 lines that repeat the header are left out") })
  }

  @Test("A last cell in quotes, without a line's end") func quotedEnd() throws {
    try convert("a,y\n1,\"x\"\n2,\"y\"")
    #expect(try lines("classes", of: "/train/y") == ["x", "y"])
    expectFailure(.data, "line 3: the quote opened here is never closed", from: try failing("a,y\n1,x\n2,\"y\n3,z\n"))
  }

  @Test func otherKinds() throws {
    let parquet = try scratch.file("t.parquet", Array("PAR1\u{15}\u{04}".utf8))
    expectFailure(.data, "t.parquet: is Parquet", "read_parquet") {
      try recipe(CSVFormat.self, []).convert([parquet], output: output)
    }
    #expect(DataFormats.detour("parquet")?.contains("to_csv") == true)
  }

  // MARK: Large files

  /// Cells, quotes and characters of several bytes across the blocks of reading, and a record longer than a block.
  @Test func longRecords() throws {
    let long = String(repeating: "ü\"\"", count: 200_000)
    let rows = (0..<30_000).map { "\($0),\"w,\($0 % 3)\",\"l\($0 % 2)\"" }.joined(separator: "\r\n")
    let source = try scratch.file("long.csv", text: "n,w,label\r\n" + rows + "\r\n1,\"\(long)\",l1\r\n")
    try recipe(CSVFormat.self, ["--drop", "n"]).convert([source], output: output)
    let names = try #require(try lines("names", of: "/train/x"))
    #expect(names.count == 4 && names[0] == "w=w,0" && names[3].count == 2 + 400_000)
    let columns = try x()
    #expect((0..<30_000).allSatisfy { row in (0..<3).allSatisfy { columns[row * 4 + $0] == ($0 == row % 3 ? 1 : 0) } })
  }

  @Test func pipesAndCompressedFiles() throws {
    let text = "a,word,y\n" + (0..<5000).map { "\($0),w\($0 % 3),\($0 % 2)" }.joined(separator: "\n") + "\n"
    try convert(text, "--test", "0.2")
    let expected = (try x(), try x("test"))
    let pipe = try scratch.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    let writer = Thread {
      guard let file = fopen(pipe, "w") else { return }
      fputs(text, file)
      fclose(file)
    }
    writer.start()
    let second = try scratch.file("piped.h5")
    try recipe(CSVFormat.self, ["--test", "0.2"]).convert([pipe], output: second)
    #expect(try values(second, "/train/x") == expected.0 && values(second, "/test/x") == expected.1)
    #expect(try scratch.contents == ["in.csv", "out.h5", "pipe", "piped.h5"])
  }
}

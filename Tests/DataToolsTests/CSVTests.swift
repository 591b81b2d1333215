import DataTools
import Foundation
import HDF5Storage
import Testing

@Suite struct CSVTests {
  private let scratch: Scratch
  private let output: String

  init() throws {
    scratch = try Scratch()
    output = try scratch.file("out.h5")
  }

  /// Converts `text` and returns the features' shape and values, and the labels' type and values.
  private func convert(
    _ text: String, _ options: String...
  ) throws -> (shape: [Int], x: [Double], type: String, y: [Double]) {
    let source = try scratch.file("in.csv", text: text)
    let summary = try recipe(CSVFormat.self, options).convert([source], output: output)
    return (
      summary.arrays[0].shape, try values(output, "/train/x"), summary.arrays[1].type, try values(output, "/train/y")
    )
  }

  private func attribute(_ name: String, of object: String) throws -> [String]? {
    try HDF5File.open(output).stringAttribute(name, of: object)?.split(separator: "\n").map(String.init)
  }

  @Test func classNamesAreSortedAndNumbered() throws {
    let table = try convert("a,b,species\n1,2,setosa\n3,4.5,virginica\n-1e-2,+6,setosa\n7,8,versicolor\n")
    #expect(table.shape == [4, 2])
    #expect(table.x == [1, 2, 3, 4.5, Double(Float(-0.01)), 6, 7, 8])
    #expect(table.type == "int32")
    #expect(table.y == [0, 2, 0, 1])
    #expect(try attribute("classes", of: "/train/y") == ["setosa", "versicolor", "virginica"])
    #expect(try attribute("names", of: "/train/x") == ["a", "b"])
    #expect(try attribute("name", of: "/train/y") == ["species"])
  }

  @Test func wholeNumbersStayAndOthersAreTargets() throws {
    let integers = try convert("1,2,7\n3,4,-2\n")
    #expect(integers.type == "int64")
    #expect(integers.y == [7, -2])
    #expect(try attribute("names", of: "/train/x") == nil)
    let targets = try convert("1,2,7\n3,4,0.5\n")
    #expect(targets.type == "float32")
    #expect(targets.y == [7, 0.5])
  }

  /// Times and tiny numbers that a float32 would merge.
  @Test func numbersKeepTheirDigits() throws {
    let times = try convert("a,y\n1700000000.25,1700000000.5\n1700000000.5,1700000000.75\n")
    #expect(times.x == [1_700_000_000.25, 1_700_000_000.5] && times.type == "float64")
    #expect(times.y == [1_700_000_000.5, 1_700_000_000.75])
    #expect(try convert("a,y\n1e-42,0.5\n2e-42,0.25\n").x == [1e-42, 2e-42])
    let numbers = try convert("1,9007199254740993\n2,9007199254740992\n").type
    #expect(numbers == "int64")
    #expect(
      try HDF5File.open(output).dataset("/train/y").readAll(as: Int64.self)
        == [9_007_199_254_740_993, 9_007_199_254_740_992])
  }

  @Test func labelKindsCanBeChosen() throws {
    let classes = try convert("0,10\n0,9\n0,10\n0,2\n", "--labels", "classes")
    #expect(classes.y == [2, 1, 2, 0], "numbers are sorted as numbers")
    #expect(try attribute("classes", of: "/train/y") == ["2", "9", "10"])
    #expect(try convert("0,10\n0,9\n", "--labels", "values").type == "float32")
    expectFailure(
      .data, "'low'", "record 2", "--labels values", from: failing("0,10\n0,low\n", "--labels", "values"))
  }

  @Test func labelColumns() throws {
    let text = "a,target,c\n1,2,3\n4,5,6\n"
    #expect(try convert(text).y == [2, 5], "a usual name wins over the last column")
    #expect(try convert(text, "--label", "c").y == [3, 6])
    #expect(try convert(text, "--label", "0").y == [1, 4])
    #expect(try convert(text, "--label", "-1").y == [3, 6])
    #expect(try convert(text, "--label", "0").x == [2, 3, 5, 6])
    expectFailure(.usage, "--label targte", "did you mean 'target'?", from: failing(text, "--label", "targte"))
    expectFailure(.usage, "--label 3", "3 columns", from: failing(text, "--label", "3"))
    expectFailure(.usage, "--label c", "no header", from: failing("1,2\n", "--label", "c"))
  }

  @Test func headersAreRecognized() throws {
    #expect(try convert("1,2,x\n3,4,y\n").shape == [2, 2])
    #expect(try convert("p,q,r\n3,4,5\n").shape == [1, 2])
    #expect(try convert("label,0,1\n7,8,9\n").y == [7], "numbers as names beside a usual label name")
    #expect(try convert("0,1,2\n7,8,9\n").x == [7, 8], "numbers of columns, as pandas writes them")
    #expect(try convert("0,1,2\n7,8,9\n", "--header", "no").x == [0, 1, 7, 8])
    expectFailure(.data, "line 1, column 1", "'p'", from: failing("p,q,r\n3,4,5\n", "--header", "no"))
  }

  @Test func quotingByRFC4180() throws {
    let table = try convert(
      "\u{FEFF}\"a,1\",\"la\"\"bel\"\r\n\"1.5\",\"x, y\"\r\n\r\n2,\"two\r\nlines\"\r\n3,\"say \"\"hi\"\"\"")
    #expect(table.x == [1.5, 2, 3])
    #expect(try attribute("names", of: "/train/x") == ["a,1"])
    #expect(try attribute("name", of: "/train/y") == ["la\"bel"])
    let names = try HDF5File.open(output).stringAttribute("classes", of: "/train/y")
    #expect(names == "say \"hi\"\ntwo lines\nx, y")
    #expect(table.y == [2, 1, 0])
  }

  @Test func otherDelimitersAndSpaces() throws {
    #expect(try convert("1; 2 ;3\n", "--delimiter", ";").x == [1, 2])
    #expect(try convert("1\t2\t3\n", "--delimiter", "tab").x == [1, 2])
  }

  @Test func badCells() throws {
    expectFailure(.data, "in.csv: line 3, column 2 ('b'): empty cell", from: failing("a,b,y\n1,2,0\n3,,1\n"))
    expectFailure(.data, "line 2, column 1: 'x', expected a finite number", from: failing("1,2,0\nx,4,1\n"))
    expectFailure(
      .data, "line 2, column 1: '1e39', expected a finite number within float32, at most 3.4e+38",
      from: failing("1,2,0\n1e39,4,1\n"))
    // A quoted line break counts as a line.
    expectFailure(.data, "line 4, column 1: '1 2'", from: failing("1,\"a\nb\"\n2,c\n1 2,d\n"))
    for cell in ["nan", "inf", "1e39", "0x1F", "1.2.3"] {
      expectFailure(.data, "line 2, column 1: '\(cell)'", from: failing("1,2\n\(cell),2\n"))
    }
    expectFailure(.data, "line 2, column 2: empty cell, expected a label", from: failing("1,2\n3,\n"))
    expectFailure(.data, "line 3: 2 columns, expected 3", from: failing("1,2,3\n4,5,6\n7,8\n"))
    expectFailure(.data, "line 2: the quote opened here is never closed", from: failing("1,2\n\"3,4\n"))
    expectFailure(.data, "line 1: text follows a closing quote", from: failing("\"1\"2,3\n"))
    expectFailure(.data, "no record", from: failing(""))
    expectFailure(.data, "a header and no records", from: failing("a,b,label\n"))
    expectFailure(.data, "one column", from: failing("1|2\n3|4\n"))
    #expect(try scratch.contents == ["in.csv"], "a failed conversion leaves nothing behind")
  }

  @Test func testFileInAnotherOrder() throws {
    let test = try scratch.file("test.csv", text: "c,y,a,b\n3,cat,1,2\n6,dog,4,5\n")
    _ = try convert("y,a,b,c\ncat,7,8,9\ndog,0,0,0\n", "--test-file", test)
    #expect(try values(output, "/test/x") == [1, 2, 3, 4, 5, 6])
    #expect(try attribute("names", of: "/test/x") == ["a", "b", "c"])
  }

  @Test func columnsOfOneName() throws {
    expectFailure(.data, "in.csv: line 1: two columns are called 'a'", from: failing("a,a,y\n1,2,cat\n"))
  }

  @Test func testFile() throws {
    let test = try scratch.file("test.csv", text: "a,y\n5,cat\n6,emu\n")
    let table = try convert("a,y\n1,cat\n2,dog\n", "--test-file", test)
    #expect(table.y == [0, 1])
    #expect(try values(output, "/test/y") == [0, 2], "classes are numbered over both files")
    #expect(try attribute("classes", of: "/test/y") == ["cat", "dog", "emu"])
    #expect(try values(output, "/test/x") == [5, 6])
    expectFailure(
      .data, "test.csv lacks the column 'b'; expected", from: failing("a,b,y\n1,2,cat\n", "--test-file", test))
    expectFailure(
      .data, "test.csv lacks the column 'b' and has besides the column 'a'", "in any order: b",
      from: failing("b,y\n1,cat\n", "--test-file", test))
    expectFailure(
      .usage, "exclude each other", from: failing("a,y\n1,cat\n", "--test-file", test, "--test", "0.5"))
  }

  @Test func testFractionIsStratifiedAndRepeatable() throws {
    // 100 rows, their number as feature; classes of 50, 30 and 20.
    let rows = (0..<100).map { "\($0),\($0 < 50 ? "a" : $0 < 80 ? "b" : "c")" }.joined(separator: "\n")
    func split(seed: UInt64) throws -> (train: [Double], test: [Double]) {
      let table = try convert(rows, "--test", "0.2", "--seed", "\(seed)")
      return (table.x, try values(output, "/test/x"))
    }
    let first = try split(seed: 1)
    #expect((first.train + first.test).sorted() == (0..<100).map(Double.init), "each row once")
    #expect(first.train == first.train.sorted() && first.test == first.test.sorted())
    let labels = try values(output, "/test/y")
    #expect((0..<3).map { label in labels.count { Int($0) == label } } == [10, 6, 4])
    #expect(zip(first.test, labels).allSatisfy { $1 == ($0 < 50 ? 0 : $0 < 80 ? 1 : 2) }, "features keep their labels")
    #expect(try split(seed: 1) == first)
    #expect(try split(seed: 2).test != first.test)
    expectFailure(.usage, "--test: expected more than 0 and less than 1, found 1", from: failing(rows, "--test", "1"))
    expectFailure(.usage, "--test 0.001", "0 to test on", from: failing(rows, "--test", "0.001"))
  }

  @Test func onlyOneSource() throws {
    expectFailure(.usage, "--test-file") {
      try CSVFormat().convert([text("1,2\n"), text("1,2\n")], output: output)
    }
  }

  private func text(_ text: String) -> String {
    (try? scratch.file("in.csv", text: text)) ?? "cannot write"
  }

  private func failing(
    _ text: String, _ options: String...
  ) -> (() throws -> Void) {
    let source = self.text(text)
    return { [output] () throws in try recipe(CSVFormat.self, options).convert([source], output: output) }
  }
}

import DataTools
import Foundation
import HDF5Storage
import Testing

/// Series cut into windows.
@Suite struct WindowTests {
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

  /// 20 hours from 2024-01-01 on; `t` is the row, `u` its negative.
  private func series(_ rows: Int = 20) -> String {
    "time,t,u\n"
      + (0..<rows).map { "2024-01-0\(1 + $0 / 24) \($0 % 24 < 10 ? "0" : "")\($0 % 24):00,\($0),-\($0)" }
      .joined(separator: "\n") + "\n"
  }

  @Test("Windows lie within their part of the series; the last parts validate and test") func splits() throws {
    let written = try convert(series(), "--window", "3", "--target", "t", "--test", "0.25", "--validation", "0.2")
    let file = try HDF5File.open(output)
    // 11, 4 and 5 rows; a window and its target take 4.
    #expect(try file.dataset("/train/x").shape == [8, 3, 2])
    #expect(try file.dataset("/val/x").shape == [1, 3, 2] && file.dataset("/test/x").shape == [2, 3, 2])
    #expect(try file.stringAttribute("names", of: "/train/x") == "t\nu")
    #expect(try values(output, "/train/x").prefix(12) == [0, -0, 1, -1, 2, -2, 1, -1, 2, -2, 3, -3])
    #expect(try values(output, "/train/y") == [3, 4, 5, 6, 7, 8, 9, 10])
    #expect(try values(output, "/val/x") == [11, -11, 12, -12, 13, -13] && values(output, "/val/y") == [14])
    #expect(try values(output, "/test/x").prefix(6) == [15, -15, 16, -16, 17, -17])
    #expect(try values(output, "/test/y") == [18, 19])
    #expect(try file.texts(ofDataset: "/test/id") == ["2024-01-01 17:00", "2024-01-01 18:00"])
    #expect(written.notes.contains { $0.contains("'time' orders the rows") })
  }

  @Test func severalHorizons() throws {
    try convert(series(8), "--window", "2", "--horizon", "1,3", "--target", "u")
    #expect(try HDF5File.open(output).dataset("/train/y").shape == [4, 2])
    #expect(try values(output, "/train/y") == [-2, -4, -3, -5, -4, -6, -5, -7])
    #expect(try HDF5File.open(output).stringAttribute("columns", of: "/train/y") == "u+1\nu+3")
  }

  @Test("A target of the window's own last row is no feature") func classesOfWindows() throws {
    try convert("a,act\n1,walk\n2,walk\n3,run\n4,walk\n", "--window", "2", "--horizon", "0")
    #expect(try values(output, "/train/x") == [1, 2, 2, 3, 3, 4])
    #expect(try values(output, "/train/y") == [1, 0, 1])
    #expect(try HDF5File.open(output).stringAttribute("classes", of: "/train/y") == "run\nwalk")
  }

  @Test func fillsOfTraining() throws {
    try convert(
      "a,t\n1,0\n,1\n5,2\n100,3\n,4\n100,5\n", "--window", "1", "--target", "t", "--missing", "mean", "--test", "0.5")
    #expect(try values(output, "/train/x") == [1, 0, 3, 1] && values(output, "/test/x") == [100, 3, 3, 4])
  }

  @Test("A new stretch of the series") func following() throws {
    try convert(series(), "--window", "3", "--target", "t", "--horizon", "2")
    let new = try scratch.file("new.h5")
    let stretch = try scratch.file("new.csv", text: series(6))
    var following = try format(CSVFormat.self, ["--like", output])
    try following.convert([stretch], output: new)
    #expect(try values(new, "/test/y") == [4, 5])
    #expect(try HDF5File.open(new).dataset("/test/x").shape == [2, 3, 2])
    following.isForPrediction = true
    try following.convert([stretch], output: new)
    // The last windows have no target yet.
    #expect(try HDF5File.open(new).dataset("/test/x").shape == [4, 3, 2] && !HDF5File.open(new).exists("/test/y"))
    #expect(try HDF5File.open(new).texts(ofDataset: "/test/id")?.last == "2024-01-01 05:00")
  }

  @Test func whatCannotBe() throws {
    func failing(_ text: String, _ options: String...) throws -> () throws -> Void {
      let source = try scratch.file("in.csv", text: text)
      return { [output] in try format(CSVFormat.self, options).convert([source], output: output) }
    }
    expectFailure(
      .data, "the part for train has 20 rows, but a window of 20 rows and a target 1 row behind it take 21",
      from: try failing(series(), "--window", "20"))
    expectFailure(
      .data, "the part for test has 2 rows", from: try failing(series(), "--window", "3", "--test", "0.1"))
    expectFailure(
      .data, "line 4, column 1 ('d'): 2024-01-02 lies before the date of line 3", "sort them",
      from: try failing("d,t\n2024-01-01,1\n2024-01-03,2\n2024-01-02,3\n", "--window", "1"))
    expectFailure(
      .usage, "--missing drop leaves gaps", from: try failing(series(), "--window", "3", "--missing", "drop"))
    expectFailure(.usage, "--horizon needs --window", from: try failing(series(), "--horizon", "2"))
    expectFailure(.usage, "--horizon: expected whole numbers", from: try failing(series(), "--horizon", "2,x"))
    #expect(try scratch.contents == ["in.csv"])
  }
}

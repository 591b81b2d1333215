import Collectives
import DataPipeline
import Foundation
import HDF5Storage
import Testing

@Suite struct NameMatchingTests {
  /// A file of `/train` whose value in row r of the column called `n` is 100 · (place of n in a, b, c) + r.
  private func write(
    _ path: String, columns: [String]? = ["a", "b", "c"], classes: [String]? = nil, labels: [UInt8] = [0, 1, 2, 1],
    rows: Int = 4, split: String = "train"
  ) throws -> String {
    try makeFile(path) { file in
      let order = columns ?? ["a", "b", "c"]
      let values = (0..<rows).flatMap { row in
        order.map { Float(100 * (["a", "b", "c"].firstIndex(of: $0) ?? 9) + row) }
      }
      try file.write("/\(split)/x", shape: [rows, order.count], elements: values)
      try file.write("/\(split)/y", shape: [rows], elements: labels)
      if let columns { try file.setLines("names", columns, of: "/\(split)/x") }
      if let classes { try file.setLines("classes", classes, of: "/\(split)/y") }
    }
  }

  private func rows(_ split: SplitSource) throws -> [Float] {
    var rows = [Float](repeating: 0, count: split.sampleCount * split.featureShape.elementCount)
    try rows.withUnsafeMutableBytes { try split.read(.features, rows: 0..<split.sampleCount, into: $0) }
    return rows
  }

  private let model = DataNames(columns: ["a", "b", "c"], classes: ["cat", "dog", "emu"])

  @Test func columnsAndClassesAreBroughtIntoOrder() throws {
    try withTemporaryDirectory { directory in
      let straight = try write(directory + "/a.h5", classes: ["cat", "dog", "emu"])
      let other = try write(
        directory + "/b.h5", columns: ["c", "a", "b"], classes: ["emu", "cat", "dog"], labels: [1, 2, 0, 2])
      let expected = try rows(DataSource.open(straight).split(.train))
      let split = try DataSource.open(other).matched(to: model, of: "m.h5", targets: .classes).split(.train)
      #expect(try rows(split) == expected)
      #expect(try split.readLabels() == [0, 1, 2, 1])
      #expect(split.names == model)
    }
  }

  @Test func filesOfOneDataSetAreMatchedToTheFirst() throws {
    try withTemporaryDirectory { directory in
      _ = try write(directory + "/a.h5", classes: ["dog", "cat"], labels: [0, 1, 1, 0])
      _ = try write(directory + "/b.h5", columns: ["b", "c", "a"], classes: ["cat", "emu"], labels: [0, 1, 1, 0])
      let split = try DataSource.open(directory).matched(to: nil, targets: .classes).split(.train)
      #expect(split.names.classes == ["dog", "cat", "emu"], "a class that only a later file has comes last")
      #expect(try split.readLabels() == [0, 1, 1, 0, 1, 2, 2, 1])
      let values = try rows(split)
      #expect(values.prefix(12) == values.suffix(12))
    }
  }

  @Test func blocksOfSequencesMoveTogether() throws {
    try withTemporaryDirectory { directory in
      // Two rows of three steps and two columns; then the same, columns first.
      let last = try makeFile(directory + "/last.h5") { file in
        try file.write("/X", shape: [2, 3, 2], elements: (0..<12).map { Float($0) })
        try file.write("/y", shape: [2], elements: [0, 1])
        try file.setLines("names", ["v", "u"], of: "/X")
      }
      let first = try makeFile(directory + "/first.h5") { file in
        try file.write("/X", shape: [2, 2, 3], elements: (0..<12).map { Float($0) })
        try file.write("/y", shape: [2], elements: [0, 1])
        try file.setLines("names", ["v", "u"], of: "/X")
      }
      func matched(_ path: String) throws -> [Float] {
        let source = try DataSource.open(path).matched(to: DataNames(columns: ["u", "v"]), targets: .classes)
        return try rows(source.split(.train))
      }
      #expect(try matched(last) == [1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10])
      #expect(try matched(first) == [3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8])
    }
  }

  @Test func targetColumnsAndClassesOfBoxes() throws {
    try withTemporaryDirectory { directory in
      let path = try makeFile(directory + "/a.h5") { file in
        try file.write("/X", shape: [2, 1], elements: [0, 1] as [Float])
        try file.write("/y", shape: [2, 3], elements: [1, 2, 3, 0, 5, 6] as [Float])
        try file.setLines("columns", ["class", "v", "u"], of: "/y")
        try file.setLines("classes", ["cat", "dog"], of: "/y")
      }
      func targets(_ names: DataNames, _ meaning: TargetMeaning) throws -> [Float] {
        let split = try DataSource.open(path).matched(to: names, targets: meaning).split(.train)
        var values = [Float](repeating: 0, count: 6)
        try values.withUnsafeMutableBytes { try split.read(.targets, rows: 0..<2, into: $0) }
        return values
      }
      let names = DataNames(targets: ["class", "u", "v"], classes: ["dog", "cat"])
      #expect(try targets(names, .columns) == [1, 3, 2, 0, 6, 5])
      #expect(try targets(names, .classAndBox) == [0, 3, 2, 1, 6, 5])
      #expect(try targets(names, .nothing) == [1, 2, 3, 0, 5, 6])
    }
  }

  @Test func whatDoesNotFitIsNamed() throws {
    try withTemporaryDirectory { directory in
      func error(_ path: String, _ names: DataNames? = nil) -> String {
        message { _ = try DataSource.open(path).matched(to: names ?? model, of: "m.h5", targets: .classes) }
      }
      let renamed = try write(directory + "/renamed.h5", columns: ["a", "b", "d"])
      #expect(
        error(renamed)
          == "\(renamed): /train/x lacks the column 'c' and has the column 'd', which m.h5 does not know; expected the "
          + "columns of m.h5, in any order: a, b, c")
      let less = try write(directory + "/less.h5", columns: ["b", "a"])
      #expect(error(less).contains("lacks the column 'c'; expected"))
      let more = try write(directory + "/more.h5", columns: ["b", "a", "c", "e"])
      #expect(error(more).contains("has the column 'e', which m.h5 does not know; expected"))
      let words = DataNames(words: ["the", "a"])
      #expect(error(more, words).contains("does not say which words its numbers stand for, but m.h5 does"))
    }
  }

  @Test func labelsThatDoNotFitAreNamed() throws {
    try withTemporaryDirectory { directory in
      func error(_ path: String) -> String {
        message {
          _ = try DataSource.open(path).matched(to: model, of: "m.h5", targets: .classes).split(.train).readLabels()
        }
      }
      let unused = try write(directory + "/unused.h5", classes: ["dog", "fox", "cat"], labels: [0, 2, 2, 0])
      #expect(error(unused) == "no error", "a class without a sample is no class that the model misses")
      let used = try write(directory + "/used.h5", classes: ["dog", "fox", "cat"])
      #expect(
        error(used)
          == "\(used): /train/y row 1 is of the class 'fox', which m.h5 does not know; expected one of cat, dog, emu")
      let unnamed = try write(directory + "/unnamed.h5", classes: ["dog", "cat"])
      #expect(error(unnamed).contains("/train/y row 2 has the label 2, but the file names 2 classes: dog, cat"))
    }
  }

  @Test func filesWithoutNames() throws {
    try withTemporaryDirectory { directory in
      let nameless = try write(directory + "/b.h5", columns: nil)
      let source = try DataSource.open(nameless).matched(to: model, of: "m.h5", targets: .classes)
      #expect(
        source.remarks == [
          "\(nameless): /train/x names no columns; they are taken by position: a, b, c",
          "\(nameless): /train/y names no classes; they are taken by position: cat, dog, emu",
        ])
      #expect(try DataSource.open(nameless).matched(to: DataNames(), targets: .classes).remarks.isEmpty)
      let named = try write(directory + "/a.h5", classes: ["cat", "dog", "emu"])
      #expect(
        message { _ = try DataSource.open(directory).matched(to: nil, targets: .classes) }
          == "\(nameless): /train/x names no columns, but \(named) names its own; name them in all files of a data "
          + "set, or in none")
    }
  }

  @Test func aLabelThatTheTypeCannotHold() throws {
    try withTemporaryDirectory { directory in
      let path = try write(directory + "/a.h5", classes: ["last", "first", "x"])
      let names = DataNames(columns: ["a", "b", "c"], classes: ["first"] + (1..<300).map { "\($0)" } + ["last", "x"])
      let split = try DataSource.open(path).matched(to: names, of: "m.h5", targets: .classes).split(.train)
      #expect(message { _ = try split.readLabels() }.contains("cannot hold; store the labels as int32"))
    }
  }
}

import Basics
import DataPipeline
import DataTools
import Foundation
import HDF5Storage
import Testing

/// Folders of files as samples, by way of sounds.
@Suite struct CollectionTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// Writes sounds whose samples are all of one value, by their paths in `tree`.
  @discardableResult
  private func sounds(_ files: [String: Int16]) throws -> String {
    for (name, value) in files {
      let path = scratch.path + "/tree/" + name
      let folder = URL(filePath: path).deletingLastPathComponent().path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data(wave([Int16](repeating: value * 256, count: 4))).write(to: URL(filePath: path))
    }
    return scratch.path + "/tree"
  }

  private func convert(_ options: String..., following: String? = nil) throws -> WrittenData {
    var format = try recipe(AudioFormat.self, options + ["--features", "samples", "--rate", "8000"])
    if let following { try format.follow(DataPreparation(ofData: following)) }
    return try format.convert(
      [scratch.path + "/tree"], output: scratch.path + (following == nil ? "/out.h5" : "/new.h5"))
  }

  /// The first sample of each row of x, as it was written, and the row's id and class.
  private func rows(_ data: WrittenData, _ split: String) throws -> [(value: Int, id: String, label: Double)] {
    let file = try HDF5File.open(data.path)
    let x = try values(data.path, "/\(split)/x"), ids = try #require(try file.texts(ofDataset: "/\(split)/id"))
    let y = try file.exists("/\(split)/y") ? values(data.path, "/\(split)/y") : ids.map { _ in -1 }
    return ids.indices.map { (Int(x[$0 * 4] * 128), ids[$0], y[$0]) }
  }

  @Test("A class that a split lacks shifts no other, and rows keep their files")
  func splits() throws {
    try sounds(
      [
        "train/ant/1.wav": 1, "train/bee/1.wav": 2, "train/cow/deep/er/1.wav": 3, "valid/bee/1.wav": 4,
        "valid/cow/9.wav": 5, "test/cow/1.wav": 6, "test/ant/1.wav": 7, "readme/x.txt": 0,
      ].filter { !$0.key.hasSuffix("txt") })
    let data = try convert()
    #expect(
      try rows(data, "train").map { $0.label } == [0, 1, 2] && rows(data, "train").map { $0.value } == [1, 2, 3])
    #expect(try rows(data, "val").map { $0.label } == [1, 2] && rows(data, "val").map { $0.value } == [4, 5])
    #expect(try rows(data, "test").map { $0.id } == ["test/ant/1.wav", "test/cow/1.wav"])
    #expect(try rows(data, "test").map { $0.label } == [0, 2] && rows(data, "test").map { $0.value } == [7, 6])
    #expect(try HDF5File.open(data.path).stringAttribute("classes", of: "/val/y") == "ant\nbee\ncow")
    expectFailure(.usage, "--test: ", "folder of this split already") { _ = try convert("--test", "0.3") }
    try sounds(["test/dog/1.wav": 8])
    expectFailure(.data, "'dog' of test/dog/1.wav is no class of the split train, which has ant, bee, cow") {
      _ = try convert()
    }
  }

  @Test("Folders of splits are told from classes")
  func folders() throws {
    try sounds(["valid/1.wav": 1, "invalid/1.wav": 2])
    #expect(try rows(convert(), "train").map { $0.id } == ["invalid/1.wav", "valid/1.wav"])
    try sounds(["train/1.wav": 3])
    expectFailure(.data, "has folders of splits, train, valid, and beside them invalid") { _ = try convert() }
    try FileManager.default.removeItem(atPath: scratch.path + "/tree")
    try sounds(["test/a/1.wav": 1])
    expectFailure(.data, "has the folder test and no folder train") { _ = try convert() }
    try sounds(["train/a/1.wav": 1, "val/a/1.wav": 1, "dev/a/1.wav": 1])
    expectFailure(.data, "dev, val are both the split 'val'") { _ = try convert() }
  }

  @Test("Numbers in names count as numbers, classes that are numbers too")
  func naturalOrder() throws {
    try sounds(["10/a2.wav": 1, "10/a10.wav": 2, "9/a.wav": 3])
    #expect(try rows(convert(), "train").map { $0.id } == ["9/a.wav", "10/a2.wav", "10/a10.wav"])
    #expect(try HDF5File.open(convert().path).stringAttribute("classes", of: "/train/y") == "9\n10")
  }

  @Test func whatIsPassedOver() throws {
    try sounds(["a/1.wav": 1, "b/1.wav": 2, "loose.wav": 3, "a/.hidden.wav": 4, ".cache/x/1.wav": 5])
    _ = try scratch.file("tree/b/Thumbs.db", [1])
    #expect(
      try convert().notes == [
        "passed over 2 files that are no sounds: 1 .db, 1 hidden",
        "left out 1 sound in no class folder, such as loose.wav",
      ])
    _ = try scratch.directory("tree/c")
    expectFailure(.data, "/tree/c: a class folder without a sound in it") { _ = try convert() }
    try FileManager.default.removeItem(atPath: scratch.path + "/tree/c")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/tree/b/up", withDestinationPath: scratch.path + "/tree")
    expectFailure(.data, "/b/up: links back to a folder that it lies in") { _ = try convert() }
  }

  @Test("Splits are drawn from each class, and nothing is in two of them")
  func drawing() throws {
    var files: [String: Int16] = [:]
    for number in 0..<20 { files["a/\(number).wav"] = Int16(number) }
    for number in 20..<60 { files["b/\(number).wav"] = Int16(number) }
    try sounds(files)
    let data = try convert("--test", "0.25", "--validation", "0.15", "--seed", "3")
    let parts = try ["train", "val", "test"].map { try rows(data, $0) }
    #expect(parts.map { part in part.count { $0.label == 0 } } == [12, 3, 5])
    #expect(parts.map { part in part.count { $0.label == 1 } } == [24, 6, 10])
    #expect(parts.joined().map { $0.value }.sorted() == Array(0..<60))
    #expect(parts.joined().allSatisfy { Int($0.id.dropFirst(2).dropLast(4)) == $0.value })
    expectFailure(.usage, "--validation 0.001 of") { _ = try convert("--validation", "0.001") }
  }

  @Test("Labels from a table: by path, by name, without extension, in any order")
  func table() throws {
    try sounds(["x/1.wav": 1, "x/2.wav": 2, "y/3.wav": 3, "y/4.wav": 4])
    let table = try scratch.file("l.csv", text: "label,file\nbig,clips/y/3.wav\nsmall,x\\1.wav\nbig,2\n")
    let data = try convert("--labels-file", table)
    #expect(try rows(data, "train").map { $0.id } == ["x/1.wav", "x/2.wav", "y/3.wav"])
    #expect(try rows(data, "train").map { $0.label } == [1, 0, 0])
    #expect(data.notes == ["left out 1 sound that \(table) does not name"])
    #expect(try HDF5File.open(data.path).stringAttribute("name", of: "/train/y") == "label")
    let bare = try scratch.file("bare.csv", text: "x/1.wav,0.5\nx/2.wav,1\n")
    #expect(try rows(convert("--labels-file", bare), "train").map { $0.label } == [0.5, 1])
    let several = try scratch.file("s.csv", text: "file,a,b\n1,1,0\n2,0,1\n3,1,1\n4,0,0\n")
    let wide = try convert("--labels-file", several, "--label", "b,a")
    #expect(try values(wide.path, "/train/y") == [0, 1, 1, 0, 1, 1, 0, 0])
    #expect(try HDF5File.open(wide.path).stringAttribute("columns", of: "/train/y") == "b\na")
  }

  @Test func tablesThatDoNotFit() throws {
    try sounds(["x/1.wav": 1, "y/1.wav": 2, "y/2.wav": 3])
    func table(_ text: String, _ options: String...) throws -> (() throws -> Void) {
      let path = try scratch.file("l.csv", text: text)
      return {
        _ = try recipe(AudioFormat.self, ["--rate", "8000", "--labels-file", path] + options).convert(
          [scratch.path + "/tree"], output: scratch.path + "/out.h5")
      }
    }
    expectFailure(
      .data, "line 2: '1.wav' could be each of x/1.wav, y/1.wav", from: try table("file,label\n1.wav,a\n"))
    expectFailure(.data, "names no file", "'z.wav' in line 2", "x/1.wav", from: try table("file,label\nz.wav,a\n"))
    expectFailure(
      .data, "line 3: no sound 'x/7.wav'", "nor 1 other", from: try table("file,label\ny/2,a\nx/7.wav,b\n8,c\n"))
    expectFailure(
      .data, "line 3: '2.wav' has another label", from: try table("file,label\ny/2.wav,a\n2.wav,b\n"))
    expectFailure(.data, "line 2, column 2: empty cell, expected a label", from: try table("file,label\ny/2.wav,\n"))
    expectFailure(
      .usage, "which column is the label", "file, p, q", from: try table("file,p,q\ny/2.wav,1,2\n"))
    expectFailure(
      .data, "'a' of y/2.wav is no finite number", from: try table("file,label\n2,a\n", "--labels", "values"))
  }

  @Test("Without classes: only where it is said, and new files that a model is to name")
  func withoutLabels() throws {
    try sounds(["1.wav": 1, "2.wav": 2])
    expectFailure(.data, "no folder with sounds in it", "--labels-file", "--unlabelled") { _ = try convert() }
    #expect(try convert("--unlabelled").arrays.map(\.name) == ["/train/x", "/train/id"])
    try sounds(["a/1.wav": 3, "b/1.wav": 4])
    let trained = try convert().path
    // Not all of the files lie in folders, so that none has a class.
    let mixed = try convert(following: trained)
    #expect(try rows(mixed, "test").map { $0.id } == ["1.wav", "2.wav", "a/1.wav", "b/1.wav"])
    #expect(mixed.notes == ["no labels: not all sounds lie in class folders"])
    for name in ["1.wav", "2.wav", "a"] { try FileManager.default.removeItem(atPath: scratch.path + "/tree/\(name)") }
    #expect(try rows(convert(following: trained), "test").map { $0.label } == [1])
  }
}

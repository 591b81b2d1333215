import DataPipeline
import DataTools
import Foundation
import HDF5Storage
import Settings
import Testing

@Suite struct ImagesFormatTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// Puts pictures of the fixtures, or files of these bytes, at paths below a new directory.
  private func tree(_ files: [String: String], bytes: [String: [UInt8]] = [:]) throws -> String {
    let root = try scratch.directory("tree-\(UUID().uuidString)")
    for path in Array(files.keys) + Array(bytes.keys) {
      let folder = URL(filePath: root + "/" + path).deletingLastPathComponent().path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      if let bytes = bytes[path] { try Data(bytes).write(to: URL(filePath: root + "/" + path)) }
      if let fixture = files[path] {
        try FileManager.default.copyItem(atPath: pictureFixture(fixture), toPath: root + "/" + path)
      }
    }
    return root
  }

  @discardableResult
  private func convert(_ source: String, _ options: [String] = []) throws -> (WrittenData, HDF5File) {
    let output = source + ".h5"
    let written = try recipe(ImagesFormat.self, options).convert([source], output: output)
    return (written, try HDF5File.open(output))
  }

  /// val/ lacks the first class, and test/ the second: by position, both would be wrong.
  @Test func classesByNameOverAllSplits() throws {
    let root = try tree([
      "train/ant/1.png": "rgb.png", "train/bee/1.png": "rgb.png", "train/cow/x/1.jpg": "rgb420.jpg",
      "validation/bee/2.png": "rgb.png", "validation/cow/2.png": "rgb.png", "test/ant/3.png": "rgb.png",
      "test/cow/3.jpeg": "rgb420.jpg",
    ])
    let (written, file) = try convert(root)
    #expect(
      written.arrays.filter { $0.name.hasSuffix("/x") }.map(\.shape) == [
        [3, 13, 21, 3], [2, 13, 21, 3], [2, 13, 21, 3],
      ])
    #expect(try file.dataset("/train/y").readAll(as: Int32.self) == [0, 1, 2])
    #expect(try file.dataset("/val/y").readAll(as: Int32.self) == [1, 2])
    #expect(try file.dataset("/test/y").readAll(as: Int32.self) == [0, 2])
    for split in ["train", "val", "test"] {
      #expect(try file.stringAttribute("classes", of: "/\(split)/y") == "ant\nbee\ncow")
    }
    #expect(try file.texts(ofDataset: "/train/id") == ["train/ant/1.png", "train/bee/1.png", "train/cow/x/1.jpg"])
    let stray = try tree(["train/ant/1.png": "rgb.png", "test/bee/2.png": "rgb.png"])
    expectFailure(.data, "bee", "no class of the split train") { try convert(stray) }
  }

  @Test func drawnSplitsAndLabelsOfATable() throws {
    let files = Dictionary(uniqueKeysWithValues: (0..<20).map { ("\($0 % 2 == 0 ? "a" : "b")/\($0).png", "rgb.png") })
    let (_, file) = try convert(try tree(files), ["--test", "0.2", "--validation", "0.3"])
    #expect(try file.dataset("/train/y").readAll(as: Int.self).sorted() == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    #expect(try file.dataset("/val/y").readAll(as: Int.self).sorted() == [0, 0, 0, 1, 1, 1])
    #expect(try file.dataset("/test/y").readAll(as: Int.self).sorted() == [0, 0, 1, 1])

    let flat = try tree(["1.png": "rgb.png", "2.png": "rgb.png", "10.png": "rgb.png"])
    let table = try scratch.file("labels.csv", text: "image,weight,length\n10.png,2.5,7\n1,1,8\n2.png,-3,9\n")
    let (_, values) = try convert(flat, ["--labels-file", table, "--label", "weight,length"])
    #expect(try values.texts(ofDataset: "/train/id") == ["1.png", "2.png", "10.png"])
    #expect(try values.dataset("/train/y").readAll(as: Float.self) == [1, 8, -3, 9, 2.5, 7])
  }

  @Test func sizes() throws {
    let root = try tree(["a/1.png": "rgb.png", "a/2.png": "rgb.png", "b/1.jpg": "large.jpg"])
    expectFailure(.usage, "2 sizes: 2 of 21×13, 1 of 331×249", "--size") { try convert(root) }
    let (written, file) = try convert(root, ["--size", "10x6"])
    #expect(written.arrays[0].shape == [3, 6, 10, 3])
    #expect(written.notes.contains { $0.contains("resized 3 of 3 pictures to 10×6, the middle kept") })
    #expect(try file.stringAttribute("preparation", of: "/train/x")?.contains("\"width\": 10") == true)
    for size in ["0", "8x", "x8", "8x8x8", "-3", "16385"] {
      #expect(throws: SettingsError.self) { try recipe(ImagesFormat.self, ["--size", size]) }
    }
    for colour in ["#12345", "#+12345", "green", "0x1234"] {
      #expect(throws: SettingsError.self) { try recipe(ImagesFormat.self, ["--background", colour]) }
    }
  }

  // MARK: Bad input

  @Test func brokenFilesAreNamedAndCounted() throws {
    let whole = try bytes(of: pictureFixture("rgb420.jpg"))
    var endless = whole
    let frame = try #require((0..<whole.count - 1).first { whole[$0] == 0xFF && whole[$0 + 1] == 0xC0 })
    endless.replaceSubrange(frame + 5..<frame + 9, with: [0xFD, 0xE8, 0xFD, 0xE8])
    var damaged = try bytes(of: pictureFixture("rgb.png"))
    damaged[damaged.count - 40] ^= 0xFF
    let root = try tree(
      ["a/good.jpg": "rgb420.jpg", "b/good.png": "rgb.png", "b/\u{1B}[31m.png": "rgb.png"],
      bytes: [
        "a/cut.jpg": Array(whole.dropLast(60)), "a/empty.jpg": [], "a/endless.jpg": endless,
        "b/damaged.png": damaged, "b/animated.gif": Array("GIF89a".utf8), "b/page.jpg": Array("<html>".utf8),
      ])
    // The heads tell four of them, the pixels the others.
    expectFailure(
      .data, "4 of 9 pictures", "a/empty.jpg (is empty)", "a/endless.jpg", "65,000 by 65,000 pixels",
      "b/animated.gif (is a GIF", "b/page.jpg (is a page of HTML", "--skip-broken"
    ) { try convert(root) }
    for name in ["a/empty.jpg", "a/endless.jpg", "b/animated.gif", "b/page.jpg"] {
      try FileManager.default.removeItem(atPath: root + "/" + name)
    }
    expectFailure(.data, "2 of 5 pictures", "a/cut.jpg (Premature end", "b/damaged.png (") { try convert(root) }
    #expect(!FileManager.default.fileExists(atPath: root + ".h5"))
    let (written, file) = try convert(root, ["--skip-broken"])
    #expect(written.arrays[0].shape == [3, 13, 21, 3])
    #expect(written.notes.contains { $0.contains("left out 2 pictures that cannot be read: a/cut.jpg") })
    #expect(try file.texts(ofDataset: "/train/id")?.sorted() == ["a/good.jpg", "b/\u{1B}[31m.png", "b/good.png"])
  }

  @Test func directoriesThatAreNoDataSets() throws {
    expectFailure(.data, "no folder with pictures in it") { try convert(try tree([:], bytes: ["notes.txt": [65]])) }
    let empty = try tree(["a/1.png": "rgb.png"])
    try FileManager.default.createDirectory(atPath: empty + "/b", withIntermediateDirectories: true)
    expectFailure(.data, "/b: a class folder without a picture") { try convert(empty) }
    let circle = try tree(["a/1.png": "rgb.png"])
    try FileManager.default.createSymbolicLink(atPath: circle + "/a/again", withDestinationPath: circle)
    expectFailure(.data, "links back") { try convert(circle) }
    let mixed = try tree(
      ["a/1.png": "rgb.png", "b/1.png": "rgb.png"], bytes: ["a/Thumbs.db": [1], "a/.hidden.png": [1], "b/x.txt": [1]])
    let notes = try convert(mixed).0.notes
    #expect(notes.contains { $0.contains("passed over 3 files that are no pictures") && $0.contains(".txt") })
  }

  @Test func optionsThatContradict() throws {
    let root = try tree(["a/1.png": "rgb.png"])
    for (options, part) in [
      (["--crops"], "--boxes"), (["--boxes", "b.json", "--crop", "center"], "cut boxes"),
      (["--boxes", "b.json", "--labels-file", "l.csv"], "exclude"), (["--boxes", "b.json", "--unlabelled"], "exclude"),
    ] { expectFailure(.usage, part) { try convert(root, options) } }
  }

  // MARK: New pictures

  @Test func newPicturesAreMadeAlike() throws {
    let old = try tree(["ant/1.png": "rgb.png", "bee/1.png": "rgb.png", "cow/1.jpg": "grey.jpg"])
    let (_, file) = try convert(old, ["--size", "8x6", "--crop", "pad", "--background", "black"])
    let text = try #require(try file.stringAttribute("preparation", of: "/train/x"))
    let names = DataNames(classes: ["ant", "bee", "cow"])
    func follow(_ source: String, _ options: [String] = []) throws -> (WrittenData, HDF5File) {
      var format = try recipe(ImagesFormat.self, options)
      try format.follow(JSON5Parser.parse(text, file: "preparation"), names, of: "old.h5")
      let written = try format.convert([source], output: source + "-new.h5")
      return (written, try HDF5File.open(source + "-new.h5"))
    }
    // Of other sizes and colours, in no folder.
    let flat = try tree(["2.jpg": "large.jpg", "10.jpg": "grey.jpg", "1.png": "rgb.png"])
    let (written, new) = try follow(flat)
    #expect(written.arrays.map(\.name) == ["/test/x", "/test/id"])
    #expect(written.arrays[0].shape == [3, 6, 8, 3])
    #expect(try new.texts(ofDataset: "/test/id") == ["1.png", "2.jpg", "10.jpg"])
    let size = 8 * 6 * 3
    let rows = try new.dataset("/test/x").readAll(as: UInt8.self)
    let before = try file.dataset("/train/x").readAll(as: UInt8.self)
    #expect(rows[..<size] == before[..<size])
    #expect(try new.stringAttribute("preparation", of: "/test/x") == text)
    // One file.
    #expect(try follow(flat + "/1.png").0.arrays[0].shape == [1, 6, 8, 3])
    // Class folders, of which one is missing: their numbers are those of before.
    let labelled = try follow(try tree(["cow/1.png": "rgb.png", "bee/1.png": "rgb.png"])).1
    #expect(try labelled.dataset("/test/y").readAll(as: Int.self) == [1, 2])
    expectFailure(.data, "dog", "old.h5") {
      _ = try follow(try tree(["cow/1.png": "rgb.png", "dog/1.png": "rgb.png"]))
    }
    expectFailure(.usage, "--size", "old.h5") { _ = try follow(flat, ["--size", "9"]) }
    #expect(ImagesFormat.reads(flat) && ImagesFormat.reads(old) && ImagesFormat.reads(flat + "/1.png"))
    let nothing = try scratch.directory("nothing")
    #expect(!ImagesFormat.reads(old + ".h5") && !ImagesFormat.reads(nothing))
  }
}

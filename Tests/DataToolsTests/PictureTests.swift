import DataTools
import Foundation
import HDF5Storage
import Testing

/// Pictures against those that Pillow makes of the same files (`Tests/Fixtures/make_picture_fixtures.py`).
@Suite struct PictureTests {
  private let scratch: Scratch
  private let expected: HDF5File

  init() throws {
    scratch = try Scratch()
    expected = try HDF5File.open(pictureFixture("expected.h5"))
  }

  /// What a conversion makes of some of the fixtures, in the order of the names.
  private func pixels(_ names: [String], _ options: String..., type: String = "uint8") throws -> [Double] {
    let source = try scratch.directory("source-\(UUID().uuidString)")
    for name in names {
      try FileManager.default.copyItem(atPath: pictureFixture(name), toPath: source + "/" + name)
    }
    let output = source + ".h5"
    let format = try recipe(ImagesFormat.self, ["--unlabelled"] + options)
    let written = try format.convert([source], output: output)
    #expect(written.arrays.first?.type == type)
    #expect(try HDF5File.open(output).texts(ofDataset: "/train/id") == names)
    return try values(output, "/train/x")
  }

  private func expectation(_ name: String) throws -> [Double] { try expected.dataset("/" + name).readAll() }

  /// PNG of every kind exactly, and JPEG as the same library decodes it; greyscale by the same formula.
  @Test func everyKindOfFile() throws {
    let names = try #require(try expected.stringAttribute("files", of: "/rgb")).split(separator: "\n").map(String.init)
    #expect(names.count == 27)
    for (colour, channels) in [("rgb", 3), ("grey", 1)] {
      let size = 21 * 13 * channels
      let reference = try expectation(colour)
      for (index, name) in names.enumerated() {
        let found = try pixels([name], "--colour", colour)
        let wanted = reference[index * size..<(index + 1) * size]
        #expect(found.elementsEqual(wanted), "\(name) as \(colour)")
      }
    }
  }

  /// Stretched, cropped and padded: equal to Pillow's.
  @Test func resizing() throws {
    let names = ["rgb.png", "rgb420.jpg"]
    // In the natural order of the names, which is Pillow's too here.
    for (name, options) in [
      ("none-11x7", ["--size", "11x7", "--crop", "none"]), ("none-53x41", ["--size", "53x41", "--crop", "none"]),
      ("center-8x8", ["--size", "8"]), ("pad-20x20", ["--size", "20", "--crop", "pad", "--colour", "grey"]),
    ] {
      var found: [Double] = []
      for file in names {
        let source = try scratch.directory("\(name)-\(file)")
        try FileManager.default.copyItem(atPath: pictureFixture(file), toPath: source + "/a.jpg")
        try recipe(ImagesFormat.self, ["--unlabelled"] + options).convert([source], output: source + ".h5")
        found += try values(source + ".h5", "/train/x")
      }
      #expect(try found == expectation(name), "\(name)")
    }
  }

  @Test func sixteenBits() throws {
    #expect(try pixels(["grey16.png"], "--depth", "16", type: "uint16") == expectation("depth16-21x13"))
    let small = try pixels(["grey16.png"], "--depth", "16", "--size", "11x7", "--crop", "none", type: "uint16")
    #expect(try small == expectation("depth16-11x7"))
    expectFailure(.data, "rgb.png", "grey PNG of 16 bits") { _ = try pixels(["rgb.png"], "--depth", "16") }
  }

  /// A large JPEG is halved while it is decoded, twice here, as Pillow does it: close to the picture that is resized
  /// from all its pixels.
  @Test func reducedDecoding() throws {
    let found = try pixels(["large.jpg"], "--size", "20x15", "--crop", "none")
    #expect(try found == expectation("large-reduced"))
    let differences = zip(found, try expectation("large")).map { abs($0 - $1) }
    #expect(differences.max() ?? 0 <= 12)
    #expect(differences.reduce(0, +) / Double(differences.count) < 0.8)
  }

  @Test func background() throws {
    let white = try pixels(["rgb-alpha.png"], "--background", "white")
    let black = try pixels(["rgb-alpha.png"], "--background", "#000000")
    // The first rows are transparent.
    #expect(white[..<(4 * 21 * 3)].allSatisfy { $0 == 255 })
    #expect(black[..<(4 * 21 * 3)].allSatisfy { $0 == 0 })
  }
}

/// The path of a picture that `make_picture_fixtures.py` made.
func pictureFixture(_ name: String) -> String {
  URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/pictures/\(name)").path
}

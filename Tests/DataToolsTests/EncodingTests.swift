import DataTools
import Foundation
import HDF5Storage
import Testing

/// Text files of other encodings than UTF-8: read as they are meant, or refused where they are not.
@Suite struct EncodingTests {
  private let scratch: Scratch
  private let output: String
  private let text = "größe,farbe\n1,grün\n2,gelb\n3,grön\n"

  init() throws {
    scratch = try Scratch()
    output = try scratch.file("out.h5")
  }

  private func bytes(_ text: String, _ encoding: String.Encoding) throws -> [UInt8] {
    [UInt8](try #require(text.data(using: encoding)))
  }

  private func classes(_ bytes: [UInt8], _ options: String...) throws -> [String]? {
    let source = try scratch.file("in.csv", bytes)
    _ = try recipe(CSVFormat.self, ["--header", "yes"] + options).convert([source], output: output)
    #expect(try HDF5File.open(output).stringAttribute("names", of: "/train/x") == "größe")
    return try HDF5File.open(output).stringAttribute("classes", of: "/train/y")?.split(separator: "\n").map(String.init)
  }

  @Test(arguments: [
    (String.Encoding.isoLatin1, "latin1"), (.windowsCP1252, "windows-1252"), (.utf16LittleEndian, "utf-16le"),
    (.utf16BigEndian, "UTF-16BE"), (.utf8, "utf-8"),
  ])
  func namedEncodings(encoding: String.Encoding, name: String) throws {
    let found = try classes(bytes(text, encoding), "--encoding", name)
    #expect(found == ["gelb", "grön", "grün"])
  }

  @Test func marksSayTheEncoding() throws {
    for bytes in [
      [0xFF, 0xFE] + (try bytes(text, .utf16LittleEndian)), [0xFE, 0xFF] + (try bytes(text, .utf16BigEndian)),
      [0xEF, 0xBB, 0xBF] + (try bytes(text, .utf8)),
    ] {
      #expect(try classes(bytes) == ["gelb", "grön", "grün"])
    }
  }

  @Test func otherBytesAreNamed() throws {
    let latin = try scratch.file("latin.csv", bytes("a,label\n1,g\u{FC}t\n2,g\u{F6}t\n", .isoLatin1))
    expectFailure(.data, "latin.csv: line 2: byte 0xFC (byte 11 of the file) is no UTF-8 text", "--encoding") {
      _ = try recipe(CSVFormat.self, []).convert([latin], output: output)
    }
    let cut = try scratch.file("cut.csv", Array("a,label\n1,é".utf8.dropLast()))
    expectFailure(.data, "cut.csv: line 2: byte 0xC3") {
      _ = try recipe(CSVFormat.self, []).convert([cut], output: output)
    }
    let text = try scratch.file("latin.txt", bytes("gr\u{FC}n", .isoLatin1))
    expectFailure(.data, "latin.txt: line 1: byte 0xFC") {
      _ = try recipe(TextFormat.self, []).convert([text], output: output)
    }
    expectFailure(.usage, "expected an encoding of text") { _ = try recipe(CSVFormat.self, ["--encoding", "martian"]) }
  }

  /// A character of several bytes lies across two reads.
  @Test func charactersAcrossBlocks() throws {
    for shift in 0..<4 {
      let filler = String(repeating: "1", count: shift)
      let rows = (0..<40_000).map { "\(filler)\($0 % 10),ü€😀" }.joined(separator: "\n")
      let source = try scratch.file("long.csv", text: "a,label\n" + rows + "\n")
      _ = try recipe(CSVFormat.self, []).convert([source], output: output)
      #expect(try HDF5File.open(output).stringAttribute("classes", of: "/train/y") == "ü€😀")
    }
  }

  @Test func aTestFileNeedsLabels() throws {
    let train = try scratch.file("train.csv", text: "a,b,kind\n1,2,x\n3,4,y\n")
    let test = try scratch.file("test.csv", text: "a,b\n1,2\n")
    expectFailure(.data, "test.csv has no label column", "a test split needs labels") {
      _ = try recipe(CSVFormat.self, ["--test-file", test, "--label", "-1"]).convert([train], output: output)
    }
  }
}

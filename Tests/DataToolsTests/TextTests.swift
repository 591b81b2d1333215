import DataTools
import Foundation
import HDF5Storage
import Testing

@Suite struct TextTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func convert(_ text: String, _ options: String...) throws -> String {
    let output = try scratch.file("out.h5")
    try recipe(TextFormat.self, options).convert([scratch.file("in.txt", text: text)], output: output)
    return output
  }

  @Test func windowsAndTheirSuccessors() throws {
    // Sorted: a b c d e; the last fifth of ten characters is the validation split.
    let output = try convert("abcdeedcba", "--context", "3", "--validation", "0.4")
    #expect(try values(output, "/train/x") == [0, 1, 2])
    #expect(try values(output, "/train/y") == [1, 2, 3])
    #expect(try values(output, "/val/x") == [3, 2, 1])
    #expect(try values(output, "/val/y") == [2, 1, 0])
    let file = try HDF5File.open(output)
    #expect(try file.stringAttribute("vocabulary", of: "/train/x") == "abcde")
    #expect(try file.dataset("/train/x").elementType == .uint8)
    #expect(try file.dataset("/train/x").shape == [1, 3])
  }

  @Test("Windows follow one another without a gap, and predict every character but the first once")
  func coverage() throws {
    let text = String((0..<101).map { "abcdefg"["abcdefg".index("abcdefg".startIndex, offsetBy: $0 * $0 % 7)] })
    let output = try convert(text, "--context", "10", "--validation", "0")
    #expect(try values(output, "/train/y").count == 100)
    let letters = Array("abcdefg"), sorted = Array(Set(text)).sorted()
    #expect(Set(letters).isSuperset(of: sorted))
    #expect(try values(output, "/train/y") == text.dropFirst().map { Double(sorted.firstIndex(of: $0) ?? -1) })
  }

  @Test func stride() throws {
    let output = try convert("abcdef", "--context", "3", "--stride", "1", "--validation", "0")
    #expect(try values(output, "/train/x") == [0, 1, 2, 1, 2, 3, 2, 3, 4])
    #expect(try values(output, "/train/y") == [1, 2, 3, 2, 3, 4, 3, 4, 5])
  }

  @Test func anEarlierAlphabet() throws {
    let earlier = try convert("abcdeedcba", "--context", "3", "--validation", "0")
    let output = try scratch.file("like.h5")
    let text = try scratch.file("other.txt", text: "ecacb")
    try format(TextFormat.self, ["--like", earlier]).convert([text], output: output)
    #expect(try values(output, "/test/x") == [4, 2, 0])
    #expect(try HDF5File.open(output).stringAttribute("vocabulary", of: "/test/x") == "abcde")
    let unknown = try scratch.file("unknown.txt", text: "abcx")
    expectFailure(.data, "unknown.txt: character 3, 'x', is not in the alphabet of \(earlier)") {
      try format(TextFormat.self, ["--like", earlier]).convert([unknown], output: output)
    }
  }

  @Test func manyCharactersNeedSixteenBits() throws {
    let scalars = (0x400..<0x600).compactMap { Unicode.Scalar(UInt32($0)) }
    let output = try convert(String(String.UnicodeScalarView(scalars)), "--context", "4", "--validation", "0")
    let file = try HDF5File.open(output)
    #expect(try file.dataset("/train/x").elementType == .uint16)
    #expect(try values(output, "/train/x").last == 507)
  }

  @Test func failures() throws {
    let short = try scratch.file("short.txt", text: "abc")
    let binary = try scratch.file("binary.txt", [0xff, 0xfe, 0x00])
    let output = try scratch.file("out.h5")
    func convert(_ sources: [String], _ options: String...) -> (() throws -> Void) {
      { try recipe(TextFormat.self, options).convert(sources, output: output) }
    }
    expectFailure(
      .data, "short.txt", "3 characters", "--context", from: convert([short], "--context", "3", "--validation", "0"))
    expectFailure(.data, "binary.txt", "utf-16", from: convert([binary]))
    expectFailure(.usage, "expected one", from: convert([short, short]))
    expectFailure(.usage, "--context: expected at least 1, found 0", from: convert([short], "--context", "0"))
    expectFailure(
      .usage, "--validation: expected at least 0 and less than 1, found 1", from: convert([short], "--validation", "1"))
  }
}

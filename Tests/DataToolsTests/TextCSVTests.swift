import DataTools
import Foundation
import HDF5Storage
import Testing

@Suite struct TextCSVTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func convert(
    _ text: String, to output: String = "out.h5", _ options: String...
  ) throws -> String {
    let output = try scratch.file(output)
    try format(TextCSVFormat.self, options).convert([scratch.file("in.csv", text: text)], output: output)
    return output
  }

  /// The conversion of `text`, to be run.
  private func conversion(
    _ text: String, _ options: String...
  ) throws -> (() throws -> Void) {
    let (input, output) = (try scratch.file("in.csv", text: text), try scratch.file("out.h5"))
    return { try format(TextCSVFormat.self, options).convert([input], output: output) }
  }

  private func words(_ path: String, _ split: String = "train") throws -> [String] {
    let lines = try HDF5File.open(path).stringAttribute("words", of: "/\(split)/x")
    return try #require(lines).split(separator: "\n").map(String.init)
  }

  @Test("Words by frequency, ties in alphabetical order; rows filled up at the end")
  func numbers() throws {
    let output = try convert(
      """
      text,label
      "The CAT, the dog: the bird!",good
      don't; DON’T 'quoted' x2,bad
      Dog?,good

      """)
    #expect(try words(output) == ["<padding>", "<unknown>", "the", "dog", "don't", "bird", "cat", "quoted", "x2"])
    #expect(try values(output, "/train/x") == [2, 6, 2, 3, 2, 5] + [4, 4, 7, 8, 0, 0] + [3, 0, 0, 0, 0, 0])
    #expect(try values(output, "/train/y") == [1, 0, 1])
    let file = try HDF5File.open(output)
    #expect(try file.dataset("/train/x").shape == [3, 6])
    #expect(try file.dataset("/train/x").elementType == .uint8)
    #expect(try file.intAttribute("valid_max", of: "/train/x") == 8)
    #expect(try file.stringAttribute("classes", of: "/train/y") == "bad\ngood")
    #expect(try file.stringAttribute("name", of: "/train/y") == "label")
  }

  @Test("Letters and digits are Unicode's; a text without words is one unknown word")
  func unicode() throws {
    let decomposed = "cafe\u{301}"
    let output = try convert("text,label\nCAFÉ \(decomposed) — Größe٣ 日本,1\n…!,10\n'',9\n")
    #expect(try words(output).dropFirst(2) == ["café", "größe٣", "日本"])
    #expect(try values(output, "/train/x") == [2, 2, 3, 4] + [1, 0, 0, 0] + [1, 0, 0, 0])
    // Names that are numbers are sorted as such.
    #expect(try values(output, "/train/y") == [0, 2, 1])
  }

  @Test("A limited vocabulary and length: the rest is unknown, and cut at the end")
  func limits() throws {
    let output = try convert("text,label\na a a b b c,x\nc b a,y\n", "--vocabulary", "4", "--length", "4")
    #expect(try words(output).dropFirst(2) == ["a", "b"])
    #expect(try values(output, "/train/x") == [2, 2, 2, 3] + [1, 3, 2, 0])
    let long = Array(repeating: "w", count: 300).joined(separator: " ")
    let capped = try convert("text,label\n\(long),x\nw,y\n")
    #expect(try HDF5File.open(capped).dataset("/train/x").shape == [2, 256])
  }

  @Test("Words and length come from the rows that train")
  func testRowsAreNotLookedAt() throws {
    let rows = (0..<20).map { "word\($0) common\($0 == 3 ? " longer text" : ""),\($0 % 2)" }
    let output = try convert("text,label\n" + rows.joined(separator: "\n") + "\n", "--test", "0.5", "--seed", "4")
    let known = Set(try words(output).dropFirst(2))
    let train = try values(output, "/train/x"), test = try values(output, "/test/x")
    let length = try HDF5File.open(output).dataset("/train/x").shape[1]
    #expect(try HDF5File.open(output).dataset("/test/x").shape == [10, length])
    #expect(known.count { $0.hasPrefix("word") } == 10)
    #expect(!train.contains(1) && test.count { $0 == 1 } >= 10, "the ten words of test rows are unknown")
    #expect(try values(output, "/test/y").count { $0 == 1 } == 5, "by class")

    let file = try scratch.file("test.csv", text: "label,text\n1,word3 never\n")
    let second = try convert("text,label\nword3,0\nword4,1\n", "--test-file", file)
    #expect(
      try values(second, "/test/x") == [2] && values(second, "/test/y") == [1], "columns by name, cut to length 1")
  }

  @Test("A vocabulary beyond the 64 KiB of an attribute, in 16 bits")
  func largeVocabulary() throws {
    let all = (0..<9_000).map { "word\(10_000 + $0)" }
    let output = try convert("text,label\n\(all.joined(separator: " ")),x\nword10000,y\n", "--length", "9000")
    #expect(try words(output).dropFirst(2) == all[...])
    #expect(try HDF5File.open(output).dataset("/train/x").elementType == .uint16)
    #expect(try values(output, "/train/x").prefix(9_000).last == 9_001)
  }

  @Test("New texts take words, length and classes from an earlier output")
  func like() throws {
    let first = try convert("text,label\nred green blue,warm\nblue,cold\n", to: "first.h5")
    let labelled = try convert("text,label\nblue unheard red and more,warm\n", "--like", first)
    #expect(try values(labelled, "/test/x") == [2, 1, 4] && values(labelled, "/test/y") == [1])
    #expect(try words(labelled, "test") == words(first))
    let plain = try convert("text\nred\ngreen\n", "--like", first)
    #expect(try values(plain, "/test/x") == [4, 0, 0, 3, 0, 0])
    #expect(try !HDF5File.open(plain).exists("/test/y"))
    expectFailure(
      .data, "in.csv", "'hot'", "record 1", "cold, warm",
      from: try conversion("text,label\nred,hot\n", "--like", first))
    expectFailure(
      .usage, "--length and --like",
      from: try conversion("text,label\nred,warm\n", "--like", first, "--length", "3"))
    let other = try scratch.file("other.h5")
    let file = try HDF5File.create(other)
    try file.write("/train/x", shape: [2, 3], elements: [Int32](repeating: 1, count: 6))
    try file.close()
    expectFailure(
      .data, "other.h5", "how its data were made", from: try conversion("text,label\nred,warm\n", "--like", other))
  }

  @Test("Columns by name, by number, by usual names and by place")
  func columns() throws {
    let expected = ["<padding>", "<unknown>", "a", "b"]
    #expect(try words(convert("id,review,stars\n7,a b,1\n8,a,2\n")) == expected)
    #expect(try words(convert("phrase,mood\na b,1\na,2\n", "--text", "phrase")) == expected)
    #expect(try words(convert("1,a b,x\n2,a,y\n", "--text", "1", "--label", "-1")) == expected)
    #expect(try words(convert("x,a b\ny,a\n", "--header", "no", "--label", "0")) == expected)
    #expect(try words(convert("a b;x\na;y\n", "--header", "no", "--delimiter", ";")) == expected)
  }

  @Test func failures() throws {
    expectFailure(
      .usage, "--text words", "in.csv", "text", from: try conversion("text,label\na,x\n", "--text", "words"))
    expectFailure(.usage, "--label 2", "2 columns", from: try conversion("text,label\na,x\n", "--label", "2"))
    expectFailure(.usage, "column 0", "--text", from: try conversion("text,label\na,x\n", "--label", "text"))
    expectFailure(.usage, "first line, 'nice, good'", "--header yes", from: try conversion("nice,good\nugly,bad\n"))
    expectFailure(.data, "one column", from: try conversion("text\na\n"))
    expectFailure(.data, "line 3", "3 columns", "quotes", from: try conversion("text,label\na,x\nb, c,y\n"))
    expectFailure(.data, "line 2, column 2", "label", from: try conversion("text,label\na,\n"))
    expectFailure(.data, "no word", from: try conversion("text,label\n!,x\n?,y\n"))
    expectFailure(
      .usage, "--vocabulary: expected from 3", "found 2", from: try conversion("text,label\na,x\n", "--vocabulary", "2")
    )
    expectFailure(
      .usage, "--length: expected from 1 to 65536, found 0", from: try conversion("text,label\na,x\n", "--length", "0"))
    expectFailure(
      .usage, "--test and --test-file",
      from: try conversion("text,label\na,x\n", "--test", "0.5", "--test-file", "test.csv"))
    let latin = try scratch.file("latin.csv", Array("text,label\ncaf".utf8) + [0xE9] + Array(",x\n".utf8))
    expectFailure(.data, "latin.csv: line 2", "UTF-8") {
      try TextCSVFormat().convert([latin], output: scratch.path + "/out.h5")
    }
    #expect(try !scratch.contents.contains { $0.hasPrefix("out.h5") })
  }
}

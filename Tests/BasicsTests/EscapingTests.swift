import Basics
import Testing

/// What stands in files reaches terminals and logs escaped.
@Suite struct EscapingTests {
  @Test(arguments: [
    ("plain Größe 12 μm 猫 😀", "plain Größe 12 μm 猫 😀"), ("a\u{1B}[31mRED", "a\\u{1B}[31mRED"),
    ("b\nddp-train: done", "b\\nddp-train: done"), ("a\r\nb\tc", "a\\r\\nb\\tc"),
    ("\u{0}\u{7}\u{7F}\u{85}\u{9B}", "\\u{0}\\u{7}\\u{7F}\\u{85}\\u{9B}"),
    ("abc\u{202E}txt\u{2066}\u{200F}", "abc\\u{202E}txt\\u{2066}\\u{200F}"),
    ("a\u{2028}b\u{2029}c\u{FEFF}\u{200B}", "a\\u{2028}b\\u{2029}c\\u{FEFF}\\u{200B}"),
    // Joiners are letters of several scripts, and of composed emoji.
    ("می\u{200C}خواهم 👩\u{200D}🔬", "می\u{200C}خواهم 👩\u{200D}🔬"),
  ])
  func escapes(text: String, shown: String) {
    #expect(text.escaped == shown)
    #expect(shown.escaped == shown)
  }

  @Test func reportsKeepTheirLines() {
    #expect("a\n\tb\u{1B}c\r\n".escapedLines == "a\n\tb\\u{1B}c\\r\n")
  }

  @Test func longNamesLoseTheirMiddle() {
    let name = "start" + String(repeating: "n", count: 60_000) + "end"
    #expect(name.shownName.count == 120)
    #expect(name.shownName.hasPrefix("start") && name.shownName.hasSuffix("end") && name.shownName.contains("…"))
    #expect("grüße".shortened(to: 5) == "grüße")
  }

  @Test func cellsOfTablesAreOneLine() {
    var table = TextTable([.left, .left])
    table.add(["a\nb", "c\u{1B}"])
    #expect(table.lines == ["a\\nb  c\\u{1B}"])
    #expect(table.line(["d\r", "e"]) == "d\\r  e")
  }

  @Test func listsOfNames() {
    #expect([String]().shownList(none: "no data set") == "no data set")
    #expect(["a", "b\u{7}"].shownList() == "a, b\\u{7}")
    #expect((1...30).map(String.init).shownList().hasSuffix("19, 20, …"))
  }
}

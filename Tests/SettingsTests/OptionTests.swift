import Basics
import Settings
import Testing

/// The rules of a command line, on options of all types.
@Suite struct OptionTests {
  private enum Colour: String, SettingChoice { case red, green }

  private struct Order: OptionGroup, Equatable {
    static let options = [
      Option("--count", \Order.count, "N", .atLeast(1), "how many"),
      Option("--share", \Order.share, "X", .closed(0, 1), "which part"),
      Option("--name", \Order.name, "TEXT", "whose"),
      Option("--colour", \Order.colour, "COLOUR", "which one"),
      Option("--like", \Order.like, "FILE", default: "nothing", "an example"),
      Option(flag: "--gift-wrap", \Order.giftWrap, "with paper"),
    ]
    var count = 3
    var share = 0.5
    var name = "me"
    var colour = Colour.green
    var like: String?
    var giftWrap = false
  }

  private func read(_ line: String...) throws(SettingsError) -> (order: Order, words: [String]) {
    let scanned = try ScannedArguments(line, of: "order", options: Order.optionHelp)
    var order = Order()
    try order.read(scanned.options)
    return (order, scanned.words)
  }

  @Test func valuesOfAllTypes() throws {
    var expected = Order()
    expected.count = 7
    expected.share = 0.25
    // A text stays one, whatever it looks like.
    expected.name = "12"
    expected.colour = .red
    expected.like = "-x"
    expected.giftWrap = true
    let found = try read(
      "--count=7", "a", "--share", "25e-2", "--name", "12", "--colour", "red", "--like", "-x", "--gift-wrap", "b")
    #expect(found.order == expected && found.words == ["a", "b"])
  }

  @Test func wordsBehindTwoDashes() throws {
    let found = try read("--count", "4", "-", "--", "--count", "5")
    #expect(found.order.count == 4 && found.words == ["-", "--count", "5"])
    #expect(ScannedArguments.asksForHelp(["a", "-h"]) && !ScannedArguments.asksForHelp(["--", "--help"]))
  }

  @Test func theLastCounts() throws {
    #expect(try read("--count", "4", "--count=5").order.count == 5)
    #expect(try read("--name=a=b", "--name", "--").order.name == "--")
  }

  @Test func mistakes() {
    for (line, expected) in [
      (["--cuont", "1"], "order: unknown option '--cuont' (did you mean '--count'?)"),
      (["-c"], "order: unknown option '-c' (known: --count, --share, --name, --colour, --like, --gift-wrap, --help)"),
      (["--count"], "--count: expected a value, as in --count N"),
      (["--count", "--share=1"], "--count: expected a value, as in --count N"),
      (["--count", "0"], "--count: expected at least 1, found 0"),
      (["--count", "1.5"], "--count: expected a whole number, found 1.5"),
      (["--share", "2"], "--share: expected from 0 to 1, found 2"),
      (["--name="], "--name: expected text that is not empty, found \"\""),
      (["--colour", "rad"], "--colour: unknown name 'rad' (did you mean 'red'?)"),
      (["--gift-wrap=yes"], "--gift-wrap: takes no value, found 'yes'"),
    ] {
      #expect(
        message { () throws(SettingsError) in
          let scanned = try ScannedArguments(line, of: "order", options: Order.optionHelp)
          var order = Order()
          return try order.read(scanned.options)
        } == expected)
    }
  }

  @Test func helpTellsNamesDefaultsAndLimits() {
    #expect(
      HelpText.options(Order.optionHelp) == [
        "  Option           Default  Meaning",
        "  --count N        3        how many (at least 1)",
        "  --share X        0.5      which part (from 0 to 1)",
        "  --name TEXT      me       whose",
        "  --colour COLOUR  green    which one (red, green)",
        "  --like FILE      nothing  an example",
        "  --gift-wrap               with paper",
      ])
  }

  @Test func sectionsOfSettings() throws {
    struct Paint: Configurable, Equatable {
      static let name = "paint", summary = "what is on the wall"
      static let settings = [
        Setting("coats", \Paint.coats, .atLeast(1), "layers of it"), Setting("gloss", \Paint.gloss, "how it shines"),
      ]
      var coats = 2
      var gloss: Double?
    }
    let group = HelpText.section(HelpSection("Walls", prefix: "wall.", Paint.self))
    #expect(
      group == [
        "Walls", "", "  Key         Default  Meaning", "  wall.coats  2        layers of it (at least 1)",
        "  wall.gloss           how it shines",
      ])
    let catalog = Catalog<Paint>([Paint.self]) { $0 as? Paint }
    #expect(
      HelpText.section(HelpSection("Materials", catalog)) == [
        "Materials", "", "  Key      Default  Meaning", "  paint             what is on the wall",
        "    coats  2        layers of it (at least 1)", "    gloss           how it shines",
      ])
  }

  @Test func longMeaningsAreWrappedBelowTheirColumn() {
    var table = TextTable([.left, .right(4), .left], width: 40)
    table.add(["a", "1", "one two three four five six seven eight nine ten"])
    table.add(["bcd", "23", ""])
    #expect(
      table.lines == [
        "a       1  one two three four five six", "           seven eight nine ten", "bcd    23",
      ])
  }
}

import Foundation
import Settings
import Testing

@Suite struct JSON5Tests {
  func parse(_ text: String) throws(SettingsError) -> JSONValue { try JSON5Parser.parse(text, file: "f") }

  @Test func everySpellingOfTheSpecification() throws {
    let text = """
      // a line comment
      { /* a block
           comment */ unquoted: 'single "quotes"', "quoted key": "it's", $_a1: [1, 2, ],
        hex: 0xdecaf, negative: -0x10, plus: +1, leading: .5, trailing: 5., exponent: 1.5E+3, Ünicode: true,
        joined: "one \\
      line", escapes: "\\x41\\u00e9\\uD83D\\uDE00\\n\\q", nothing: null, no: false, \\u0061b: [[]], empty: {}, }
      """
    let expected: JSONValue = [
      "unquoted": "single \"quotes\"", "quoted key": "it's", "$_a1": [1, 2], "hex": 0xdecaf, "negative": -16, "plus": 1,
      "leading": 0.5, "trailing": 5.0, "exponent": 1500.0, "Ünicode": true, "joined": "one line",
      "escapes": "Aé😀\nq", "nothing": .null, "no": false, "ab": [[]], "empty": [:],
    ]
    #expect(try parse(text) == expected)
  }

  @Test func numbersKeepTheirKindAndTheirBits() throws {
    #expect(try parse("9223372036854775807") == .integer(.max))
    #expect(try parse("-9223372036854775808") == .integer(.min))
    #expect(try parse("9223372036854775808") == .number(9_223_372_036_854_775_808))
    #expect(try parse("1.0") == .number(1))
    #expect(try parse("5e-324") == .number(.leastNonzeroMagnitude))
    #expect(try parse("0.1e1") == .number(1))
    #expect(try parse("0") == .integer(0))
    #expect(try parse("-0").line == "-0.0")
  }

  @Test(arguments: [
    ("{epochs x}", "f:1:9: expected ':' after key 'epochs', found 'x'"),
    ("{\n  a: 1,\n  b: 2 c: 3}", "f:3:8: expected ',' or '}' after the value of 'b', found 'c'"),
    ("{\r\n\r\n a: }", "f:3:5: expected a value, found '}'"),
    ("{a: 1", "f:1:6: the file ends before '{' of line 1, column 1 is closed"),
    ("\n [1, ", "f:2:6: the file ends before '[' of line 2, column 2 is closed"),
    ("{", "f:1:2: the file ends before '{' of line 1, column 1 is closed"),
    ("[1 2]", "f:1:4: expected ',' or ']' after element 1, found '2'"),
    ("{a: 1, b: 2,\n a: 3}", "f:2:2: key 'a' is given twice, first on line 1"),
    ("{a: adam}", "f:1:5: expected a value, found 'adam'; text needs quotes: \"adam\""),
    ("{a: Infinity}", "f:1:5: Infinity is not accepted; expected a finite number"),
    ("{a: -NaN}", "f:1:5: -NaN is not accepted; expected a finite number"),
    ("1e999", "f:1:1: 1e999 is not accepted; expected a finite number"),
    ("012", "f:1:1: '012' is not a number"),
    ("1.2.3", "f:1:1: '1.2.3' is not a number"),
    ("12abc", "f:1:1: '12abc' is not a number"),
    ("0x", "f:1:1: '0x' is not a number"),
    (".", "f:1:1: '.' is not a number"),
    ("1e", "f:1:1: '1e' is not a number"),
    ("+-1", "f:1:1: '+' is not a number"),
    ("'abc", "f:1:1: the text that begins here has no closing quote"),
    ("{a: 'b\n'}", "f:1:5: the text that begins here has no closing quote on its line"),
    ("'\\uD83D'", "f:1:2: half of a surrogate pair is not a character"),
    ("'\\u12G4'", "f:1:6: expected 4 hexadecimal digits, found 'G'"),
    ("'\\1'", "f:1:2: '\\1' is not an escape of JSON5"),
    ("{} x", "f:1:4: expected the end of the file after the closing value, found 'x'"),
    ("{a: 1,, b: 2}", "f:1:7: expected a key or '}', found ','"),
    ("{1: 2}", "f:1:2: expected a key or '}', found '1'"),
    ("/* open", "f:1:1: the comment that begins here is not closed by '*/'"),
    ("", "f:1:1: expected a value, found the end of the file"),
    ("\u{1}", "f:1:1: expected a value, found U+1"),
  ])
  func mistakesCarryLineAndColumn(text: String, expected: String) {
    #expect(message { () throws(SettingsError) in try parse(text) } == expected)
  }

  @Test func nestingHasALimit() throws {
    let nested = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    _ = try parse(nested(100))
    #expect(
      message { () throws(SettingsError) in try parse(nested(101)) } == "f:1:101: nested more than 100 levels deep"
    )
    #expect(
      message { () throws(SettingsError) in try parse(String(repeating: "{a:", count: 1_000_000)) }.contains(
        "100 levels"))
  }

  @Test func filesThatCannotBeRead() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "json5-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let path = directory + "/latin1.json5"
    #expect(
      message { () throws(SettingsError) in try JSON5Parser.parse(contentsOfFile: path) }
        == "configuration file '\(path)' does not exist")
    #expect(
      message { () throws(SettingsError) in try JSON5Parser.parse(contentsOfFile: directory) }
        == "configuration file '\(directory)' cannot be read")
    try Data([0x22, 0xE9, 0x22]).write(to: URL(fileURLWithPath: path))
    #expect(
      message { () throws(SettingsError) in try JSON5Parser.parse(contentsOfFile: path) }
        == "configuration file '\(path)' is not UTF-8 text; expected JSON5")
    try Data("{epochs: 3}".utf8).write(to: URL(fileURLWithPath: path))
    #expect(try JSON5Parser.parse(contentsOfFile: path) == ["epochs": 3])
  }

  @Test func writtenTextIsPlainJSONInKeyOrder() throws {
    let value: JSONValue = [
      "z": 1, "a": [1, 2.5, "x"], "nested": ["deep": [["k": .null]], "none": [:], "empty": []], "small": 1e-05,
      "text": "quote \" slash \\ bell \u{7} line\n é😀", "nan": .number(.nan), "on": true,
    ]
    #expect(
      value.text == """
        {
          "z": 1,
          "a": [1, 2.5, "x"],
          "nested": {
            "deep": [
              {
                "k": null
              }
            ],
            "none": {},
            "empty": []
          },
          "small": 1e-05,
          "text": "quote \\" slash \\\\ bell \\u0007 line\\n é😀",
          "nan": null,
          "on": true
        }
        """)
    #expect(
      value.line == #"{"z": 1, "a": [1, 2.5, "x"], "nested": {"deep": [{"k": null}], "none": {}, "empty": []}, "#
        + #""small": 1e-05, "text": "quote \" slash \\ bell \u0007 line\n é😀", "nan": null, "on": true}"#)
  }

  @Test func writtenTextReadsBackHereAndElsewhere() throws {
    let value: JSONValue = [
      "numbers": [0.1, 1e300, 2.5e-308, -0.0, 1e16, 123456789.125, 3, -7], "text": "a\u{0}\u{1F}\u{7F}\u{2028}/😀",
    ]
    for text in [value.text, value.line] {
      #expect(try parse(text) == value)
      let other = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      #expect(other["text"] as? String == "a\u{0}\u{1F}\u{7F}\u{2028}/😀")
      #expect(other["numbers"] as? [Double] == [0.1, 1e300, 2.5e-308, -0.0, 1e16, 123456789.125, 3, -7])
    }
  }
}

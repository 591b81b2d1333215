import Foundation

/// A reader of JSON5 (json5.org, specification 1.0.0) that knows the line and column of everything it reads.
///
/// Two deviations, both on purpose: a key given twice is an error, since one of the two would be lost in silence, and
/// so are `Infinity` and `NaN`, which no setting can use.
public struct JSON5Parser {
  /// Deeper nesting than any configuration needs, and far from the end of the stack.
  private static let maximumDepth = 100

  let file: String
  let scalars: [Unicode.Scalar]
  var index = 0
  private var line = 1
  private var lineStart = 0
  private var depth = 0

  private init(_ text: String, file: String) {
    self.file = file
    scalars = Array(text.unicodeScalars)
  }

  /// The value that `text` spells.
  ///
  /// - Parameter file: the name that positions and errors carry.
  public static func parse(_ text: String, file: String) throws(SettingsError) -> JSONValue {
    var parser = JSON5Parser(text, file: file)
    try parser.skipSpace()
    let value = try parser.value()
    try parser.skipSpace()
    guard parser.peek == nil else { throw parser.expected("the end of the file after the closing value") }
    return value
  }

  /// The value in the file at `path`; a file that cannot be read, or is not UTF-8, is an error that says so.
  public static func parse(contentsOfFile path: String) throws(SettingsError) -> JSONValue {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      let found = FileManager.default.fileExists(atPath: path) ? "cannot be read" : "does not exist"
      throw SettingsError("configuration file '\(path)' \(found)")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw SettingsError("configuration file '\(path)' is not UTF-8 text; expected JSON5")
    }
    return try parse(text, file: path)
  }

  // MARK: Values

  private mutating func value() throws(SettingsError) -> JSONValue {
    let start = position
    switch peek {
    case "{":
      return JSONValue(.object(try nested { (parser) throws(SettingsError) in try parser.object() }), at: start)
    case "[":
      return JSONValue(.array(try nested { (parser) throws(SettingsError) in try parser.array() }), at: start)
    case "\"", "'": return JSONValue(.string(try string()), at: start)
    case let scalar? where Self.beginsNumber(scalar): return JSONValue(try number(), at: start)
    case let scalar? where Self.beginsIdentifier(scalar): return JSONValue(try word(), at: start)
    default: throw expected("a value")
    }
  }

  private mutating func word() throws(SettingsError) -> JSONValue.Content {
    let start = position
    let word = try identifier()
    switch word {
    case "null": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "Infinity", "NaN": throw SettingsError("\(word) is not accepted; expected a finite number", at: start)
    default: throw SettingsError("expected a value, found '\(word)'; text needs quotes: \"\(word)\"", at: start)
    }
  }

  private mutating func nested<Result>(
    _ body: (inout JSON5Parser) throws(SettingsError) -> Result
  ) throws(SettingsError) -> Result {
    guard depth < Self.maximumDepth else {
      throw SettingsError("nested more than \(Self.maximumDepth) levels deep", at: position)
    }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }

  private mutating func object() throws(SettingsError) -> [JSONValue.Member] {
    let opening = position
    advance()
    var members: [JSONValue.Member] = []
    var positions: [String: SourcePosition] = [:]
    try skipSpace()
    while peek != "}" {
      let keyPosition = position
      let key = try self.key(after: opening)
      if let first = positions.updateValue(keyPosition, forKey: key) {
        throw SettingsError("key '\(key)' is given twice, first on line \(first.line)", at: keyPosition)
      }
      try skipSpace()
      guard peek == ":" else { throw expected("':' after key '\(key)'") }
      advance()
      try skipSpace()
      members.append(JSONValue.Member(key, try value(), keyPosition: keyPosition))
      try separator(closing: "}", after: "the value of '\(key)'", opening: opening)
    }
    advance()
    return members
  }

  private mutating func array() throws(SettingsError) -> [JSONValue] {
    let opening = position
    advance()
    var elements: [JSONValue] = []
    try skipSpace()
    while peek != "]" {
      if peek == nil { throw unclosed("[", opening) }
      elements.append(try value())
      try separator(closing: "]", after: "element \(elements.count)", opening: opening)
    }
    advance()
    return elements
  }

  /// Passes a comma, or stops in front of `closing`.
  private mutating func separator(
    closing: Unicode.Scalar, after previous: String, opening: SourcePosition
  ) throws(SettingsError) {
    try skipSpace()
    if peek == "," {
      advance()
      try skipSpace()
    } else if peek == nil {
      throw unclosed(closing == "}" ? "{" : "[", opening)
    } else if peek != closing {
      throw expected("',' or '\(closing)' after \(previous)")
    }
  }

  private mutating func key(after opening: SourcePosition) throws(SettingsError) -> String {
    switch peek {
    case "\"", "'": return try string()
    case let scalar? where Self.beginsIdentifier(scalar): return try identifier()
    case nil: throw unclosed("{", opening)
    default: throw expected("a key or '}'")
    }
  }

  // MARK: Position and errors

  var position: SourcePosition { SourcePosition(file: file, line: line, column: index - lineStart + 1) }
  var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

  mutating func advance() {
    let scalar = scalars[index]
    index += 1
    // "\r\n" ends one line: its "\r" waits for the "\n".
    if Self.isLineTerminator(scalar), !(scalar == "\r" && peek == "\n") {
      line += 1
      lineStart = index
    }
  }

  func expected(_ what: String) -> SettingsError {
    SettingsError("expected \(what), found \(found)", at: position)
  }

  private func unclosed(_ bracket: String, _ opening: SourcePosition) -> SettingsError {
    SettingsError(
      "the file ends before '\(bracket)' of \(opening.words) is closed", at: position)
  }

  private var found: String {
    guard let scalar = peek else { return "the end of the file" }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .unassigned, .privateUse:
      return "U+" + String(scalar.value, radix: 16, uppercase: true)
    default: return "'\(scalar)'"
    }
  }

  /// Skips white space and comments.
  mutating func skipSpace() throws(SettingsError) {
    while let scalar = peek {
      if Self.isSpace(scalar) || Self.isLineTerminator(scalar) {
        advance()
      } else if scalar == "/", index + 1 < scalars.count, scalars[index + 1] == "/" {
        while let scalar = peek, !Self.isLineTerminator(scalar) { advance() }
      } else if scalar == "/", index + 1 < scalars.count, scalars[index + 1] == "*" {
        try skipBlockComment()
      } else {
        return
      }
    }
  }

  private mutating func skipBlockComment() throws(SettingsError) {
    let start = position
    advance()
    advance()
    while peek != nil {
      if peek == "*", index + 1 < scalars.count, scalars[index + 1] == "/" {
        advance()
        advance()
        return
      }
      advance()
    }
    throw SettingsError("the comment that begins here is not closed by '*/'", at: start)
  }
}

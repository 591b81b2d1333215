// Strings, numbers, identifiers, and the classes of characters that JSON5 takes from ECMAScript 5.1.

extension JSON5Parser {
  static func isLineTerminator(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\n" || scalar == "\r" || scalar == "\u{2028}" || scalar == "\u{2029}"
  }

  static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\t", "\u{B}", "\u{C}", " ", "\u{FEFF}": true
    default: scalar.properties.generalCategory == .spaceSeparator
    }
  }

  static func beginsIdentifier(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "$" || scalar == "_" || scalar == "\\" || scalar.properties.isIDStart
  }

  static func continuesIdentifier(_ scalar: Unicode.Scalar) -> Bool {
    beginsIdentifier(scalar) || scalar.properties.isIDContinue || scalar == "\u{200C}" || scalar == "\u{200D}"
  }

  static func beginsNumber(_ scalar: Unicode.Scalar) -> Bool {
    isDigit(scalar) || scalar == "." || scalar == "+" || scalar == "-"
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  // MARK: Identifiers

  /// - Precondition: the next character begins an identifier.
  mutating func identifier() throws(SettingsError) -> String {
    var name = String.UnicodeScalarView()
    while let scalar = peek, Self.continuesIdentifier(scalar) {
      guard scalar == "\\" else {
        name.append(scalar)
        advance()
        continue
      }
      let start = position
      advance()
      guard peek == "u" else { throw expected("'u' after '\\' in a key") }
      advance()
      let escaped = try unicodeEscape(from: start)
      let allowed = name.isEmpty ? Self.beginsIdentifier(escaped) : Self.continuesIdentifier(escaped)
      guard allowed, escaped != "\\" else {
        throw SettingsError("this escape is not a letter or digit; put the key in quotes", at: start)
      }
      name.append(escaped)
    }
    return String(name)
  }

  // MARK: Strings

  /// - Precondition: the next character is a quote.
  mutating func string() throws(SettingsError) -> String {
    let start = position
    let quote = peek
    advance()
    var text = String.UnicodeScalarView()
    while let scalar = peek {
      switch scalar {
      case quote:
        advance()
        return String(text)
      case "\\":
        if let escaped = try escape() { text.append(escaped) }
      case "\n", "\r":
        throw SettingsError("the text that begins here has no closing quote on its line", at: start)
      default:
        text.append(scalar)
        advance()
      }
    }
    throw SettingsError("the text that begins here has no closing quote", at: start)
  }

  /// The character that an escape stands for; `nil` for an escaped end of line, which joins two lines.
  private mutating func escape() throws(SettingsError) -> Unicode.Scalar? {
    let start = position
    advance()
    guard let scalar = peek else { throw expected("an escaped character") }
    advance()
    switch scalar {
    case "b": return "\u{8}"
    case "f": return "\u{C}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "v": return "\u{B}"
    case "0":
      if let next = peek, Self.isDigit(next) { throw SettingsError("octal escapes are not JSON5", at: start) }
      return "\0"
    case "1"..."9": throw SettingsError("'\\\(scalar)' is not an escape of JSON5", at: start)
    case "x":
      guard let escaped = Unicode.Scalar(try hexadecimal(digits: 2)) else { throw expected("a character code") }
      return escaped
    case "u": return try unicodeEscape(from: start)
    case "\r":
      if peek == "\n" { advance() }
      return nil
    case _ where Self.isLineTerminator(scalar): return nil
    default: return scalar
    }
  }

  /// The rest of `\uXXXX`, or of the two escapes of a surrogate pair.
  private mutating func unicodeEscape(from start: SourcePosition) throws(SettingsError) -> Unicode.Scalar {
    let first = try hexadecimal(digits: 4)
    if let scalar = Unicode.Scalar(first) { return scalar }
    if first < 0xDC00, peek == "\\", index + 1 < scalars.count, scalars[index + 1] == "u" {
      advance()
      advance()
      let second = try hexadecimal(digits: 4)
      if (0xDC00...0xDFFF).contains(second),
        let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
      {
        return scalar
      }
    }
    throw SettingsError("half of a surrogate pair is not a character", at: start)
  }

  private mutating func hexadecimal(digits: Int) throws(SettingsError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let scalar = peek, let digit = Character(scalar).hexDigitValue, scalar.isASCII else {
        throw expected("\(digits) hexadecimal digits")
      }
      value = value << 4 + UInt32(digit)
      advance()
    }
    return value
  }

  // MARK: Numbers

  /// - Precondition: the next character begins a number.
  mutating func number() throws(SettingsError) -> JSONValue.Content {
    let start = position
    let first = index
    if peek == "+" || peek == "-" { advance() }
    while let scalar = peek {
      let afterExponent = (scalar == "+" || scalar == "-") && isExponentMark(scalars[index - 1], from: first)
      guard Self.continuesIdentifier(scalar) || scalar == "." || afterExponent else { break }
      advance()
    }
    let spelling = String(String.UnicodeScalarView(scalars[first..<index]))
    guard let content = Self.number(spelling) else {
      let unsigned = spelling.drop { $0 == "+" || $0 == "-" }
      let isFinite = unsigned != "Infinity" && unsigned != "NaN" && Self.decimal(spelling) == nil
      throw SettingsError(
        isFinite ? "'\(spelling)' is not a number" : "\(spelling) is not accepted; expected a finite number", at: start)
    }
    return content
  }

  /// Whether `scalar` is the e of a decimal number; in `0x1e+2` it is a digit.
  private func isExponentMark(_ scalar: Unicode.Scalar, from first: Int) -> Bool {
    guard scalar == "e" || scalar == "E" else { return false }
    return !scalars[first..<index].contains { $0 == "x" || $0 == "X" }
  }

  /// The value of a complete number, or `nil` if it is malformed or not finite.
  private static func number(_ spelling: String) -> JSONValue.Content? {
    let isNegative = spelling.hasPrefix("-")
    let unsigned = spelling.drop { $0 == "+" || $0 == "-" }
    guard spelling.count - unsigned.count <= 1 else { return nil }
    if unsigned.hasPrefix("0x") || unsigned.hasPrefix("0X") {
      // Swift's own reading would take a second sign.
      let digits = unsigned.dropFirst(2)
      guard digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return nil }
      return Int((isNegative ? "-" : "") + digits, radix: 16).map { .integer($0) }
    }
    if !unsigned.isEmpty, unsigned.allSatisfy({ $0.isASCII && $0.isNumber }) {
      guard unsigned.count == 1 || !unsigned.hasPrefix("0") else { return nil }
      // "-0" is the floating-point zero that has a sign.
      if isNegative, unsigned == "0" { return .number(-0.0) }
      if let value = Int(spelling) { return .integer(value) }
    }
    guard let value = decimal(spelling), value.isFinite else { return nil }
    return .number(value)
  }

  /// `[sign] digits [. digits] [e [sign] digits]` with digits before or after the point; infinite if too large.
  private static func decimal(_ spelling: String) -> Double? {
    let unsigned = spelling.drop { $0 == "+" || $0 == "-" }
    let parts = unsigned.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
    let mantissa = parts[0].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let isDigits = { (text: Substring) in text.allSatisfy { $0.isASCII && $0.isNumber } }
    let exponent = parts.count == 2 ? parts[1] : "0"
    let exponentDigits = exponent.first == "+" || exponent.first == "-" ? exponent.dropFirst() : exponent
    guard mantissa.allSatisfy(isDigits), mantissa.contains(where: { !$0.isEmpty }),
      isDigits(exponentDigits), !exponentDigits.isEmpty,
      mantissa[0].count <= 1 || mantissa[0].first != "0"
    else { return nil }
    let whole = mantissa[0].isEmpty ? "0" : mantissa[0]
    let fraction = mantissa.count == 2 && !mantissa[1].isEmpty ? mantissa[1] : "0"
    let sign = spelling.hasPrefix("-") ? "-" : ""
    return Double("\(sign)\(whole).\(fraction)e\(exponent)")
  }
}

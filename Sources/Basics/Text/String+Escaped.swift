extension String {
  /// The text on one line, fit for a terminal or a log whatever a file holds: control characters, line breaks,
  /// separators, and invisible characters that change the direction or the look of a line stand as escapes, such as
  /// `\n` or `\u{1B}`.
  ///
  /// A text that was escaped already stays as it is.
  public var escaped: String { escaped(keeping: []) }

  /// As `escaped`, but the text keeps its line breaks and tabs: for tables and reports, whose own names are escaped.
  public var escapedLines: String { escaped(keeping: ["\n", "\t"]) }

  /// The text with its middle left out where it has more than `limit` characters.
  public func shortened(to limit: Int) -> String {
    // Two bytes and more make a character at times, never the reverse.
    guard utf8.count > limit, count > limit else { return self }
    let tail = limit / 3
    return prefix(limit - tail - 1) + "…" + suffix(tail)
  }

  /// The name of something in a file, as messages show it: escaped, and of at most 120 characters.
  public var shownName: String { escaped.shortened(to: 120) }

  private func escaped(keeping kept: Set<Unicode.Scalar>) -> String {
    guard unicodeScalars.contains(where: { $0.isUnfitForTerminals && !kept.contains($0) }) else { return self }
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if scalar.isUnfitForTerminals && !kept.contains(scalar) {
        result.append(contentsOf: scalar.escape.unicodeScalars)
      } else {
        result.append(scalar)
      }
    }
    return String(result)
  }
}

extension Unicode.Scalar {
  /// Whether it moves the cursor, ends a line or hides in it: control characters (C0, DEL, C1), the separators of lines
  /// and paragraphs, and format characters, such as those that reverse the direction of writing. The two joiners, which
  /// several scripts need, are fit.
  public var isUnfitForTerminals: Bool {
    if value < 0x7F { return value < 0x20 }
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: return true
    case .format: return value != 0x200C && value != 0x200D
    default: return false
    }
  }

  fileprivate var escape: String {
    switch self {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    default: "\\u{\(String(value, radix: 16, uppercase: true))}"
    }
  }
}

extension Sequence<String> {
  /// Names in a file, as messages list them: the first 20, each as `shownName`; "none" where there is none.
  public func shownList(none: String = "none") -> String {
    let names = Array(prefix(21)).map(\.shownName)
    return names.isEmpty ? none : names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "")
  }
}

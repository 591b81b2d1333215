extension JSONValue {
  /// Plain JSON over several lines, indented by two spaces, without a closing newline.
  ///
  /// Keys keep their order and numbers are the shortest text that reads back to the same bits, so equal values have
  /// equal text. Numbers that are not finite become null, for which JSON has no other spelling.
  public var text: String {
    var text = ""
    write(to: &text, indentation: 0)
    return text
  }

  /// The same JSON on one line, as a JSON Lines file needs it.
  public var line: String {
    var text = ""
    write(to: &text, indentation: nil)
    return text
  }

  /// - Parameter indentation: the depth of this value, or `nil` to stay on one line.
  private func write(to text: inout String, indentation: Int?) {
    switch content {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let value): text += value.isFinite ? value.description : "null"
    case .string(let value): Self.write(quoted: value, to: &text)
    case .array(let elements):
      // A list of plain values reads best on one line, also in a document of many.
      let inner = elements.contains(where: \.isContainer) ? indentation : nil
      Self.write(elements, open: "[", close: "]", indentation: inner, to: &text) { element, text, depth in
        element.write(to: &text, indentation: depth)
      }
    case .object(let members):
      Self.write(members, open: "{", close: "}", indentation: indentation, to: &text) { member, text, depth in
        Self.write(quoted: member.key, to: &text)
        text += ": "
        member.value.write(to: &text, indentation: depth)
      }
    }
  }

  private var isContainer: Bool {
    switch content {
    case .array, .object: true
    default: false
    }
  }

  private static func write<Item>(
    _ items: [Item], open: String, close: String, indentation: Int?, to text: inout String,
    each: (Item, inout String, Int?) -> Void
  ) {
    text += open
    let depth = indentation.map { $0 + 1 }
    for (index, item) in items.enumerated() {
      if index > 0 { text += depth == nil ? ", " : "," }
      if let depth { text += "\n" + String(repeating: "  ", count: depth) }
      each(item, &text, depth)
    }
    if let indentation, !items.isEmpty { text += "\n" + String(repeating: "  ", count: indentation) }
    text += close
  }

  private static func write(quoted value: String, to text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.isUnfitForTerminals:
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16)
          text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

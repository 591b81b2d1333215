/// An element of an XML document: its name, its text and the elements in it. Attributes are passed over.
///
/// A strict reader of what annotations consist of: UTF-8, elements, text, the five named entities and numbered
/// characters, CDATA, comments and processing instructions. A document type is refused, and with it what can make a
/// small document large.
struct XMLElement {
  let name: String
  /// Without space around it.
  fileprivate(set) var text = ""
  fileprivate(set) var children: [XMLElement] = []

  /// What is wrong with a document, and in which line.
  struct Fault: Error {
    let line: Int
    let reason: String
  }

  /// Reads a document.
  init(_ bytes: [UInt8]) throws(Fault) {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw Fault(line: 1, reason: "is not UTF-8 text") }
    var reader = XMLReader(text)
    self = try reader.document()
  }

  fileprivate init(name: String) { self.name = name }

  /// The first element of a name in this one.
  func first(_ name: String) -> XMLElement? { children.first { $0.name == name } }
}

private struct XMLReader {
  private let text: [UInt8]
  private var place = 0
  private static let depthLimit = 100

  init(_ text: String) { self.text = Array(text.utf8) }

  private func fault(_ reason: String) -> XMLElement.Fault {
    XMLElement.Fault(line: 1 + text[..<min(place, text.count)].count { $0 == 0x0A }, reason: reason)
  }

  mutating func document() throws(XMLElement.Fault) -> XMLElement {
    if text.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
    try skipMisc()
    guard starts(with: "<") else { throw fault("is no XML: expected an element") }
    let root = try element(depth: 0)
    try skipMisc()
    guard place == text.count else { throw fault("something stands behind the outermost element") }
    return root
  }

  private func starts(with word: String) -> Bool { text[place...].starts(with: word.utf8) }

  private mutating func skipSpace() {
    while place < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[place]) { place += 1 }
  }

  /// Passes over space, comments and processing instructions.
  private mutating func skipMisc() throws(XMLElement.Fault) {
    while true {
      skipSpace()
      if starts(with: "<?") {
        try skip(past: "?>")
      } else if starts(with: "<!--") {
        try skip(past: "-->")
      } else if starts(with: "<!") {
        throw fault("has a document type, which is not read; take it out")
      } else {
        return
      }
    }
  }

  /// Passes over all to the end of the next `end`, and returns what stands before it.
  @discardableResult
  private mutating func skip(past end: String) throws(XMLElement.Fault) -> ArraySlice<UInt8> {
    let start = place
    while place < text.count {
      if starts(with: end) {
        defer { place += end.utf8.count }
        return text[start..<place]
      }
      place += 1
    }
    place = start
    throw fault("'\(end)' is missing")
  }

  private mutating func name() throws(XMLElement.Fault) -> String {
    let start = place
    while place < text.count, ![0x20, 0x09, 0x0A, 0x0D, 0x3E, 0x2F, 0x3D, 0x3C, 0x22, 0x27].contains(text[place]) {
      place += 1
    }
    guard place > start else { throw fault("a name is missing") }
    return String(decoding: text[start..<place], as: UTF8.self)
  }

  /// Reads the element that begins here.
  private mutating func element(depth: Int) throws(XMLElement.Fault) -> XMLElement {
    guard depth < Self.depthLimit else { throw fault("elements are nested too deep") }
    place += 1
    var element = XMLElement(name: try name())
    while true {
      skipSpace()
      if starts(with: "/>") {
        place += 2
        return element
      }
      if starts(with: ">") {
        place += 1
        break
      }
      _ = try name()
      skipSpace()
      guard starts(with: "=") else { throw fault("<\(element.name.shownName)> is not closed by >") }
      place += 1
      skipSpace()
      guard starts(with: "\"") || starts(with: "'") else { throw fault("the value of an attribute has no quotes") }
      let quote = starts(with: "'") ? "'" : "\""
      place += 1
      try skip(past: quote)
    }
    try content(of: &element, depth: depth)
    return element
  }

  private mutating func content(of element: inout XMLElement, depth: Int) throws(XMLElement.Fault) {
    var bytes: [UInt8] = []
    while place < text.count {
      if starts(with: "</") {
        place += 2
        let end = try name()
        skipSpace()
        guard end == element.name, starts(with: ">") else {
          throw fault("</\(end.shownName)> closes <\(element.name.shownName)>")
        }
        place += 1
        element.text = String(decoding: bytes, as: UTF8.self).trimmingSpace
        return
      } else if starts(with: "<![CDATA[") {
        place += 9
        bytes += try skip(past: "]]>")
      } else if starts(with: "<!--") {
        try skip(past: "-->")
      } else if starts(with: "<?") {
        try skip(past: "?>")
      } else if starts(with: "<") {
        element.children.append(try self.element(depth: depth + 1))
      } else if starts(with: "&") {
        place += 1
        bytes += try entity(skip(past: ";"))
      } else {
        bytes.append(text[place])
        place += 1
      }
    }
    throw fault("<\(element.name.shownName)> is never closed")
  }

  private func entity(_ name: ArraySlice<UInt8>) throws(XMLElement.Fault) -> [UInt8] {
    let name = String(decoding: name, as: UTF8.self)
    if let character = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"][name] {
      return Array(character.utf8)
    }
    let digits = name.dropFirst(name.hasPrefix("#x") ? 2 : 1)
    guard name.hasPrefix("#"), let number = UInt32(digits, radix: name.hasPrefix("#x") ? 16 : 10), number > 0,
      let scalar = Unicode.Scalar(number)
    else { throw fault("the entity '&\(name.shownName);' is not known") }
    return Array(String(Character(scalar)).utf8)
  }
}

extension String {
  fileprivate var trimmingSpace: String {
    let isSpace = { (character: Character) in character.isWhitespace }
    return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }
}

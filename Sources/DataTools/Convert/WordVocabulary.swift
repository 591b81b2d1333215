import HDF5Storage

/// Numbers for words: 0 the padding, 1 any word that is not known, then the words from the commonest on.
struct WordVocabulary {
  static let padding = 0
  static let unknown = 1
  /// What stands in place of words in the first lines of the list.
  private static let reserved = ["<padding>", "<unknown>"]

  /// Every number's word.
  let words: [String]
  private let numbers: [String: Int]

  /// The greatest number that a text can hold, and one more.
  var count: Int { words.count }

  private init(words: [String]) {
    self.words = words
    numbers = Dictionary(zip(words, 0...), uniquingKeysWith: { first, _ in first })
  }

  /// The words of `texts`, the commonest first, equally common ones in alphabetical order.
  ///
  /// - Parameter limit: at most this many numbers, padding and unknown included; the rarest words go without.
  init(texts: [[String]], limit: Int) {
    var counts: [String: Int] = [:]
    for word in texts.joined() { counts[word, default: 0] += 1 }
    let sorted = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    self.init(words: Self.reserved + sorted.prefix(max(0, limit - Self.reserved.count)))
  }

  /// The list that `lines` wrote.
  init?(lines: String) {
    let words = lines.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard words.starts(with: Self.reserved) else { return nil }
    self.init(words: words)
  }

  /// The words, one a line; a word's number is that of its line, from 0.
  var lines: String { words.joined(separator: "\n") }

  /// The numbers of the words of a text, cut or filled up at the end to `length`. A text without words is one unknown word.
  func encode(_ words: [String], length: Int) -> [Int] {
    let known = words.isEmpty ? [Self.unknown] : words.prefix(length).map { numbers[$0] ?? Self.unknown }
    return known + [Int](repeating: Self.padding, count: length - known.count)
  }

  /// The words of a text in lower case: runs of letters, digits and apostrophes, as Unicode has them, without apostrophes around
  /// them. A typographic apostrophe is taken for the plain one.
  static func words(of text: String) -> [String] {
    let plain = String(text.lowercased().map { $0 == "\u{2019}" ? "'" : $0 })
    return plain.split { !($0.isLetter || $0.isNumber || $0 == "'") }.compactMap { run in
      let word = run.drop { $0 == "'" }
      guard let last = word.lastIndex(where: { $0 != "'" }) else { return nil }
      return String(word[...last])
    }
  }
}

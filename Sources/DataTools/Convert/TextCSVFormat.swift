import Basics
public import DataPipeline
import HDF5Storage
public import Settings

/// Comma-separated values with a text in one column and its class in another.
public struct TextCSVFormat: RepeatableFormat {
  public static let name = "text-csv"
  public static let operands = "FILE.csv"
  public static let summary = "texts with a class each: x is words by number, filled up with zeros"
  public static let discussion = """
    0 is padding, 1 any unknown word, then the commonest words of the training split; they are the attribute 'words' \
    of x. Without --text it is the column named text, review, sentence, comment, message, content, tweet or document, \
    otherwise the first beside the label's. Without --label it is as for csv, also sentiment, category, polarity, \
    rating or stars. --header auto: yes if a column is so named or named by --text or --label, no if the line has a \
    number.
    """
  public static let options =
    [
      Option(
        "--text", \TextCSVFormat.text, "NAME|INDEX", default: "by name",
        "the column of texts, by name or by number from 0 (-1 is the last)"),
      Option(
        "--length", \TextCSVFormat.length, "N", .closed(1, 65_536), default: "by texts",
        "words of a row, longer texts are cut; by texts: the longest to train on, at most \(greatestTextLength)"),
      Option(
        "--vocabulary", \TextCSVFormat.vocabulary, "N", .closed(3, 1 << 24), default: "\(usualVocabularySize)",
        "the most numbers of words, of which padding and unknown words take two"),
    ] + TableOptions.options.map { $0.lifted(\TextCSVFormat.table) }

  public var table = TableOptions()
  /// The name or number of the text's column; nil for one with a usual name, or the first that is not the label's.
  public var text: String?
  /// Words of a row; nil for the longest of the training split, up to `greatestTextLength`.
  public var length: Int?
  /// The size of the vocabulary, padding and unknown words included; nil for `usualVocabularySize`.
  public var vocabulary: Int?
  /// Words, length and classes of earlier data.
  private var model: TextEncoding?
  /// What earlier data say of how they were made.
  private(set) var preparation: JSONValue?

  /// The longest text that a length found by itself keeps whole.
  static let greatestTextLength = 256
  /// The size of the vocabulary where none is given.
  static let usualVocabularySize = 10_000

  public init() {}

  public func check() throws { try table.check() }

  public var companions: [String] { [table.testFile].compactMap(\.self) }

  public static func reads(_ path: String) -> Bool { CSVFormat.reads(path) }

  /// Takes words, length and classes.
  public mutating func follow(_ preparation: JSONValue, _ names: DataNames, of owner: String) throws {
    for (option, value) in [("--length", length), ("--vocabulary", vocabulary)] where value != nil {
      throw Failure.usage("\(option) and --like exclude each other: \(owner) decides")
    }
    model = try TextEncoding(preparation, names, of: owner)
    self.preparation = preparation
    let defaults = Self()
    for setting in Self.settings where Self.readingKeys.contains(setting.key) {
      guard let value = preparation[setting.key], setting.json(of: self) == setting.json(of: defaults) else { continue }
      try setting.read(value, as: setting.key, into: &self)
    }
  }

  /// The options that say how the file is written, for new texts to be read alike.
  private static let readingKeys = ["header", "encoding", "delimiter"]

  /// What is stored with word numbers, so that new texts become such in the same way.
  private func preparation(_ encoding: TextEncoding, _ table: LabelledTexts) -> JSONValue {
    if let preparation { return preparation }
    let defaults = Self()
    let reading = Self.settings.compactMap { setting -> JSONValue.Member? in
      let value = setting.json(of: self)
      guard Self.readingKeys.contains(setting.key), value != setting.json(of: defaults) else { return nil }
      return JSONValue.Member(setting.key, value)
    }
    return .object(
      [.init("format", .string(Self.name)), .init("length", .integer(encoding.length))] + reading + [
        .init("text_column", table.textKey.json), .init("label_column", table.labelKey?.json ?? .null),
      ])
  }

  /// Writes labelled texts as rows of word numbers, filled up with zeros, with the vocabulary and the classes as
  /// attributes.
  ///
  /// Vocabulary and length are found on the training split, or taken from the file `like`, whose classes bind then too.
  public func write(_ sources: [String], to file: OutputFile) throws {
    try requireOne(sources, "name the test split's with --test-file")
    let tables = try [sources[0], table.testFile].compactMap(\.self).map { path throws in
      try LabelledTexts(path: path, options: self, labelsRequired: model == nil)
    }
    guard tables.allSatisfy({ ($0.labels == nil) == (tables[0].labels == nil) }) else {
      throw Failure.data(
        "\(sources[0]) and \(table.testFile ?? ""): only one of the two has labels; name them with --label")
    }
    let names = try Self.classNames(of: tables, like: model)
    let firstSplit = model == nil || table.testFile != nil ? "train" : "test"
    var splits = tables.enumerated().map {
      (name: $0 == 0 ? firstSplit : "test", table: $1, rows: Array($1.texts.indices))
    }
    if let fraction = table.test {
      let groups = tables[0].labels?.map { names.firstIndex(of: $0) ?? 0 } ?? tables[0].texts.map { _ in 0 }
      let split = try TestSplit(groups: groups, fraction: fraction, seed: table.seed)
      splits = [("train", tables[0], split.train), ("test", tables[0], split.test)]
    }
    let texts = splits.map { split in split.rows.map { WordVocabulary.words(of: split.table.texts[$0]) } }
    let encoding =
      if let model { model } else {
        try TextEncoding(training: texts[0], limit: vocabulary ?? Self.usualVocabularySize, length: length)
      }
    let numbers = Dictionary(zip(names, Int32(0)...), uniquingKeysWith: { first, _ in first })
    for (split, texts) in zip(splits, texts) {
      try Self.write(texts, encoding, to: "/\(split.name)/x", of: file)
      try file.setPreparation(preparation(encoding, tables[0]), of: "/\(split.name)/x")
      guard let labels = split.table.labels else { continue }
      let path = "/\(split.name)/y"
      try file.write(path, shape: [split.rows.count], split.rows.map { numbers[labels[$0]] ?? 0 })
      try file.setLines("classes", names, of: path)
      if let name = split.table.labelName { try file.setLines("name", [name], of: path) }
    }
  }

  /// The names of the classes in order; none where there are no labels.
  ///
  /// - Throws: if a label is not among the classes of the file that is to be followed.
  private static func classNames(of tables: [LabelledTexts], like model: TextEncoding?) throws -> [String] {
    guard let model else { return CSVLabels.classNames(tables.compactMap(\.labels).joined()) }
    for table in tables {
      guard let row = table.labels?.firstIndex(where: { !model.classes.contains($0) }) else { continue }
      throw Failure.data(
        "\(table.path): the label '\(table.labels?[row].onOneLine ?? "")' of record \(row + 1) is none of the classes "
          + "of \(model.path): \(model.classes.joined(separator: ", "))")
    }
    return model.classes
  }

  private static func write(
    _ texts: [[String]], _ encoding: TextEncoding, to path: String, of file: OutputFile
  ) throws {
    let shape = [texts.count, encoding.length]
    let numbers = texts.flatMap { encoding.vocabulary.encode($0, length: encoding.length) }
    switch encoding.vocabulary.count {
    case ...256: try file.write(path, shape: shape, numbers.map { UInt8($0) })
    case ...65_536: try file.write(path, shape: shape, numbers.map { UInt16($0) })
    default: try file.write(path, shape: shape, numbers.map { Int32($0) })
    }
    // A text of variable length lies outside of the 64 KiB that an attribute has.
    try file.file.setAttribute("words", to: encoding.vocabulary.lines, of: path)
    try file.file.setAttribute("valid_max", to: encoding.vocabulary.count - 1, of: path)
  }
}

/// How texts become rows of numbers.
private struct TextEncoding {
  /// The file that it comes from; empty where it was found on the training split.
  var path = ""
  let vocabulary: WordVocabulary
  /// Words of a row.
  let length: Int
  var classes: [String] = []

  /// - Parameters:
  ///   - limit: numbers of the vocabulary.
  ///   - length: nil for the longest text, up to `TextCSVFormat.greatestTextLength`.
  init(training texts: [[String]], limit: Int, length: Int?) throws {
    self.length = length ?? min(TextCSVFormat.greatestTextLength, max(1, texts.lazy.map(\.count).max() ?? 1))
    vocabulary = WordVocabulary(texts: texts, limit: limit)
    guard vocabulary.count > 2 else {
      throw Failure.data("the training split has no word; is it the right column? See --text")
    }
  }

  /// That of earlier data.
  init(_ preparation: JSONValue, _ names: DataNames, of owner: String) throws {
    guard let length = try preparation["length"]?.requireInteger("length"), length > 0,
      let vocabulary = names.words.flatMap({ WordVocabulary($0) })
    else { throw Failure.data("\(owner): was not made by data convert text-csv: it has no list of words") }
    (self.path, self.vocabulary, self.length) = (owner, vocabulary, length)
    classes = names.classes ?? []
  }
}

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

  /// The list of earlier data.
  init?(_ words: [String]) {
    guard words.starts(with: Self.reserved) else { return nil }
    self.init(words: words)
  }

  /// The words, one a line; a word's number is that of its line, from 0.
  var lines: String { words.joined(separator: "\n") }

  /// The numbers of the words of a text, cut or filled up at the end to `length`. A text without words is one unknown
  /// word.
  func encode(_ words: [String], length: Int) -> [Int] {
    let known = words.isEmpty ? [Self.unknown] : words.prefix(length).map { numbers[$0] ?? Self.unknown }
    return known + [Int](repeating: Self.padding, count: length - known.count)
  }

  /// The words of a text in lower case: runs of letters, digits and apostrophes, as Unicode has them, without
  /// apostrophes around them. A typographic apostrophe is taken for the plain one.
  static func words(of text: String) -> [String] {
    let plain = String(text.lowercased().map { $0 == "\u{2019}" ? "'" : $0 })
    return plain.split { !($0.isLetter || $0.isNumber || $0 == "'") }.compactMap { run in
      let word = run.drop { $0 == "'" }
      guard let last = word.lastIndex(where: { $0 != "'" }) else { return nil }
      return String(word[...last])
    }
  }
}

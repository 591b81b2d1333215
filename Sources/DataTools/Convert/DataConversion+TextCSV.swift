import Basics
import HDF5Storage

extension DataConversion {
  /// The longest text that a length found by itself keeps whole.
  static let greatestTextLength = 256
  /// The numbers of a vocabulary whose size nobody gave.
  static let usualVocabularySize = 10_000

  /// Writes labelled texts as rows of word numbers, filled up with zeros, with the vocabulary and the classes as attributes.
  ///
  /// Vocabulary and length are found on the training split, or taken from the file `options.like`, whose classes bind then too.
  static func convertTextCSV(_ source: String, _ options: ConversionOptions, to file: OutputFile) throws {
    let model = try options.like.map { path throws in try TextEncoding(like: path, options) }
    try options.checkTestSplit()
    let tables = try [source, options.testFile].compactMap(\.self).map { path throws in
      try TextTable(path: path, options: options, labelsRequired: model == nil)
    }
    guard tables.allSatisfy({ ($0.labels == nil) == (tables[0].labels == nil) }) else {
      throw Failure.data("\(source) and \(options.testFile ?? ""): only one of the two has labels; name them with --label")
    }
    let names = try classNames(of: tables, like: model)
    var splits = tables.enumerated().map {
      (name: $0 == 0 ? "train" : "test", table: $1, rows: Array($1.texts.indices))
    }
    if let fraction = options.testFraction {
      let groups = tables[0].labels?.map { names.firstIndex(of: $0) ?? 0 } ?? tables[0].texts.map { _ in 0 }
      let split = try TestSplit(groups: groups, fraction: fraction, seed: options.seed)
      splits = [("train", tables[0], split.train), ("test", tables[0], split.test)]
    }
    let texts = splits.map { split in split.rows.map { WordVocabulary.words(of: split.table.texts[$0]) } }
    let encoding = if let model { model } else { try TextEncoding(training: texts[0], options) }
    let numbers = Dictionary(zip(names, Int32(0)...), uniquingKeysWith: { first, _ in first })
    for (split, texts) in zip(splits, texts) {
      try write(texts, encoding, to: "/\(split.name)/x", of: file)
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
  private static func classNames(of tables: [TextTable], like model: TextEncoding?) throws -> [String] {
    guard let model else { return CSVLabels.classNames(tables.compactMap(\.labels).joined()) }
    for table in tables {
      guard let row = table.labels?.firstIndex(where: { !model.classes.contains($0) }) else { continue }
      throw Failure.data(
        "\(table.path): the label '\(table.labels?[row].onOneLine ?? "")' of record \(row + 1) is none of the classes of "
          + "\(model.path): \(model.classes.joined(separator: ", "))")
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

  init(training texts: [[String]], _ options: ConversionOptions) throws {
    let size = options.vocabulary ?? DataConversion.usualVocabularySize
    guard (3...1 << 24).contains(size) else {
      throw Failure.usage(
        "--vocabulary \(size): expected 3 to \(1 << 24) numbers, of which padding and unknown words take two")
    }
    length = options.length ?? min(DataConversion.greatestTextLength, max(1, texts.lazy.map(\.count).max() ?? 1))
    guard (1...65_536).contains(length) else { throw Failure.usage("--length \(length): expected 1 to 65536 words") }
    vocabulary = WordVocabulary(texts: texts, limit: size)
    guard vocabulary.count > 2 else {
      throw Failure.data("the training split has no word; is it the right column? See --text")
    }
  }

  /// That of the training split of a file that was converted before.
  init(like path: String, _ options: ConversionOptions) throws {
    for (option, value) in [("--length", options.length), ("--vocabulary", options.vocabulary)] where value != nil {
      throw Failure.usage("\(option) and --like exclude each other: \(path) decides")
    }
    let file = try HDF5File.open(path)
    let words = try file.exists("/train/x") ? try file.stringAttribute("words", of: "/train/x") : nil
    let shape = try file.exists("/train/x") ? try file.dataset("/train/x").shape : []
    let stored = try file.exists("/train/y") ? try file.stringAttribute("classes", of: "/train/y") : nil
    guard let vocabulary = words.flatMap({ WordVocabulary(lines: $0) }), shape.count == 2, let classes = stored
    else {
      throw Failure.data("--like \(path): was not made by data convert text-csv: no words of /train/x, no classes of /train/y")
    }
    self.path = path
    self.vocabulary = vocabulary
    length = shape[1]
    self.classes = classes.split(separator: "\n").map(String.init)
  }
}

extension ConversionOptions {
  /// - Throws: `Failure` for a test split that is given twice or is no fraction.
  func checkTestSplit() throws {
    guard let testFraction else { return }
    try TestSplit.check(fraction: testFraction)
    guard testFile == nil else { throw Failure.usage("--test and --test-file exclude each other: the test split is either") }
  }
}

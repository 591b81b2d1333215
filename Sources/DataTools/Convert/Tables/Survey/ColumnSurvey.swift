import Basics

/// What the cells of one column are, as far as they have been seen.
struct ColumnSurvey {
  let field: Int
  /// Whether its cells are words whatever they look like.
  let isCategorical: Bool
  var numberCount = 0
  var missingCount = 0
  var textCount = 0
  /// Whether float32 would merge numbers of it.
  var isWide = false
  var firstNumberLine = 0
  var firstText: (text: String, line: Int)?
  var firstMissing: (text: String, line: Int)?
  /// The first text that is no date.
  var firstOther: (text: String, line: Int)?
  /// Texts that are dates, that have a time of day, and whose minutes are not 0.
  var dateCount = 0
  var hasTime = false
  var hasMinutes = false
  /// The bytes of the longest text.
  var longest = 1
  /// Texts that are true or false.
  var truthCount = 0
  /// The different texts; nil for more than there is memory for.
  var words: TextInterner?

  init(field: Int, isCategorical: Bool, wordLimit: Int) {
    (self.field, self.isCategorical) = (field, isCategorical)
    words = TextInterner(limit: wordLimit)
  }

  /// Takes in a cell that is no number.
  ///
  /// - Returns: whether it has a value.
  mutating func add(_ cell: UnsafeBufferPointer<UInt8>, line: Int) -> Bool {
    guard !CellWords.isMissing(cell) else {
      missingCount += 1
      if firstMissing == nil { firstMissing = (CellWords.text(cell), line) }
      return false
    }
    textCount += 1
    longest = max(longest, cell.count)
    if firstText == nil { firstText = (CellWords.text(cell), line) }
    if CellWords.truth(cell) != nil { truthCount += 1 }
    if let date = DateText(cell) {
      dateCount += 1
      if date.hasTime { hasTime = true }
      if date.minute != 0 { hasMinutes = true }
    } else if firstOther == nil {
      firstOther = (CellWords.text(cell), line)
    }
    if let words, words.intern(cell) == nil { self.words = nil }
    return true
  }

  /// The rule by which the column becomes features; words and fill values are found later.
  ///
  /// - Throws: for a column that no option says what to do with.
  func rule(_ heading: TableHeading, _ options: ColumnOptions) throws -> ColumnRule {
    guard textCount > 0 else { return .number(fill: nil) }
    if truthCount == textCount, numberCount == 0, !isCategorical { return .truth(fill: nil) }
    if dateCount == textCount, numberCount == 0, !isCategorical {
      guard options.dates == .parts else {
        throw Failure.data(
          "\(heading.place(field, line: firstText?.line ?? 0)): '\(firstText?.text.shownName ?? "")' is a date; give "
            + "--dates parts to take year, month, day and weekday of it, or leave the column out with --drop")
      }
      let parts = DatePart.allCases.filter { $0 != .hour && $0 != .minute || hasTime && ($0 == .hour || hasMinutes) }
      return .date(parts)
    }
    if numberCount > 0 { throw mixed(heading) }
    if let other = firstOther, dateCount * 2 >= textCount, !isCategorical {
      throw Failure.data(
        "\(heading.place(field, line: other.line)): '\(other.text.onOneLine.shownName)', expected a date as in most "
          + "lines; repair it, leave the column out with --drop, or take all of its cells for words with --categorical")
    }
    return try categoryRule(heading, options)
  }

  private func categoryRule(_ heading: TableHeading, _ options: ColumnOptions) throws -> ColumnRule {
    let limit =
      switch options.categories {
      case .automatic: options.categoryLimit
      case .oneHot: 65_536
      case .numbers: Self.greatestWordCount
      }
    guard let words, words.count <= limit else {
      let isFree = words.map { $0.count > textCount / 2 } ?? true
      throw Failure.data(
        "\(heading.path): the column \(heading.title(field)) has more than \(grouped(limit)) different words, such as "
          + "'\(firstText?.text.shownName ?? "")'; leave it out with --drop"
          + (isFree ? ", " : ", take its words as numbers with --categories numbers, raise --category-limit, ")
          + "or convert texts with data convert text-csv")
    }
    return options.categories == .numbers ? .numbers([], first: 1) : .oneHot([])
  }

  /// The most different words of a column that are kept apart.
  static let greatestWordCount = 1 << 20

  /// What is wrong with a column of numbers that has a text.
  func mixed(_ heading: TableHeading) -> Failure {
    let text = firstText?.text ?? ""
    let remedy =
      Self.looksLike(text, decimal: UInt8(ascii: ","))
      ? "is it a decimal comma? Give --decimal comma"
      : Self.looksGrouped(text)
        ? "does it group digits? Give --thousands with the character between"
        : "repair it, leave the column out with --drop, or take all of its cells for words with --categorical"
    return Failure.data(
      "\(heading.place(field, line: firstText?.line ?? 0)): '\(text.onOneLine.shownName)', expected a finite number as "
        + "in line \(firstNumberLine); \(remedy)")
  }

  private static func looksLike(_ text: String, decimal: UInt8) -> Bool {
    guard decimal != 0x2E, text.utf8.contains(decimal) else { return false }
    var text = text
    return text.withUTF8 { text in
      text.baseAddress.flatMap { NumberSyntax(decimal: decimal).number($0, text.count) } != nil
    }
  }

  private static func looksGrouped(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { text in
      guard let base = text.baseAddress else { return false }
      return [(".", ","), (",", "."), (".", " "), (",", " "), (".", "'"), (".", "_")].contains { decimal, mark in
        NumberSyntax(decimal: decimal.utf8.first ?? 0, thousands: mark.utf8.first).number(base, text.count) != nil
      }
    }
  }
}

import Basics

/// What the cells of a target column are, as far as they have been seen.
struct TargetSurvey {
  let field: Int
  private(set) var rowCount = 0
  /// The different cells; nil for more than `distinctLimit`.
  private(set) var texts: TextInterner? = TextInterner(limit: TargetSurvey.distinctLimit)
  /// How often each of them occurs, and in which row first.
  private(set) var occurrences: [(count: Int, firstRow: Int)] = []
  /// The first cell that is no finite number.
  private(set) var firstText: (text: String, row: Int)?
  /// Whether all cells are whole numbers within 64 bits.
  private(set) var isWhole = true
  /// Whether all cells are answers of yes or no.
  private(set) var isAnswer = true
  /// Whether float32 would merge numbers of it.
  private(set) var isWide = false
  /// The first cell beside numbers that only says that there is none, such as `NA`.
  private(set) var firstMissing: (text: String, line: Int)?
  private(set) var hasNumbers = false
  private(set) var hasWords = false
  /// The number of each row's cell among `texts`, where that is wanted.
  private(set) var codes: [Int32] = []
  private let keepsCodes: Bool
  let numbers: NumberSyntax

  /// The most different cells of classes.
  static let distinctLimit = 1 << 20

  init(field: Int, keepsCodes: Bool, numbers: NumberSyntax) {
    (self.field, self.keepsCodes, self.numbers) = (field, keepsCodes, numbers)
  }

  mutating func add(_ cell: UnsafeBufferPointer<UInt8>, line: Int) {
    let row = rowCount
    rowCount += 1
    if let texts {
      guard let code = texts.intern(cell) else {
        (self.texts, codes) = (nil, [])
        return look(cell, row, line)
      }
      if keepsCodes { codes.append(Int32(code)) }
      guard code == occurrences.count else {
        occurrences[code].count += 1
        return
      }
      occurrences.append((1, row))
    }
    look(cell, row, line)
  }

  private mutating func look(_ cell: UnsafeBufferPointer<UInt8>, _ row: Int, _ line: Int) {
    let text = CellWords.text(cell)
    if isAnswer, CellWords.answer(text) == nil { isAnswer = false }
    guard let number = TargetNumber(text, numbers) else {
      if firstText == nil { firstText = (text, row) }
      if CellWords.isMissing(cell) {
        if firstMissing == nil { firstMissing = (text, line) }
      } else {
        hasWords = true
      }
      return
    }
    hasNumbers = true
    if number.integer == nil { isWhole = false }
    if OutputFile.needsDouble(number.value) { isWide = true }
  }
}

/// The number in a cell of targets.
struct TargetNumber {
  let value: Double
  /// Exact also beyond 2⁵³; nil where it is not whole.
  let integer: Int64?

  /// Nil where the text is no finite number.
  init?(_ text: String, _ numbers: NumberSyntax) {
    var text = text
    let number =
      numbers == NumberSyntax()
      ? CSVLabels.number(text)
      : text.withUTF8 { text in text.baseAddress.flatMap { numbers.number($0, text.count) } }
    guard let number else { return nil }
    value = number
    // From the text where it is one, as a float64 would merge neighbours beyond 2⁵³.
    integer = Int64(text) ?? Int64(exactly: number)
  }
}

/// Finds words and fill values on the rows to train on.
final class RuleFitting {
  private let rules: TableRules
  private let fields: [Int]
  private let numbers: NumberSyntax
  /// The words of each rule that has such.
  private let words: [TextInterner?]
  private var sums: [(sum: Double, rest: Double, count: Int)]
  private var medians: MedianSearch?

  /// - Parameter valueCount: no more values than these.
  init(_ rules: TableRules, fields: [Int], _ numbers: NumberSyntax, valueCount: Int) {
    (self.rules, self.fields, self.numbers) = (rules, fields, numbers)
    words = rules.features.map { $0.rule.words == nil ? nil : TextInterner(limit: ColumnSurvey.greatestWordCount) }
    sums = rules.features.map { _ in (0, 0, 0) }
    if rules.missing == .median {
      medians = MedianSearch(columnCount: rules.features.count, valueCount: valueCount)
    }
  }

  /// Takes in a row to train on.
  func add(_ record: CSVReader.Record) {
    for (index, feature) in rules.features.enumerated() {
      let field = fields[index]
      if let words = words[index] {
        let cell = record.cell(field)
        if !CellWords.isMissing(cell) { _ = words.intern(cell) }
        continue
      }
      guard feature.rule.isNumeric, rules.missing == .mean || medians != nil else { continue }
      guard let value = value(record, field, feature.rule) else { continue }
      medians?.add(value, column: index)
      // Neumaier's sum, which loses nothing that float64 can hold.
      let sum = sums[index].sum + value
      let lost = abs(sums[index].sum) >= abs(value) ? sums[index].sum - sum + value : value - sum + sums[index].sum
      sums[index] = (sum, sums[index].rest + lost, sums[index].count + 1)
    }
  }

  private func value(_ record: CSVReader.Record, _ field: Int, _ rule: ColumnRule) -> Double? {
    if case .truth = rule { return CellWords.truth(record.cell(field)) }
    return numbers.number(record.start(field), record.count(field))
  }

  /// Ends a pass over the rows.
  ///
  /// - Returns: whether another is needed.
  func endPass() -> Bool { medians.map { $0.endPass() } ?? false }

  /// The rules with what was found.
  var fitted: TableRules {
    var result = rules
    for index in rules.features.indices {
      if let words = words[index] {
        let names = CSVLabels.classNames(words.texts)
        result.features[index].rule = rules.features[index].rule.with(words: names, first: 1)
      } else if rules.features[index].rule.isNumeric {
        let fill: Double? =
          switch rules.missing {
          case .error, .drop: nil
          case .constant(let value): value
          case .mean:
            sums[index].count == 0 ? nil : (sums[index].sum + sums[index].rest) / Double(sums[index].count)
          case .median: medians?.median(of: index)
          }
        result.features[index].rule = rules.features[index].rule.with(fill: fill)
      }
    }
    result.numberWords()
    return result
  }
}

extension TableRules {
  /// The rules with the words of each column that has such.
  func with(words: [[String]?]) -> TableRules {
    var result = self
    for (index, words) in words.enumerated() {
      guard let words else { continue }
      result.features[index].rule = features[index].rule.with(words: CSVLabels.classNames(words), first: 1)
    }
    result.numberWords()
    return result
  }

  /// Where all features are words, gives each column numbers of its own, as one embedding reads them all; and finds the
  /// type of the features.
  fileprivate mutating func numberWords() {
    guard greatestNumber != nil else { return }
    var next = 1
    for index in features.indices {
      guard let words = features[index].rule.words else { continue }
      features[index].rule = features[index].rule.with(words: words, first: next)
      next += words.count
    }
    type = next <= 256 ? .uint8 : next <= 65_536 ? .uint16 : .int32
  }
}

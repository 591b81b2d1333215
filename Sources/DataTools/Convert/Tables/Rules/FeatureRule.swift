/// How one column of a table becomes features.
enum ColumnRule: Equatable, Sendable {
  /// A number as it is; a missing one is `fill`, an error where there is none.
  case number(fill: Double?)
  /// `true` is 1, `false` 0.
  case truth(fill: Double?)
  /// A column of 0 and 1 for each word; a missing or unknown word has 0 in all of them.
  case oneHot([String])
  /// The number of the word, counted from `first`; 0 for a missing or unknown one.
  case numbers([String], first: Int)
  /// Numbers that are parts of a date.
  case date([DatePart])

  /// How many features it makes.
  var width: Int {
    switch self {
    case .number, .truth, .numbers: 1
    case .oneHot(let words): words.count
    case .date(let parts): parts.count
    }
  }

  /// What the features are called.
  func names(of column: String) -> [String] {
    switch self {
    case .number, .truth, .numbers: [column]
    case .oneHot(let words): words.map { "\(column)=\($0)" }
    case .date(let parts): parts.map { "\(column).\($0.rawValue)" }
    }
  }

  /// Its words, where it has such.
  var words: [String]? {
    switch self {
    case .oneHot(let words), .numbers(let words, _): words
    default: nil
    }
  }

  func with(words: [String], first: Int) -> ColumnRule {
    switch self {
    case .oneHot: .oneHot(words)
    case .numbers: .numbers(words, first: first)
    default: self
    }
  }

  func with(fill: Double?) -> ColumnRule {
    switch self {
    case .number: .number(fill: fill)
    case .truth: .truth(fill: fill)
    default: self
    }
  }

  /// Whether it has numbers, and none to put where one is missing.
  var lacksFill: Bool {
    switch self {
    case .number(let fill), .truth(let fill): fill == nil
    default: false
    }
  }

  /// Whether it has numbers, for which a fill value can stand.
  var isNumeric: Bool {
    switch self {
    case .number, .truth: true
    default: false
    }
  }
}

/// A column and its rule.
struct FeatureRule: Equatable, Sendable {
  let column: ColumnKey
  var rule: ColumnRule
}

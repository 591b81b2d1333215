import Basics

/// How columns of a table are found: by usual names, and by what options say.
enum CSVTable {
  static let labelNames = ["label", "target", "class", "y", "species"]

  /// The column that has the first of some usual names.
  static func usualColumn(_ usual: [String], names: [String]?) -> Int? {
    usual.lazy.compactMap { name in names?.firstIndex { $0.lowercased() == name } }.first
  }

  /// The column called or numbered `text`, as the value of an option.
  static func column(
    _ text: String, option: String, names: [String]?, columnCount: Int, path: String
  ) throws -> Int {
    if let column = names?.firstIndex(of: text) { return column }
    if let index = Int(text) {
      let column = index < 0 ? columnCount + index : index
      if (0..<columnCount).contains(column) { return column }
      throw Failure.usage(
        "\(option) \(text): \(path) has \(columnCount) columns, numbered 0 to \(columnCount - 1) (or -1 for the last)")
    }
    guard let names else {
      throw Failure.usage("\(option) \(text): \(path) has no header; give the column's number (from 0) or --header yes")
    }
    let hint = names.nearest(to: text).map { "; did you mean '\($0.shownName)'?" } ?? ""
    throw Failure.usage("\(option) \(text): no such column in \(path), which has \(names.shownList())\(hint)")
  }
}

/// Whole numbers and names as labels.
enum CSVLabels {
  /// Each name once, sorted as numbers if all names are numbers (so that 10 follows 9), as text otherwise.
  static func classNames(_ labels: some Sequence<String>) -> [String] {
    Set(labels).sorted { first, second in
      guard let a = number(first), let b = number(second), a != b else { return first < second }
      return a < b
    }
  }

  /// The finite number that a text spells.
  static func number(_ text: String) -> Double? { Double(text).flatMap { $0.isFinite ? $0 : nil } }
}

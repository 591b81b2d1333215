import Foundation

/// Cells that stand for something else than their text.
enum CellWords {
  /// What stands for a missing value, in any case: what pandas writes and reads, SQL, R, and the marks of UCI's sets.
  static let missing: Set<String> = [
    "", "na", "n/a", "nan", "-nan", "#n/a", "#na", "<na>", "null", "none", "nil", "?", "-", "--",
  ]

  /// Whether a cell, without blanks around it, has no value.
  static func isMissing(_ cell: UnsafeBufferPointer<UInt8>) -> Bool {
    cell.isEmpty || cell.count <= 4 && missing.contains(text(cell).lowercased())
  }

  /// 0 for `false`, 1 for `true`, in any case; nil for all else.
  static func truth(_ cell: UnsafeBufferPointer<UInt8>) -> Double? {
    guard cell.count == 4 || cell.count == 5 else { return nil }
    switch text(cell).lowercased() {
    case "true": return 1
    case "false": return 0
    default: return nil
    }
  }

  /// What an answer of yes or no is, in any case: 1, yes, y, true, t or 0, no, n, false, f; nil for all else.
  static func answer(_ text: String) -> UInt8? {
    switch text.lowercased() {
    case "1", "1.0", "yes", "y", "true", "t": 1
    case "0", "0.0", "no", "n", "false", "f": 0
    default: nil
    }
  }

  static func text(_ cell: UnsafeBufferPointer<UInt8>) -> String { String(decoding: cell, as: UTF8.self) }
}

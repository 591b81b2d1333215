import Basics
import HDF5Storage

/// The label column of one or more tables as numbers.
enum CSVLabels {
  /// Class indices 0 to K − 1 into the sorted names of the classes.
  case classes(names: [String], indices: [[Int32]])
  /// Whole numbers as they stand in the file.
  case integers([[Int64]])
  /// Targets of a regression.
  case values([[Float]])

  /// Decides from all tables together, so that a class has one number in every split.
  ///
  /// - Throws: `Failure` if `kind` asks for values and a label is no number.
  init(tables: [CSVTable], kind: LabelKind) throws {
    let numbers = tables.map { $0.labels.map(Self.number) }
    let allNumeric = numbers.allSatisfy { !$0.contains(nil) }
    switch kind {
    case .classes:
      self = .classes(of: tables.map(\.labels))
    case .values:
      for (table, values) in zip(tables, numbers) {
        guard let row = values.firstIndex(of: nil) else { continue }
        throw Failure.data(
          "\(table.path): the label '\(table.labels[row])' of record \(row + 1) is no finite number, which --labels values asks for"
        )
      }
      self = .values(numbers.map { $0.map { Float($0 ?? .nan) } })
    case .automatic where !allNumeric:
      self = .classes(of: tables.map(\.labels))
    case .automatic:
      let integers = numbers.map { $0.map { Int64(exactly: $0 ?? .nan) } }
      if integers.allSatisfy({ !$0.contains(nil) }) {
        self = .integers(integers.map { $0.compactMap(\.self) })
      } else {
        self = .values(numbers.map { $0.map { Float($0 ?? .nan) } })
      }
    }
  }

  private static func classes(of labels: [[String]]) -> CSVLabels {
    let names = classNames(labels.joined())
    let index = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
    return .classes(names: names, indices: labels.map { $0.compactMap { index[$0] } })
  }

  /// Each name once, sorted as numbers if all names are numbers (so that 10 follows 9), as text otherwise.
  static func classNames(_ labels: some Sequence<String>) -> [String] {
    Set(labels).sorted { first, second in
      guard let a = number(first), let b = number(second), a != b else { return first < second }
      return a < b
    }
  }

  private static func number(_ text: String) -> Double? { Double(text).flatMap { $0.isFinite ? $0 : nil } }
}

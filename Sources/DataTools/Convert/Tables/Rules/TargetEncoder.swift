import Basics

/// Makes the targets of a row from the cells of a table.
final class TargetEncoder {
  private let rule: TargetRule
  private let fields: [Int]
  private let heading: TableHeading
  private let numbers: NumberSyntax
  /// The classes by their bytes, and by their characters, of which several bytes may make the same.
  private let interned: TextInterner?
  private let classes: [String: Int32]
  private let isFollowing: Bool

  /// - Parameter isFollowing: whether the classes are those of other rows.
  init(_ heading: TableHeading, _ rule: TargetRule, fields: [Int], _ numbers: NumberSyntax, isFollowing: Bool) {
    (self.heading, self.rule, self.fields, self.numbers) = (heading, rule, fields, numbers)
    self.isFollowing = isFollowing
    if case .classes(let names) = rule {
      interned = TextInterner(names)
      classes = Dictionary(zip(names, Int32(0)...), uniquingKeysWith: { first, _ in first })
    } else {
      (interned, classes) = (nil, [:])
    }
  }

  /// The bytes of the targets of a row.
  var byteCount: Int { fields.count * rule.type.byteCount }

  /// Whether a row has all of its targets.
  func isComplete(_ record: CSVReader.Record) -> Bool {
    fields.allSatisfy { !CellWords.isMissing(record.cell($0)) }
  }

  /// Writes the targets of a record.
  ///
  /// - Throws: for a cell that is none of the classes, no number, or no answer.
  func encode(_ record: CSVReader.Record, line: Int, into row: UnsafeMutableRawPointer) throws {
    for (index, field) in fields.enumerated() {
      let cell = record.cell(field), place = row + index * rule.type.byteCount
      switch rule {
      case .none: break
      case .classes:
        guard let number = interned?.number(of: cell).map({ Int32($0) }) ?? self.number(of: cell) else {
          throw failure(cell, field, line, "none of the classes \(classes.keys.sorted().shownList())")
        }
        place.storeBytes(of: number, as: Int32.self)
      case .integers:
        guard let value = TargetNumber(CellWords.text(cell), numbers)?.integer else {
          throw failure(cell, field, line, "no whole number")
        }
        place.storeBytes(of: value, as: Int64.self)
      case .values(let type):
        guard let value = TargetNumber(CellWords.text(cell), numbers)?.value else {
          throw failure(cell, field, line, "no finite number")
        }
        if type == .float64 {
          place.storeBytes(of: value, as: Double.self)
        } else {
          guard Float(value).isFinite else { throw failure(cell, field, line, "beyond float32, at most 3.4e+38") }
          place.storeBytes(of: Float(value), as: Float.self)
        }
      case .answers:
        guard let value = CellWords.answer(CellWords.text(cell)) else {
          throw failure(cell, field, line, "neither yes nor no")
        }
        place.storeBytes(of: value, as: UInt8.self)
      }
    }
  }

  /// By characters, and as names of several lines are kept, on one.
  private func number(of cell: UnsafeBufferPointer<UInt8>) -> Int32? {
    let text = CellWords.text(cell)
    return classes[text] ?? classes[text.onOneLine]
  }

  private func failure(_ cell: UnsafeBufferPointer<UInt8>, _ field: Int, _ line: Int, _ reason: String) -> Failure {
    .data(
      "\(heading.place(field, line: line)): "
        + (cell.isEmpty
          ? "empty cell, expected a label"
          : "the label '\(CellWords.text(cell).onOneLine.shownName)' is \(reason)"
            + (isFollowing ? ", as training has them" : "")))
  }
}

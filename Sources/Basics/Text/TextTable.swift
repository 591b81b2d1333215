/// Rows of cells in aligned columns, for help texts, reports and progress.
///
/// A column is as wide as its widest cell. The last one may be wrapped: its further lines begin below its first.
public struct TextTable: Sendable {
  public enum Alignment: Sendable { case left, right }

  /// One column: where its cells stand and how wide it is at least.
  public struct Column: Sendable {
    let alignment: Alignment
    let minimum: Int

    public static let left = Column.left(0)
    public static let right = Column.right(0)
    public static func left(_ minimum: Int) -> Column { Column(alignment: .left, minimum: minimum) }
    public static func right(_ minimum: Int) -> Column { Column(alignment: .right, minimum: minimum) }

    func padded(_ cell: String, _ width: Int) -> String {
      let padding = String(repeating: " ", count: max(0, width - cell.count))
      return alignment == .left ? cell + padding : padding + cell
    }
  }

  public let columns: [Column]
  public private(set) var rows: [[String]] = []
  private let gap: Int
  private let indentation: Int
  private let width: Int

  /// - Parameters:
  ///   - gap: spaces between columns.
  ///   - indentation: spaces before the first column.
  ///   - width: where the last column is wrapped; by default nowhere.
  public init(_ columns: [Column], gap: Int = 2, indentation: Int = 0, width: Int = .max) {
    self.columns = columns
    (self.gap, self.indentation, self.width) = (gap, indentation, width)
  }

  public mutating func add(_ cells: [String]) {
    precondition(cells.count == columns.count, "\(cells.count) cells in a row of \(columns.count)")
    rows.append(cells.map(shown))
  }

  /// A cell on one line, whatever it holds, cut where it is not wrapped.
  private func shown(_ cell: String) -> String {
    width < .max ? cell.escaped : cell.escaped.shortened(to: Self.cellLimit)
  }

  /// The most characters of a cell that is not wrapped.
  private static let cellLimit = 400

  /// All rows, without spaces at the ends of lines.
  public var lines: [String] {
    let widths = columns.indices.map { column in
      max(columns[column].minimum, rows.map { $0[column].count }.max() ?? 0)
    }
    let start = widths.dropLast().reduce(indentation) { $0 + $1 + gap }
    return rows.flatMap { cells -> [String] in
      guard let last = cells.last, width < .max else { return [line(cells, widths)] }
      let parts = Self.wrapped(last, width: max(20, width - start))
      let rest = parts.dropFirst().map { String(repeating: " ", count: start) + $0 }
      return [line(cells.dropLast() + [parts[0]], widths)] + rest
    }
  }

  /// One row in columns of their least widths: for tables that are printed row by row.
  public func line(_ cells: [String]) -> String { line(cells.map(shown), columns.map(\.minimum)) }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    let padded = columns.indices.map { columns[$0].padded(cells[$0], widths[$0]) }
    let text = String(repeating: " ", count: indentation) + padded.joined(separator: String(repeating: " ", count: gap))
    return String(text.reversed().drop { $0 == " " }.reversed())
  }

  /// `text` in lines of at most `width` characters, broken at spaces; at least one line.
  public static func wrapped(_ text: String, width: Int) -> [String] {
    var lines = [""]
    for word in text.split(separator: " ").map(String.init) {
      let last = lines[lines.count - 1]
      if last.isEmpty {
        lines[lines.count - 1] = word
      } else if last.count + 1 + word.count <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(word)
      }
    }
    return lines
  }
}

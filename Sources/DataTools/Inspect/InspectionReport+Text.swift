import Foundation

extension InspectionReport: CustomStringConvertible {
  /// An aligned table of the arrays, the class counts, and a line for each finding.
  public var description: String {
    var table = [["split", "array", "shape", "type", "min", "max", "mean", "std", "storage"]]
    for split in splits {
      for array in [split.features, split.labels].compactMap(\.self) {
        let values = array.statistics
        table.append(
          [split.name, array.path, array.shape.map(String.init).joined(separator: "×"), array.type]
            + [values.minimum, values.maximum, values.mean, values.standardDeviation].map(Self.text) + [
              Self.storage(array)
            ])
      }
    }
    var sections = ["\(path), \(Self.size(byteCount))", Self.aligned(table, rightAligned: 4...7)]
    if let columns = Self.columnTable(splits) { sections.append(columns) }
    let counted = splits.filter { $0.classCounts != nil }
    if !counted.isEmpty { sections.append(Self.classTable(counted)) }
    if findings.isEmpty {
      sections.append("no problems found")
    } else {
      sections.append(findings.map { "warning: \($0)" }.joined(separator: "\n"))
    }
    return sections.joined(separator: "\n\n")
  }

  /// A row for each named column of the labels; nil where there is none.
  private static func columnTable(_ splits: [InspectedSplit]) -> String? {
    var table = [["split", "label column", "min", "max", "mean", "std"]]
    for split in splits {
      for column in split.labelColumns ?? [] {
        let values = column.statistics
        table.append(
          [split.name, column.name]
            + [values.minimum, values.maximum, values.mean, values.standardDeviation].map(text))
      }
    }
    return table.count > 1 ? aligned(table, rightAligned: 2...5) : nil
  }

  /// A row for each class and a column for each split; long lists come down to their range.
  private static func classTable(_ splits: [InspectedSplit]) -> String {
    let labels = Set(splits.flatMap { ($0.classCounts ?? []).map(\.label) }).sorted()
    guard labels.count <= 40 else {
      return splits.map { split in
        let counts = (split.classCounts ?? []).map(\.count)
        return "\(split.name): \(counts.count) classes of \(counts.min() ?? 0) to \(counts.max() ?? 0) samples"
      }.joined(separator: "\n")
    }
    var table = [["class"] + splits.map(\.name)]
    for label in labels {
      let entries = splits.map { split in split.classCounts?.first { $0.label == label } }
      let name = entries.compactMap { $0?.name }.first
      table.append(["\(label)" + (name.map { " \($0)" } ?? "")] + entries.map { "\($0?.count ?? 0)" })
    }
    return aligned(table, rightAligned: 1...splits.count)
  }

  private static func storage(_ array: InspectedArray) -> String {
    guard let chunk = array.chunkShape else { return "contiguous" }
    return (["chunks " + chunk.map(String.init).joined(separator: "×")] + array.filters).joined(separator: ", ")
  }

  private static func text(_ value: Double?) -> String { value.map { String(format: "%.5g", $0) } ?? "-" }

  private static func size(_ byteCount: Int) -> String {
    switch byteCount {
    case ..<10_000: "\(byteCount) bytes"
    case ..<10_000_000: String(format: "%.1f kB", Double(byteCount) / 1e3)
    default: String(format: "%.1f MB", Double(byteCount) / 1e6)
    }
  }

  /// Columns two spaces apart, numbers to the right.
  private static func aligned(_ table: [[String]], rightAligned: ClosedRange<Int>) -> String {
    let widths = (table.first ?? []).indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    return table.map { row in
      let cells = row.indices.map { column in
        let padding = String(repeating: " ", count: widths[column] - row[column].count)
        return rightAligned.contains(column) ? padding + row[column] : row[column] + padding
      }
      return cells.joined(separator: "  ").trimmingTrailingSpaces()
    }.joined(separator: "\n")
  }
}

extension String {
  fileprivate func trimmingTrailingSpaces() -> String {
    var text = Substring(self)
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}

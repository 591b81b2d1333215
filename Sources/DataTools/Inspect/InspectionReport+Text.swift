import Basics
import Foundation

extension InspectionReport: CustomStringConvertible {
  /// An aligned table of the arrays, the class counts, and a line for each finding.
  public var description: String {
    var table = TextTable([.left, .left, .left, .left, .right, .right, .right, .right, .left])
    table.add(["split", "array", "shape", "type", "min", "max", "mean", "std", "storage"])
    for split in splits {
      for array in [split.features, split.labels].compactMap(\.self) {
        let values = array.statistics
        table.add(
          [split.name, array.path, array.shape.map(String.init).joined(separator: "×"), array.type]
            + [values.minimum, values.maximum, values.mean, values.standardDeviation].map(Self.text) + [
              Self.storage(array)
            ])
      }
    }
    var sections = ["\(path.escaped), \(Self.size(byteCount))", table.lines.joined(separator: "\n")]
    if let columns = Self.columnTable(splits) { sections.append(columns) }
    let counted = splits.filter { $0.classCounts != nil }
    if !counted.isEmpty { sections.append(Self.classTable(counted)) }
    let taken = [("targets", targets), ("scaling", scaling)].flatMap { name, lines in
      lines.enumerated().map { ($0 == 0 ? name : "").padding(toLength: 9, withPad: " ", startingAt: 0) + $1 }
    }
    if !taken.isEmpty { sections.append(taken.joined(separator: "\n")) }
    if !unused.isEmpty { sections.append("not used: " + unused.shownList()) }
    if findings.isEmpty {
      sections.append("no problems found")
    } else {
      sections.append(findings.map { "warning: \($0.description.escaped)" }.joined(separator: "\n"))
    }
    return sections.joined(separator: "\n\n")
  }

  /// A row for each named column of the labels; nil where there is none.
  private static func columnTable(_ splits: [InspectedSplit]) -> String? {
    var table = TextTable([.left, .left, .right, .right, .right, .right])
    table.add(["split", "label column", "min", "max", "mean", "std"])
    for split in splits {
      for column in split.labelColumns ?? [] {
        let values = column.statistics
        table.add(
          [split.name, column.name]
            + [values.minimum, values.maximum, values.mean, values.standardDeviation].map(text))
      }
    }
    return table.rows.count > 1 ? table.lines.joined(separator: "\n") : nil
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
    var table = TextTable([.left] + splits.map { _ in .right })
    table.add(["class"] + splits.map(\.name))
    for label in labels {
      let entries = splits.map { split in split.classCounts?.first { $0.label == label } }
      let name = entries.compactMap { $0?.name }.first
      table.add(["\(label)" + (name.map { " \($0)" } ?? "")] + entries.map { "\($0?.count ?? 0)" })
    }
    return table.lines.joined(separator: "\n")
  }

  private static func storage(_ array: InspectedArray) -> String {
    let form = array.form.map { [$0] } ?? []
    guard let chunk = array.chunkShape else {
      return (form.isEmpty ? ["contiguous"] : form + array.filters).joined(separator: ", ")
    }
    return (form + ["chunks " + chunk.map(String.init).joined(separator: "×")] + array.filters).joined(separator: ", ")
  }

  private static func text(_ value: Double?) -> String { value.map { String(format: "%.5g", $0) } ?? "-" }

  private static func size(_ byteCount: Int) -> String {
    switch byteCount {
    case ..<10_000: "\(byteCount) bytes"
    case ..<10_000_000: String(format: "%.1f kB", Double(byteCount) / 1e3)
    default: String(format: "%.1f MB", Double(byteCount) / 1e6)
    }
  }
}

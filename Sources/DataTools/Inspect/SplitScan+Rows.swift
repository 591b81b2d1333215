import DataPipeline
import HDF5Storage

// Findings between rows.

extension SplitScan {
  /// Repeated rows within the training split; in other splits, rows that are in the training split too.
  func rowFindings(against training: SplitScan) throws -> [InspectionFinding] {
    if name == training.name { return try duplicateFindings() }
    guard features.shape.dropFirst() == training.features.shape.dropFirst() else {
      return [
        finding(
          .shapeMismatch, features.rowCount,
          "rows of \(features.path) have shape \(Array(features.shape.dropFirst())), "
            + "those of \(training.features.path) \(Array(training.features.shape.dropFirst()))")
      ]
    }
    let matches = try RowMatching.matches(
      of: features, hashes: featureScan.rowHashes, in: training.features, trainingHashes: training.featureScan.rowHashes
    )
    guard !matches.isEmpty else { return [] }
    let share = (1000 * Double(matches.count) / Double(features.rowCount)).rounded() / 10
    return [
      finding(
        .leakage, matches.count,
        "\(matches.count) of \(features.rowCount) samples (\(share) %) also stand in the training split: "
          + Self.examples(matches) { "\(name.rawValue) \($0.row) = train \($0.original)" })
    ]
  }

  private func duplicateFindings() throws -> [InspectionFinding] {
    let duplicates = try RowMatching.duplicates(in: features, hashes: featureScan.rowHashes)
    guard !duplicates.isEmpty else { return [] }
    var findings = [
      finding(
        .duplicates, duplicates.count,
        "\(duplicates.count) of \(features.rowCount) samples repeat an earlier one: "
          + Self.examples(duplicates) { "\($0.row) = \($0.original)" })
    ]
    let conflicts = duplicates.filter { match in
      labelValues.indices.contains(match.row) && labelValues.indices.contains(match.original)
        && labelValues[match.row] != labelValues[match.original]
    }
    if !conflicts.isEmpty {
      findings.append(
        finding(
          .conflictingLabels, conflicts.count,
          "\(conflicts.count) of the repeated samples have another label than the first: "
            + Self.examples(conflicts) { "\($0.row) = \($0.original)" }))
    }
    return findings
  }

  private static func examples(_ matches: [RowMatch], _ text: (RowMatch) -> String) -> String {
    matches.prefix(5).map(text).joined(separator: ", ") + (matches.count > 5 ? ", …" : "")
  }
}

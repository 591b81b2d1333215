import Basics
import Collectives
import DataPipeline

extension DataSource {
  /// Checks that all ranks have the same data under this path, as hosts with copies of their own may not: the shapes
  /// and types of all splits, and their first, middle and last rows. Collective.
  ///
  /// - Throws: exit code 5 where they have others.
  func requireAgreement(_ ranks: any Communicator) throws {
    guard ranks.size > 1 else { return }
    let found = try ranks.allGather(Array(try digest().utf8)).map { String(decoding: $0, as: UTF8.self) }
    guard let other = found.firstIndex(where: { $0 != found[0] }) else { return }
    throw disagreement("rank \(other)")
  }

  func disagreement(_ place: String) -> Failure {
    Failure(
      "\(path): \(place) finds other data than rank 0; give all ranks the same files, on a file system that the hosts "
        + "share or as equal copies", exitCode: .launch)
  }

  func digest() throws -> String {
    var lines: [String] = []
    for name in SplitName.allCases {
      guard let split = splits[name] else { continue }
      lines.append("\(name) \(split.sampleCount) \(split.featureShape) \(split.featureType.name)")
      lines.append("\(split.targetShape) \(split.targetType?.name ?? "none")")
      let rows = Set([0, split.sampleCount / 2, split.sampleCount - 1]).sorted()
      lines.append(split.weightsPath ?? "no weights")
      for column in [SplitSource.Column.features, .targets, .weights] {
        try split.forEachRun(column, rows.map { $0..<$0 + 1 }) { _, rows, bytes in
          var hash = RowHash(key: UInt64(rows.lowerBound))
          hash.add(bytes)
          lines.append(String(hash.value, radix: 16))
        }
      }
    }
    return lines.joined(separator: "\n")
  }
}

import Basics
import Collectives
import DataPipeline
import NumericCore
import Settings

extension TrainingConfiguration {
  /// What ranks have to have alike: all but what belongs to a start, which rank 0 decides, and the places of files,
  /// whose contents are compared.
  var shared: JSONValue { Self.shared(ResumeRule.withoutStart(json)) }

  private static let places = ["data.path", "data.files", "init.from"]

  private static func shared(_ value: JSONValue, at path: String = "") -> JSONValue {
    guard let members = value.members else { return value }
    return .object(
      members.compactMap { member -> JSONValue.Member? in
        let path = path.isEmpty ? member.key : "\(path).\(member.key)"
        return places.contains(path) ? nil : .init(member.key, shared(member.value, at: path))
      })
  }

  /// Checks that all ranks have the same configuration, as hosts that see an older copy of a file may not, and as many
  /// BLAS threads. Collective.
  ///
  /// - Throws: exit code 5 with the settings that differ.
  func requireAgreement(_ ranks: any Communicator) throws {
    guard ranks.size > 1 else { return }
    let text = shared.line
    var hash = RowHash(key: 0)
    Array(text.utf8).withUnsafeBytes { hash.add($0) }
    let own = [hash.value, UInt64(BLAS.threads)], found = try ranks.allGather(own)
    guard found.contains(where: { $0 != found[0] }) else { return }
    // Rank numbers are the launcher's, as in all messages.
    let rank = DistributedProgram.launchedRank ?? ranks.rank
    let answers = try RankAnswers(ranks) {
      RankSettings(rank: rank, host: hostName, text: text, threads: BLAS.threads)
    }
    if let difference = RankSettings.difference(answers.values.compactMap(\.self)) {
      throw Failure(difference, exitCode: .launch)
    }
  }
}

/// The configuration that a rank has.
package struct RankSettings: Codable, Sendable {
  /// As the launcher counts.
  let rank: Int
  let host: String
  /// As JSON.
  let text: String
  let threads: Int

  package init(rank: Int, host: String, text: String, threads: Int) {
    (self.rank, self.host, self.text, self.threads) = (rank, host, text, threads)
  }

  /// In what ranks differ; nil for nothing.
  package static func difference(_ ranks: [RankSettings]) -> String? {
    let ranks = ranks.sorted { $0.rank < $1.rank },
      places = RankPlaces(hosts: ranks.map(\.host), numbers: ranks.map(\.rank))
    guard let first = ranks.first else { return nil }
    let remedy = "start all ranks with the same arguments, and see that all hosts read the same file"
    if let other = ranks.first(where: { $0.text != first.text }) {
      let values = [first, other].map { (try? JSON5Parser.parse($0.text, file: "rank \($0.rank)")) ?? .null }
      let changes = ResumeChange.between(values[0], values[1])
      guard let change = changes.first else { return nil }
      let groups = [first, other].map { kind in places.text(ranks.indices.filter { ranks[$0].text == kind.text }) }
      let more = changes.count > 1 ? " (and \(plural(changes.count - 1, "more setting")))" : ""
      return "ranks differ in their configuration: \(change.path) is \(ResumeChange.text(change.old)) on "
        + "\(groups[0]), \(ResumeChange.text(change.new)) on \(groups[1])\(more); \(remedy)"
    }
    return places.difference(ranks.map { plural($0.threads, "BLAS thread") }).map {
      "ranks differ in their threads: \($0.text); give all hosts the same OpenBLAS, and threads that each has cores for"
    }
  }
}

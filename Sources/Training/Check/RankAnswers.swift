import Basics
import Collectives
import Foundation

/// What each rank has found for itself, errors included: no rank waits for one that has failed.
struct RankAnswers<Value: Codable & Sendable>: Sendable {
  private struct Answer: Codable, Sendable {
    var value: Value?
    var error: String?
    var code: Int32 = 0
  }

  private let answers: [Answer]

  /// Collective.
  ///
  /// - Parameter body: what a rank does for itself; it must not wait for others.
  init(_ ranks: any Communicator, _ body: () throws -> Value) throws {
    var own = Answer()
    do { own.value = try body() } catch {
      own.error = (error as? any UserFacingError)?.description ?? "\(error)"
      own.code = ((error as? any UserFacingError)?.exitCode ?? .data).rawValue
    }
    answers = try ranks.allGather(Array(try JSONEncoder().encode(own))).map {
      try JSONDecoder().decode(Answer.self, from: Data($0))
    }
  }

  /// Has each rank do its part. Collective.
  ///
  /// - Throws: the error of the first rank that has failed. Where that is not rank 0 it alone throws and ends the job,
  ///   so that it is told as that rank's; the others wait for that.
  static func together<Result>(_ ranks: any Communicator, _ body: () throws -> Result) throws -> Result
  where Value == Bool {
    var result: Result?
    let answers = try RankAnswers(ranks) {
      result = try body()
      return true
    }.answers
    if let failed = answers.firstIndex(where: { $0.value == nil }), let text = answers[failed].error {
      if failed > 0, failed != ranks.rank { try ranks.barrier() }
      throw Failure(text, exitCode: ExitCode(rawValue: answers[failed].code) ?? .data)
    }
    guard let result else { preconditionFailure("a rank without an error has a result") }
    return result
  }

  /// Of each rank; nil where it has failed.
  var values: [Value?] { answers.map(\.value) }

  /// Of all ranks; nil where one has failed.
  var all: [Value]? {
    let values = answers.compactMap(\.value)
    return values.count == answers.count ? values : nil
  }

  /// The first of the errors, where each rank meets one in rows of its own.
  func firstFault(_ places: RankPlaces) -> [CheckFinding] {
    let others = answers.count { $0.error != nil } - 1
    return faults(places).prefix(1).map { fault in
      let more = others > 0 ? " (\(plural(others, "other rank")) found the like)" : ""
      return .fault(fault.text + more, fault.exitCode ?? .data)
    }
  }

  /// The errors, each once, with their places where not all ranks have met them.
  func faults(_ places: RankPlaces) -> [CheckFinding] {
    var texts: [String] = []
    for answer in answers { if let error = answer.error, !texts.contains(error) { texts.append(error) } }
    return texts.prefix(8).map { text in
      let ranks = answers.indices.filter { answers[$0].error == text }
      let place = ranks.count < answers.count ? "on \(places.text(ranks)): " : ""
      return .fault(place + text, ExitCode(rawValue: answers[ranks[0]].code) ?? .data)
    }
  }
}

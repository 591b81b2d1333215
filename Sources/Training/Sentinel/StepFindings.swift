import Basics
import NumericCore
import Settings

/// What is known of a step whose update is not to count, equal on all ranks.
struct StepFindings {
  /// Since the start of training, and the epoch, both from 1.
  let step: Int
  let epoch: Int
  let problem: StepProblem
  let totals: StepTotals
  /// The rows of the training split that it took, ascending.
  let rows: [Int]
  /// The samples that bring it about, the first of them, or those with the greatest losses.
  let suspects: [Suspect]
  /// How many there are.
  let suspectCount: Int
  /// The parameter whose gradient was the first in backward that is not finite; nil where all are, or that cannot be
  /// told.
  let parameter: String?

  /// A sample that brings it about.
  struct Suspect: BitwiseCopyable, Equatable {
    let row: Int
    let reason: Reason
    /// The number that is not finite, or the loss.
    let value: Double
    /// The feature that is not finite.
    var place = 0
    /// The greatest magnitude of its features.
    var greatest = 0.0

    enum Reason: UInt8, BitwiseCopyable { case feature, output, loss }

    var text: String {
      switch reason {
      case .feature: "feature \(place) of row \(row) is \(shortNumber(value))"
      case .output: "row \(row) alone gives an output of \(shortNumber(value))\(features)"
      case .loss: "row \(row) alone has a loss of \(shortNumber(value))\(features)"
      }
    }

    private var features: String { " (features up to \(shortNumber(greatest)))" }
  }

  /// Rows that a line names.
  static let shownRows = 8

  /// Where it was, what there was, the samples and the parameter, on one line.
  var text: String {
    var parts = ["step \(step), epoch \(epoch): \(problem.text(totals))", rowText]
    parts += suspectTexts
    if let parameter { parts.append("the gradient of \(parameter) was the first that is not finite") }
    return parts.joined(separator: "; ")
  }

  /// Where more samples are to blame than a line names, it is not they.
  private var suspectTexts: [String] {
    guard suspectCount > Self.shownRows, !problem.isSpike, let first = suspects.first else {
      return suspects.map(\.text)
    }
    return ["\(grouped(suspectCount)) of them alone give what is not finite, such as row \(first.row)"]
  }

  private var rowText: String {
    let names = listing(rows.map(String.init), limit: Self.shownRows)
    return rows.count == 1 ? "its sample is row \(names)" : "its samples are rows \(names)"
  }

  /// An error that the run ends with.
  ///
  /// - Parameter reason: why it ends, where it might have gone on.
  func failure(_ reason: String? = nil) -> Failure {
    let isOfSamples = problem.isSpike || (1...Self.shownRows).contains(suspectCount)
    let own = (isOfSamples ? "look at these rows, " : "") + StepProblem.remedy
    return Failure("\(text); \(reason.map { "\($0): " } ?? "")\(own)", exitCode: .numeric)
  }

  /// A line of `steps.jsonl`.
  ///
  /// - Parameters:
  ///   - figures: as the line of any step has them.
  ///   - action: what has followed.
  func json(_ figures: StepFigures, _ action: SentinelSettings.Response) -> JSONValue {
    let cause = JSONValue.optional(problem.cause?.rawValue)
    let kind: [JSONValue.Member] =
      problem.isPassedOver ? [.init("problem", "passed over"), .init("cause", cause)] : [.init("problem", cause)]
    return .object(
      (figures.json.members ?? []) + kind + [
        .init("action", .string(action.rawValue)),
        .init("samples", .array(rows.map(JSONValue.integer))),
        .init("suspects", .array(suspects.map { .integer($0.row) })),
        .init("parameter", .optional(parameter)),
      ])
  }
}

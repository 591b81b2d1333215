/// How far long work has come: what reads files says how much, and whoever began the work is told the share.
final class WorkProgress: @unchecked Sendable {
  @TaskLocal private static var current: WorkProgress?

  private var total: Double
  private let report: (Double) -> Void
  private var done = 0.0

  private init(total: Double, _ report: @escaping (Double) -> Void) {
    (self.total, self.report) = (total, report)
  }

  /// Does work that will come to `total`, in any unit; 0 where that is not known.
  static func watching<Result>(
    total: Double, _ report: @escaping (Double) -> Void, _ work: () throws -> Result
  ) rethrows -> Result {
    try $current.withValue(WorkProgress(total: total, report), operation: work)
  }

  /// Begins to count anew, of work whose size is found by doing a part of it.
  static func restart(total: Int) {
    guard let current else { return }
    (current.total, current.done) = (Double(total), 0)
  }

  /// Counts what has been done of the work under way, if anyone wants to know.
  static func advance(by amount: Int) {
    guard let current else { return }
    current.done += Double(amount)
    if current.total > 0 { current.report(min(1, current.done / current.total)) }
  }
}

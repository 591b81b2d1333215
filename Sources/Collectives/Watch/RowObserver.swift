import Basics

/// Follows the row of a rank: for how long nothing has moved in it.
struct RowObserver {
  let row: StatusRow
  private var progress = 0
  private var pulse = 0
  private var silence = 0.0
  private(set) var stillness = 0.0
  /// The step under way, and for how long; of short ones not all are seen.
  private var step = 0
  private var stepTime = 0.0
  private var longestStep = 0.0

  init(_ row: StatusRow) { self.row = row }

  var isAtWork: Bool { row.stage == .atWork }

  /// - Parameter elapsed: seconds since the last look.
  mutating func look(after elapsed: Double) {
    let progress = row.position >> 16 &+ row.others, pulse = row.pulse
    silence = progress == self.progress ? silence + elapsed : 0
    stillness = pulse == self.pulse ? stillness + elapsed : 0
    (self.progress, self.pulse) = (progress, pulse)
    let step = row.step
    // It is long only once it is over: one that comes to no end must not extend its own time.
    if step != self.step {
      if self.step > 0 { longestStep = max(longestStep, stepTime, 0.001) }
      (stepTime, self.step) = (0, step)
    }
    if row.isInStep { stepTime += elapsed }
  }

  /// Where the rank is; nil where it is not at work.
  ///
  /// - Parameters:
  ///   - seesState: whether the system tells of its process.
  ///   - isClose: whether the system is asked also where all seems well.
  func status(rank: Int, seesState: Bool, isClose: Bool) -> RankStatus? {
    guard isAtWork else { return nil }
    var status = RankStatus(rank: rank, process: row.process)
    // One that ends in order says so before it is gone.
    if seesState, isClose || silence >= 0.5 || stillness >= 0.5 {
      status.state = ProcessState(of: row.process)
      guard status.state != .ended || isAtWork else { return nil }
    }
    let codes = row.position
    status.activity = Activity(code: codes & 0xFF)
    status.outer = Activity(code: codes >> 8 & 0xFF)
    (status.epoch, status.step, status.isInStep) = (row.epoch, row.step, row.isInStep)
    status.file = row.file.map { String(cString: $0).escaped } ?? ""
    status.allowance = Double(row.allowance)
    status.longestStep = longestStep
    (status.silence, status.stillness) = (silence, stillness)
    return status
  }
}

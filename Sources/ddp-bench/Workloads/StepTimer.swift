import Basics
import Glibc
import Training

/// Takes steps of a run, and tells how long they take and where.
struct StepTimer {
  let trainer: Trainer
  /// Of a step with its layers there are some hundred spans; this is room for sixteen of the largest.
  private let timeline = Timeline(capacity: 1 << 16)
  private static let spansOfStep = 1 << 12

  init(_ trainer: Trainer) { self.trainer = trainer }

  func step() throws {
    if trainer.progress.stepInEpoch == trainer.plan.stepsPerEpoch { trainer.progress.finishEpoch() }
    _ = try trainer.step()
    try trainer.checkStep()
  }

  /// Seconds that so many steps take. Collective, as are the others.
  func seconds(of count: Int) throws -> Double { try time(count, step) }

  /// Where the time of so many steps goes, or of as many as there is room for.
  func split(of count: Int) throws -> StepSplit {
    let count = min(count, timeline.capacity / Self.spansOfStep)
    timeline.clear()
    Timeline.current = timeline
    defer { Timeline.current = nil }
    for _ in 0..<count { try step() }
    return StepSplit(timeline, steps: count)
  }

  /// Requests for memory a step, over so many, those that begin an epoch left out: they put its order in place.
  func allocations(in count: Int) throws -> Double {
    AllocationCounter.thread = pthread_self()
    var found = 0, steps = 0
    for _ in 0..<count {
      let before = AllocationCounter.count
      try step()
      guard trainer.progress.stepInEpoch > 1 else { continue }
      found += AllocationCounter.count - before
      steps += 1
    }
    return Double(found) / Double(max(1, steps))
  }

  /// Gradients and statistics of a step, as they travel.
  var exchangedBytes: Int {
    MemoryLayout<Float>.size * (trainer.model.parameterLayout.count + trainer.model.statisticLayout.count)
  }
}

/// Seconds of one step in its parts.
struct StepSplit {
  /// Names and seconds, in their order; together all of the step.
  let parts: [(name: String, seconds: Double)]

  init(_ timeline: Timeline, steps: Int) {
    let update = timeline.updateSeconds
    var parts: [(name: String, seconds: Double)] = [Activity.data, .forward, .loss, .backward].map {
      ("\($0)", timeline.seconds($0))
    }
    parts += [("exchange", max(0, timeline.seconds(.exchange) - update)), ("update", update)]
    let rest = timeline.seconds(.step) - parts.reduce(0) { $0 + $1.seconds }
    self.parts = (parts + [("rest", max(0, rest))]).map { ($0.name, $0.seconds / Double(steps)) }
  }

  func seconds(_ name: String) -> Double { parts.first { $0.name == name }?.seconds ?? 0 }
}

import Checkpointing

/// What a run remembers of the steps whose updates it did not make, and of losses. A checkpoint keeps it, so that a
/// resumed run decides as one that was not interrupted.
public struct SentinelState: Sendable, Equatable {
  /// Steps since the start whose updates were not made.
  public var skipped = 0
  /// Those of the epoch under way.
  public var skippedInEpoch = 0
  /// Those in a row behind which the run is, without those that it has passed over.
  package var skippedInRow = 0
  /// Steps that sent the run back, the first one first.
  public var rollbacks: [Int] = []
  /// Those of them whose updates are not to be made.
  package var passedOver: [PassedStep] = []
  /// What the learning rate is multiplied by.
  public var rateFactor = 1.0
  /// Of the last steps whose updates were made, in their order; empty where nobody looks for spikes.
  package var recentLosses: [Double] = []

  package init() {}

  /// A step that has sent the run back, and what was wrong with it.
  package struct PassedStep: Sendable, Equatable {
    package let step: Int
    /// nil where a checkpoint of an earlier version does not tell.
    package let cause: StepProblem.Cause?

    package init(_ step: Int, _ cause: StepProblem.Cause?) { (self.step, self.cause) = (step, cause) }
  }

  /// Counts a step whose update was made.
  ///
  /// - Parameter window: how many losses are remembered; 0 for none.
  package mutating func recordUpdate(loss: Double, window: Int) {
    skippedInRow = 0
    guard window > 0 else { return recentLosses.removeAll() }
    recentLosses.removeFirst(max(0, recentLosses.count - window + 1))
    recentLosses.append(loss)
  }

  /// Counts a step whose update was not made.
  package mutating func recordSkip(_ problem: StepProblem) {
    skipped += 1
    skippedInEpoch += 1
    if !problem.isPassedOver { skippedInRow += 1 }
  }

  /// How a run goes on from this state, that of a checkpoint, which a step has sent it back to.
  ///
  /// - Parameter now: the state behind that step.
  package mutating func goBack(
    from now: SentinelState, step: Int, _ problem: StepProblem, _ settings: SentinelSettings
  ) {
    (rollbacks, passedOver, rateFactor) = (now.rollbacks + [step], now.passedOver, now.rateFactor)
    switch settings.afterRollback {
    case .passOver: passedOver.append(PassedStep(step, problem.cause))
    case .lowerRate: rateFactor *= settings.rateFactor
    }
  }
}

extension SentinelState {
  /// What a checkpoint keeps of it: nothing, where nothing has happened.
  package var attributes: [String: Checkpoint.Attribute] {
    var attributes: [String: Checkpoint.Attribute] = [:]
    func set(_ name: String, _ count: Int) { if count > 0 { attributes[name] = .integer(count) } }
    func set(_ name: String, _ list: [some CustomStringConvertible]) {
      if !list.isEmpty { attributes[name] = .text(list.map(\.description).joined(separator: " ")) }
    }
    set("skipped_steps", skipped)
    set("skipped_in_epoch", skippedInEpoch)
    set("skipped_in_row", skippedInRow)
    set("rollback_steps", rollbacks)
    set("passed_over_steps", passedOver.map(\.step))
    if !passedOver.isEmpty {
      let causes = passedOver.map { $0.cause?.rawValue ?? "unknown" }
      attributes["passed_over_causes"] = .text(causes.joined(separator: ","))
    }
    if rateFactor != 1 { attributes["rate_factor"] = .number(rateFactor) }
    // As Swift writes numbers, they are read back bit by bit.
    set("recent_losses", recentLosses)
    return attributes
  }

  /// Nil where an attribute is not as `attributes` writes it.
  package init?(_ attributes: [String: Checkpoint.Attribute]) {
    func list<Element: LosslessStringConvertible>(_ name: String) -> [Element]? {
      guard let attribute = attributes[name] else { return [] }
      let words = attribute.text?.split(separator: " ") ?? [], list = words.compactMap { Element(String($0)) }
      return words.isEmpty || list.count < words.count ? nil : list
    }
    skipped = attributes["skipped_steps"]?.integer ?? 0
    skippedInEpoch = attributes["skipped_in_epoch"]?.integer ?? 0
    skippedInRow = attributes["skipped_in_row"]?.integer ?? 0
    rateFactor = attributes["rate_factor"]?.number ?? 1
    guard let rollbacks: [Int] = list("rollback_steps"), let steps: [Int] = list("passed_over_steps"),
      let recentLosses: [Double] = list("recent_losses"), recentLosses.allSatisfy(\.isFinite), rateFactor.isFinite
    else { return nil }
    (self.rollbacks, self.recentLosses) = (rollbacks, recentLosses)
    let causes = attributes["passed_over_causes"]?.text?.split(separator: ",").map(String.init)
    guard causes == nil || causes?.count == steps.count else { return nil }
    passedOver = steps.enumerated().map { index, step in
      PassedStep(step, causes.flatMap { StepProblem.Cause(rawValue: $0[index]) })
    }
  }
}

import Reports
public import Settings

/// What one trial has come to. Its figures bear the names that they have in `metrics.jsonl`: `train_loss`, `val_loss`,
/// `val_accuracy`, `val_f1_macro` and so on.
public struct TrialResult: Sendable, Equatable {
  /// How a trial ends.
  public enum State: String, Sendable {
    /// All its epochs, or those that its own early stopping left.
    case done
    /// Ended by the rule of the study.
    case stopped
    /// A loss or gradient that is not finite: a result like others, and worse than all of them.
    case failed
  }

  public var state: State
  /// Why it has failed.
  public var reason: String?
  /// The figures of each epoch, as lines of `metrics.jsonl` have them.
  public var epochs: [JSONValue]
  /// The figures after the steps that were asked for, under the same names, and `step`.
  public var steps: [JSONValue]
  /// Of the test split with the weights of the run's best epoch: `loss`, `accuracy` and the metrics; nil without one.
  public var test: JSONValue?
  /// The epoch that the run takes for its best; nil for a trial that was ended early.
  public var bestEpoch: Int?
  public var seconds: Double
  /// Tells the training data from others; nil where it is not known.
  public var data: String?

  public init(
    state: State, reason: String? = nil, epochs: [JSONValue] = [], steps: [JSONValue] = [], test: JSONValue? = nil,
    bestEpoch: Int? = nil, seconds: Double = 0
  ) {
    (self.state, self.reason, self.epochs, self.steps) = (state, reason, epochs, steps)
    (self.test, self.bestEpoch, self.seconds) = (test, bestEpoch, seconds)
  }

  /// Those of a trial that is made of folds, which has no epochs of its own.
  public var skippedInFolds = 0
  /// What a user should know of its data, one line each; not kept.
  public var warnings: [String] = []
  /// Steps whose updates the sentinel has left out.
  public var skippedSteps: Int {
    epochs.reduce(skippedInFolds) { $0 + Int($1["skipped_steps"]?.finiteNumber ?? 0) }
  }

  /// The same as it was after its first epochs.
  func after(_ epochs: Int) -> TrialResult {
    var result = self
    result.epochs = Array(self.epochs.prefix(epochs))
    return result
  }

  /// The figures of one name epoch by epoch; nil where there is none or it is not finite.
  public func values(of name: String) -> [Double?] { epochs.map { $0[name]?.finiteNumber } }

  /// A figure of the test split.
  public func test(_ name: String) -> Double? { test?[name]?.finiteNumber }

  // MARK: As text

  public var json: JSONValue {
    let skipped: [JSONValue.Member] = skippedSteps > 0 ? [.init("skipped_steps", .integer(skippedSteps))] : []
    return .object(
      [
        .init("state", .string(state.rawValue)), .init("reason", .optional(reason)), .init("epochs", .array(epochs)),
        .init("steps", .array(steps)), .init("test", test ?? .null), .init("best_epoch", .optional(bestEpoch)),
        .init("data", .optional(data)),
      ] + skipped + [.init("timing", ["seconds": .number(seconds)])])
  }

  /// - Returns: nil where the value is not one that `json` makes.
  public init?(_ value: JSONValue) {
    guard case .string(let name)? = value["state"]?.content, let state = State(rawValue: name),
      case .array(let epochs)? = value["epochs"]?.content, case .array(let steps)? = value["steps"]?.content
    else { return nil }
    self.init(state: state, epochs: epochs, steps: steps)
    if case .string(let reason)? = value["reason"]?.content { self.reason = reason }
    if let test = value["test"], !test.isNull { self.test = test }
    if case .integer(let epoch)? = value["best_epoch"]?.content { bestEpoch = epoch }
    if case .string(let data)? = value["data"]?.content { self.data = data }
    if case .integer(let count)? = value["skipped_steps"]?.content { skippedInFolds = count - skippedSteps }
    seconds = value["timing"]?["seconds"]?.finiteNumber ?? 0
  }
}

extension JSONValue {
  /// This number; nil for anything else, and where it is not finite.
  public var finiteNumber: Double? { double.flatMap { $0.isFinite ? $0 : nil } }
}

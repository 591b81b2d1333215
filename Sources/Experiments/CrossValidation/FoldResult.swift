public import Settings

/// What one fold has come to.
public struct FoldResult: Sendable, Equatable {
  public enum State: String, Sendable {
    case done
    /// Loss or gradient were not finite.
    case failed
  }

  /// Which division of the data, and which fold of it, both from 1.
  public let repetition: Int
  public let fold: Int
  /// Samples.
  public let trainCount: Int
  public let testCount: Int
  public var state = State.done
  /// Why it has failed.
  public var reason: String?
  /// Epochs trained, and the one whose weights were tested.
  public var epochs = 0
  public var testedEpoch: Int?
  /// Steps whose updates the sentinel has left out, of the epochs that were trained to their end.
  public var skippedSteps = 0
  /// Figures of the fold's test samples: `loss`, `accuracy` where there are classes, and every metric of the task; nil
  /// where one is not defined.
  public var figures: [Figure] = []
  public var seconds = 0.0

  public struct Figure: Sendable, Equatable {
    public let name: String
    public let value: Double?

    public init(_ name: String, _ value: Double?) { (self.name, self.value) = (name, value) }
  }

  public init(repetition: Int, fold: Int, trainCount: Int, testCount: Int) {
    (self.repetition, self.fold, self.trainCount, self.testCount) = (repetition, fold, trainCount, testCount)
  }

  /// A figure by name; nil where there is none, or it is not defined.
  public subscript(name: String) -> Double? { figures.first { $0.name == name }?.value }

  // MARK: A line of folds.jsonl

  /// Everything outside `timing` is equal between equal runs.
  public var json: JSONValue {
    let skipped: [JSONValue.Member] = skippedSteps > 0 ? [.init("skipped_steps", .integer(skippedSteps))] : []
    return .object(
      [
        .init("repeat", .integer(repetition)), .init("fold", .integer(fold)),
        .init("train_samples", .integer(trainCount)),
        .init("test_samples", .integer(testCount)), .init("state", .string(state.rawValue)),
        .init("reason", .optional(reason)), .init("epochs", .integer(epochs)),
        .init("tested_epoch", .optional(testedEpoch)),
      ] + skipped + [
        .init("test", .object(figures.map { .init($0.name, .finite($0.value)) })),
        .init("timing", ["seconds": .number(seconds)]),
      ])
  }

  /// - Returns: nil where the value is not one that `json` makes.
  public init?(_ value: JSONValue) {
    func integer(_ key: String) -> Int? {
      if case .integer(let number)? = value[key]?.content { number } else { nil }
    }
    guard let repetition = integer("repeat"), let fold = integer("fold"), let train = integer("train_samples"),
      let test = integer("test_samples"), let epochs = integer("epochs"),
      case .string(let name)? = value["state"]?.content, let state = State(rawValue: name),
      let figures = value["test"]?.members
    else { return nil }
    self.init(repetition: repetition, fold: fold, trainCount: train, testCount: test)
    (self.state, self.epochs, testedEpoch) = (state, epochs, integer("tested_epoch"))
    skippedSteps = integer("skipped_steps") ?? 0
    if case .string(let reason)? = value["reason"]?.content { self.reason = reason }
    self.figures = figures.map { Figure($0.key, $0.value.finiteNumber) }
    seconds = value["timing"]?["seconds"]?.finiteNumber ?? 0
  }
}

import Basics
import DataPipeline
import Foundation
public import Metrics
public import Settings

/// How a model decides between yes and no, or between two classes: the key `decision`.
public struct DecisionSettings: NestedSettings {
  /// Nil: one half.
  public var threshold: DecisionThreshold?

  public init() {}

  public static let shorthand: String? = "threshold"
  public static let settings: [Setting<DecisionSettings>] = [
    Setting("threshold", \.threshold, "probability above which the answer is yes, or what chooses it on val; 0.5")
  ]
}

/// A probability above which the answer is yes, or what chooses it.
public enum DecisionThreshold: SettingValue, Equatable {
  /// One for all outputs, or one for each, between 0 and 1.
  case given([Double])
  /// The best one on the validation split, for each output by itself. The test split has no say.
  case chosen(DecisionRule)

  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> DecisionThreshold {
    guard case .string = value.content else {
      return .given(try [Double].read(value, subject, .oneOrEach(.between(0, 1))))
    }
    let names = DecisionRule.allCases.map(\.rawValue)
    let name = try value.requireName(subject, of: names)
    return DecisionRule(rawValue: name).map(DecisionThreshold.chosen) ?? .given([0.5])
  }

  public func json(_ limits: NoLimits) -> JSONValue {
    switch self {
    case .given(let thresholds): thresholds.json(.oneOrEach(.any))
    case .chosen(let rule): .string(rule.rawValue)
    }
  }

  public static func words(for limits: NoLimits) -> String {
    DecisionRule.allCases.map(\.rawValue).joined(separator: ", ") + ", number or list, between 0 and 1"
  }
}

extension LearningTask {
  /// What is measured, with the thresholds of answers, and what chooses them where they are not given.
  func decided(
    outputSize: Int, targets: TargetTransform, _ settings: DecisionSettings, isValidated: Bool
  ) throws -> (task: MetricTask, rule: DecisionRule?) {
    let task = metricTask(outputSize: outputSize, targets: targets)
    return try settings.threshold?.applied(
      to: task, lossName: lossName, isReconstruction: self is Reconstruction, isValidated: isValidated) ?? (task, nil)
  }
}

extension DecisionThreshold {
  /// The task with given thresholds, and what chooses them otherwise.
  ///
  /// - Throws: for a task that has none, a list of another length, and without samples to choose them on.
  func applied(
    to task: MetricTask, lossName: String, isReconstruction: Bool, isValidated: Bool
  ) throws -> (task: MetricTask, rule: DecisionRule?) {
    guard task.takesThresholds, !isReconstruction else {
      throw Failure.usage(
        "decision.threshold: \(lossName) with \(plural(task.outputSize, "output")) does not decide between yes and no "
          + "or two classes by a probability; leave it out, or give --loss binary_cross_entropy")
    }
    switch self {
    case .chosen(let rule):
      guard isValidated else {
        throw Failure.usage(
          "decision.threshold: \(rule.rawValue) is measured on validation samples, of which there are none; give "
            + "data.validation, such as 0.1, or a number")
      }
      return (task, rule)
    case .given(let given):
      guard given.count == 1 || given.count == task.thresholdCount else {
        throw Failure.usage(
          "decision.threshold: \(given.count) numbers for \(plural(task.thresholdCount, "answer")); give one, or one "
            + "for each")
      }
      var task = task
      task.thresholds = (0..<task.thresholdCount).map { index in
        let probability = given.count == 1 ? given[0] : given[index]
        return Float(log(probability / (1 - probability)))
      }
      return (task, nil)
    }
  }

  /// Thresholds of logits as probabilities.
  static func probabilities(_ thresholds: [Float]) -> [Double] { thresholds.map { 1 / (1 + exp(-Double($0))) } }

  /// Such as `0.31`, or `0.31, 0.5, …`.
  static func text(_ thresholds: [Float]) -> String {
    probabilities(thresholds).prefix(8).map(trimmedNumber).joined(separator: ", ") + (thresholds.count > 8 ? ", …" : "")
  }

  static func json(_ thresholds: [Float]) -> JSONValue { .array(probabilities(thresholds).map(JSONValue.number)) }
}

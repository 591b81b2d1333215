import Basics
import Foundation
public import Settings

/// What the files of a run directory say of the run; what they do not say is left out.
public struct RunRecord: Sendable {
  /// What it is called where several stand side by side: the last part of its path.
  public let name: String
  /// `config.json`.
  public let configuration: JSONValue
  /// `metrics.jsonl`, a line each.
  public let epochs: [EpochRecord]
  /// `steps.jsonl`, a line each.
  public let steps: [StepRecord]
  /// `summary.json`; null where there is none, as of a run that is under way.
  public var summary: JSONValue
  /// `report.json`; null where there is none.
  public let material: JSONValue
  /// `restarts.jsonl`, a line each; lines that say nothing are left out.
  public private(set) var restarts: [RestartRecord] = []

  public init(
    name: String, configuration: JSONValue, epochs: [EpochRecord], steps: [StepRecord], summary: JSONValue = .null,
    material: JSONValue = .null
  ) {
    (self.name, self.configuration, self.epochs, self.steps) = (name, configuration, epochs, steps)
    (self.summary, self.material) = (summary, material)
  }

  /// The names of the files in a run directory.
  public static let materialFile = "report.json"
  public static let pageFile = "report.html"
  public static let stepsFile = "steps.jsonl"

  /// Reads a run directory.
  ///
  /// - Parameters:
  ///   - material: takes the place of `report.json`, where that has not been written.
  /// - Throws: where it is none, or a file is damaged.
  public init(directory: String, material: JSONValue? = nil) throws {
    var path = directory
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    guard let configuration = try Self.document(path + "/config.json") else {
      throw Failure.data("\(path): is no run directory, expected one with a config.json, such as runs/NAME")
    }
    guard access(path + "/folds.jsonl", F_OK) != 0 else {
      throw Failure.data("\(path): holds a cross-validation, expected a run directory, such as runs/NAME")
    }
    name = path == "." ? "run" : String(path.split(separator: "/").last ?? "run")
    self.configuration = configuration
    epochs = try Self.lines(path + "/metrics.jsonl", EpochRecord.init)
    let lines = try Self.lines(path + "/" + Self.stepsFile) { line in
      StepRecord(line).map { (step: $0, isLearned: line["problem"] == nil) }
    }
    // What was not learned from is no point of a curve.
    steps = lines.filter(\.isLearned).map(\.step)
    summary = try Self.document(path + "/summary.json") ?? .null
    restarts = (try Self.text(path + "/restarts.jsonl") ?? "").split(separator: "\n").compactMap { line in
      (try? JSON5Parser.parse(String(line), file: path)).flatMap(RestartRecord.init)
    }
    self.material = try material ?? Self.document(path + "/" + Self.materialFile) ?? .null
  }

  /// The most bytes of a file that are read.
  private static let byteLimit = 256 << 20

  /// The JSON of a file; nil where there is no such file.
  private static func document(_ path: String) throws -> JSONValue? {
    guard let text = try text(path) else { return nil }
    do { return try JSON5Parser.parse(text, file: path) } catch {
      throw Failure.data("\(error); the file is damaged: restore it or delete it")
    }
  }

  /// The records of a file's lines, none where there is no such file; a line that was cut short at the end, as by a
  /// kill, is left out.
  private static func lines<Record>(_ path: String, _ make: (JSONValue) -> Record?) throws -> [Record] {
    let lines = (try text(path) ?? "").split(separator: "\n")
    return try lines.enumerated().compactMap { index, line in
      if let value = try? JSON5Parser.parse(String(line), file: path), let record = make(value) { return record }
      guard index == lines.count - 1 else {
        throw Failure.data(
          "\(path), line \(index + 1): expected a JSON object with a step and a loss; restore the file")
      }
      return nil
    }
  }

  private static func text(_ path: String) throws -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= byteLimit else {
      throw Failure.data("\(path): expected a file of at most \(shortBytes(Double(byteLimit)))")
    }
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw Failure.data("\(path): cannot be read as a text in UTF-8; restore it or delete it")
    }
    return text
  }
}

/// The figures of an epoch: a line of `metrics.jsonl`.
public struct EpochRecord: Sendable, Equatable {
  public let epoch: Int
  /// Steps since the start of training.
  public let step: Int
  public let trainLoss: Double
  public let trainAccuracy: Double?
  public let validationLoss: Double?
  public let validationAccuracy: Double?
  public let learningRate: Double?
  /// All other figures by their keys, such as `val_f1_macro` or `generator_loss`; not a number where they are not
  /// defined.
  public let others: [(key: String, value: Double)]
  public let samplesPerSecond: Double?
  /// Share of the steps' time in exchanges, waiting included.
  public let exchangeFraction: Double?
  public let seconds: Double?
  public let validationSeconds: Double?

  public init(
    epoch: Int, step: Int, trainLoss: Double, trainAccuracy: Double? = nil, validationLoss: Double? = nil,
    validationAccuracy: Double? = nil, learningRate: Double? = nil, others: [(key: String, value: Double)] = [],
    samplesPerSecond: Double? = nil, exchangeFraction: Double? = nil, seconds: Double? = nil,
    validationSeconds: Double? = nil
  ) {
    (self.epoch, self.step, self.trainLoss, self.trainAccuracy) = (epoch, step, trainLoss, trainAccuracy)
    (self.validationLoss, self.validationAccuracy) = (validationLoss, validationAccuracy)
    (self.learningRate, self.others) = (learningRate, others)
    (self.samplesPerSecond, self.exchangeFraction) = (samplesPerSecond, exchangeFraction)
    (self.seconds, self.validationSeconds) = (seconds, validationSeconds)
  }

  /// Nil where it has no epoch, step or loss.
  public init?(_ line: JSONValue) {
    guard let epoch = line["epoch"]?.integer, let step = line["step"]?.integer else { return nil }
    let known = [
      "epoch", "step", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "learning_rate", "timing",
    ]
    let timing = line["timing"]
    self.init(
      epoch: epoch, step: step, trainLoss: line["train_loss"]?.double ?? .nan,
      trainAccuracy: line["train_accuracy"]?.double, validationLoss: line["val_loss"]?.double,
      validationAccuracy: line["val_accuracy"]?.double, learningRate: line["learning_rate"]?.double,
      others: (line.members ?? []).filter { !known.contains($0.key) }.map { ($0.key, $0.value.double ?? .nan) },
      samplesPerSecond: timing?["samples_per_second"]?.double,
      exchangeFraction: timing?["exchange_fraction"]?.double, seconds: timing?["seconds"]?.double,
      validationSeconds: timing?["validation_seconds"]?.double)
  }

  public static func == (a: EpochRecord, b: EpochRecord) -> Bool {
    a.epoch == b.epoch && a.step == b.step && a.trainLoss == b.trainLoss && a.validationLoss == b.validationLoss
  }
}

/// The figures of a step: a line of `steps.jsonl`.
public struct StepRecord: Sendable, Equatable {
  public let step: Int
  /// From 1.
  public let epoch: Int
  public let loss: Double
  public let accuracy: Double?
  public let learningRate: Double?
  /// Of the mean gradient, before clipping.
  public let gradientNorm: Double?

  public init(
    step: Int, epoch: Int, loss: Double, accuracy: Double? = nil, learningRate: Double? = nil,
    gradientNorm: Double? = nil
  ) {
    (self.step, self.epoch, self.loss, self.accuracy) = (step, epoch, loss, accuracy)
    (self.learningRate, self.gradientNorm) = (learningRate, gradientNorm)
  }

  /// Nil where it has no step or epoch.
  public init?(_ line: JSONValue) {
    guard let step = line["step"]?.integer, let epoch = line["epoch"]?.integer else { return nil }
    self.init(
      step: step, epoch: epoch, loss: line["loss"]?.double ?? .nan, accuracy: line["accuracy"]?.double,
      learningRate: line["learning_rate"]?.double, gradientNorm: line["gradient_norm"]?.double)
  }
}

extension JSONValue {
  /// The number, if it is one.
  public var double: Double? {
    switch content {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The whole number, if it is one of at most 15 digits: no count has more, and sums of such do not overflow.
  public var integer: Int? {
    if case .integer(let value) = content, value.magnitude < 1_000_000_000_000_000 { value } else { nil }
  }

  /// The text, if it is one.
  public var string: String? { if case .string(let text) = content { text } else { nil } }

  /// The elements of a list; none of something else.
  public var elements: [JSONValue] { if case .array(let elements) = content { elements } else { [] } }

  /// The numbers of a list.
  public var doubles: [Double] { elements.map { $0.double ?? .nan } }
}

import Basics
import Foundation
import Settings
import Training

/// A search, as its file describes it.
public struct TuneStudy: Sendable {
  public let base: StudyBase
  public let space: SearchSpace
  public let goal: Goal
  public let sampler: any Sampler
  public let stopping: any StoppingRule
  /// The most trials.
  public let trials: Int
  /// After which no generation begins; nil for no limit.
  public let minutes: Double?
  public let seed: UInt64
  /// Trials that are chosen together, without knowing each other's results.
  public let generation: Int
  public let ranksPerTrial: Int?
  /// What makes it this study and no other.
  let description: JSONValue

  /// The most trials of a study that names none and is limited otherwise.
  private static let limit = 10_000

  /// - Parameters:
  ///   - trials: overrides the file's; so does `minutes`.
  public init(
    file: String, options: StudyOptions, trials: Int? = nil, minutes: Double? = nil
  ) throws {
    let value = try StudyBase.parse(file)
    var reader = try SettingsReader(value)
    let baseValue = reader.value("base")
    goal = try Goal(reader.value("objective") ?? .object([]), path: "objective")
    base = try StudyBase(baseValue, of: file, settings: options.settings, metrics: [goal.metric], bestBy: goal.bestBy)
    guard let spaceValue = reader.value("space") else {
      throw SettingsError(
        "space: is missing; expected the keys to vary, as in space: { \"optimizer.learning_rate\": { low: 1e-4, "
          + "high: 0.1, log: true } }", at: value.position)
    }
    space = try SearchSpace(spaceValue, path: "space")
    var own = try reader.object("sampler", shorthand: "name")
    sampler = try SamplerCatalog.all.readNamed(&own, default: GaussianProcessSampler.name)
    try own.finish()
    own = try reader.object("stopping", shorthand: "name")
    stopping = try StoppingCatalog.all.readNamed(&own, default: NoStopping.name)
    try own.finish()
    if goal.split == .folds && !(stopping is NoStopping) {
      throw reader.error("stopping", "is for trials of one run, which has epochs; with the split folds leave it out")
    }
    let givenTrials = try trials ?? reader.integer("trials", in: .atLeast(1))
    let givenMinutes = try minutes ?? reader.double("minutes", in: .above(0))
    _ = (reader.value("trials"), reader.value("minutes"))
    seed = try reader.value("seed")?.requireSeed("seed") ?? 42
    generation =
      try reader.integer("generation", in: .closed(1, 1000)) ?? (stopping is Halving ? 9 : 4)
    ranksPerTrial = try options.ranksPerTrial ?? reader.integer("ranks_per_trial", in: .atLeast(1))
    _ = reader.value("ranks_per_trial")
    try reader.finish()
    self.minutes = givenMinutes
    let most = givenTrials ?? (givenMinutes != nil || sampler is GridSampler ? Self.limit : 20)
    self.trials = sampler is GridSampler ? GridSampler.count(space, limit: most) : most
    description = [
      "kind": "tune", "base": base.value, "space": spaceValue, "objective": goal.json, "sampler": sampler.namedJSON,
      "stopping": stopping.namedJSON, "generation": .integer(generation), "seed": .integer(Int(seed)),
    ]
    // Trials that are halved alone have files of their own, which they go on from.
    let hasCheckpoints = stopping is Halving
    func configuration(_ settings: [TrainArguments.Setting]) throws(SettingsError) -> TrainingConfiguration {
      let configuration = try base.configuration(settings)
      if !hasCheckpoints { try configuration.sentinel.requireNoRollback() }
      return configuration
    }
    // A fault of all trials is none of a parameter.
    _ = try configuration([])
    try space.check(configuration)
    try checkContest()
  }

  /// - Throws: where trials could differ in what they are judged by, so that none could be called the best.
  private func checkContest() throws {
    for parameter in space.parameters {
      guard case .choices(let values) = parameter.domain else { continue }
      let configurations = try values.map { try base.configuration([.init(path: parameter.path, value: $0)]) }
      func differ(_ key: (TrainingConfiguration) -> String) -> Bool { Set(configurations.map(key)).count > 1 }
      if differ({
        (["\($0.data.path ?? "") \($0.data.labels ?? "")"] + $0.data.files.all.map(\.path)).joined(separator: " ")
      }) {
        throw SettingsError(
          "space.\(parameter.path): trials on different data cannot be held against each other; leave it out, or use "
            + "compare", at: parameter.position)
      }
      if goal.metric == "loss", differ({ $0.json["loss"]?.line ?? "" }) {
        throw SettingsError(
          "space.\(parameter.path): different losses cannot be held against each other; give another objective, such "
            + "as accuracy", at: parameter.position)
      }
    }
  }

  /// A trial's values for people: `learning_rate 0.003, batch_size 64`.
  func text(_ values: ParameterValues) -> String {
    space.parameters.indices.compactMap { index in
      values[index].map { "\(space.labels[index]) \(space.parameters[index].domain.text($0))" }
    }.joined(separator: ", ")
  }
}

extension SearchSpace {
  /// The last key of each path, where that tells parameters apart, or else the path.
  var labels: [String] {
    let last = parameters.map { $0.path.split(separator: ".").last.map(String.init) ?? $0.path }
    return parameters.indices.map { index in
      last.count { $0 == last[index] } > 1 ? parameters[index].path : last[index]
    }
  }

  /// What the numbers of choices stand for that are too long for a table.
  var legend: [String] {
    parameters.indices.flatMap { index -> [String] in
      guard case .choices(let values) = parameters[index].domain else { return [] }
      return values.indices.compactMap { number in
        let text = parameters[index].domain.text(Double(number))
        return text.hasPrefix("#") ? "\(labels[index]) \(text)  \(values[number].line.shortened(to: 100))" : nil
      }
    }
  }
}

extension Domain {
  /// A value as a table shows it: numbers with four digits, choices that are lists or objects by their number, from 1.
  func text(_ value: Double) -> String {
    let json = json(value)
    switch json.content {
    case .number(let number): return trimmedNumber(number)
    case .array, .object:
      if let name = json.plainText, json.members?.count == 1 { return name.shortened(to: 28) }
      return "#\(Int(value) + 1)"
    default: return (json.plainText ?? json.line).shortened(to: 28)
    }
  }
}

import Basics
import Foundation
import Settings
import Training

/// A comparison, as its file describes it.
public struct CompareStudy: Sendable {
  /// One of the configurations that are compared.
  struct Variation: Sendable {
    let name: String
    let base: StudyBase
    let settings: [TrainArguments.Setting]

    func configuration(seed: UInt64) throws(SettingsError) -> TrainingConfiguration {
      try base.configuration(
        settings + [TrainArguments.Setting(path: "seed", value: .integer(Int(seed)))])
    }
  }

  public let file: String
  let variations: [Variation]
  let seeds: [UInt64]
  /// The first is what is judged by.
  let goals: [Goal]
  let checkpoints: CompareCheckpoints?
  public let ranksPerTrial: Int?
  let description: JSONValue
  /// Whether all train on the same data, so that their figures can be held against each other.
  let isOneContest: Bool

  /// - Parameter seeds: overrides the file's number of seeds.
  public init(file: String, options: StudyOptions, seeds: Int? = nil) throws {
    self.file = file
    let value = try StudyBase.parse(file)
    var reader = try SettingsReader(value)
    goals = try Self.goals(&reader)
    checkpoints = try CompareCheckpoints(&reader, goal: goals[0])
    let metrics = goals.map(\.metric) + (checkpoints?.metrics ?? [])
    let variations = try Self.variations(
      &reader, at: value.position, file, options, metrics: metrics, bestBy: goals[0].bestBy)
    self.variations = variations
    self.seeds = try Self.seeds(reader.value("seeds"), count: seeds, base: variations[0])
    ranksPerTrial = try options.ranksPerTrial ?? reader.integer("ranks_per_trial", in: .atLeast(1))
    _ = reader.value("ranks_per_trial")
    try reader.finish()
    let configurations = try variations.map { try $0.configuration(seed: 0) }
    isOneContest =
      Set(
        configurations.map { configuration in
          let data = configuration.data
          return [data.path, data.features, data.labels].map { $0 ?? "" } + data.files.all.map(\.path)
        }
      ).count == 1
      && (goals[0].metric != "loss" || Set(configurations.map { $0.json["loss"]?.line ?? "" }).count == 1)
    description = [
      "kind": "compare",
      "configurations": .object(
        try variations.map { .init($0.name, try StudyBase.laying($0.settings, over: $0.base.value)) }),
      "seeds": .array(self.seeds.map { .integer(Int($0)) }), "metrics": .array(goals.map(\.json)),
      "checkpoints": checkpoints?.json ?? .null,
    ]
  }

  var inputs: [String] { get throws { try variations.flatMap { try $0.base.inputs } } }

  // MARK: Reading

  private static func goals(_ reader: inout SettingsReader) throws(SettingsError) -> [Goal] {
    let split = try reader.choice("split", of: Goal.Split.self) ?? .val
    if split == .folds { throw reader.error("split", "folds are for tune; give val, train or test") }
    let epoch = try reader.choice("at", of: Goal.Epoch.self) ?? .best
    guard let given = try reader.array("metrics") else { return [Goal(split: split, epoch: epoch)] }
    guard !given.isEmpty else { throw reader.error("metrics", "expected at least one name") }
    var goals: [Goal] = []
    for (index, value) in given.enumerated() {
      let name = try value.requireString("metrics[\(index)]")
      try Goal.check(name) { SettingsError("metrics[\(index)]: \($0)", at: value.position) }
      if split == .train && !["loss", "accuracy"].contains(name) {
        throw reader.error("split", "of train there are loss and accuracy alone; give val or test")
      }
      goals.append(Goal(metric: name, split: split, epoch: epoch))
    }
    return goals
  }

  private static func variations(
    _ reader: inout SettingsReader, at position: SourcePosition?, _ file: String, _ options: StudyOptions,
    metrics: [String], bestBy: String?
  ) throws -> [Variation] {
    let baseValue = reader.value("base")
    let given = reader.value("configurations")
    let vary = reader.value("vary")
    guard given != nil || vary != nil else {
      throw SettingsError(
        "vary: is missing, and configurations too; expected what to compare, as in vary: { \"optimizer.name\": "
          + "[\"sgd\", \"adam\"] }", at: position)
    }
    let crossed = try combinations(vary)
    var named: [(name: String, base: JSONValue?, settings: [TrainArguments.Setting], position: SourcePosition?)] = []
    if let given {
      guard let members = given.members else { throw given.mismatch("configurations", "an object in braces") }
      guard !members.isEmpty else { throw given.mismatch("configurations", "at least one") }
      for member in members {
        var base = baseValue, settings: [TrainArguments.Setting] = []
        switch member.value.content {
        case .string: base = member.value
        case .object(let inner):
          for item in inner {
            if item.key == "base" {
              base = item.value
            } else {
              settings.append(.init(path: item.key, value: item.value))
            }
          }
        default:
          throw member.value.mismatch("configurations.\(member.key)", "keys in braces, or the name of a file")
        }
        named.append((member.key, base, settings, member.keyPosition))
      }
    } else {
      named = [("", baseValue, [], nil)]
    }
    var variations: [Variation] = []
    for item in named {
      let base = try StudyBase(item.base, of: file, settings: options.settings, metrics: metrics, bestBy: bestBy)
      try base.configuration([]).sentinel.requireNoRollback()
      for (name, settings) in crossed {
        let whole = [item.name, name].filter { !$0.isEmpty }.joined(separator: ", ")
        let variation = Variation(name: whole, base: base, settings: item.settings + settings)
        try check(variation, at: item.position)
        variations.append(variation)
      }
    }
    return variations
  }

  /// Reads its configuration, so that a mistake is found before the first trial.
  private static func check(_ variation: Variation, at position: SourcePosition?) throws {
    if variation.settings.contains(where: { $0.path == "seed" }) {
      throw SettingsError("\(variation.name.shownName): seed is what 'seeds' lists; leave it out", at: position)
    }
    for setting in variation.settings where SearchSpace.reserved.contains(setting.path) {
      throw SettingsError(
        "\(variation.name.shownName): \(setting.path) is not for a study to set; leave it out", at: position)
    }
    do { try variation.configuration(seed: 0).sentinel.requireNoRollback() } catch {
      guard error.position == nil || error.message.hasPrefix("unknown") else { throw error }
      throw SettingsError(
        "\(variation.name.shownName): \(error.message)",
        at: error.position ?? variation.settings.first?.value.position ?? position)
    }
  }

  /// All combinations of `vary`, the first key slowest, with their names.
  private static func combinations(
    _ vary: JSONValue?
  ) throws(SettingsError) -> [(name: String, settings: [TrainArguments.Setting])] {
    guard let vary else { return [("", [])] }
    let space = try SearchSpace(vary, path: "vary")
    for parameter in space.parameters {
      guard case .choices = parameter.domain else {
        throw SettingsError("vary.\(parameter.path): expected a list of values", at: parameter.position)
      }
    }
    let count = GridSampler.count(space, limit: 1001)
    guard count <= 1000 else { throw vary.mismatch("vary", "at most 1,000 combinations") }
    let grid = GridSampler()
    let labels = space.labels
    return (0..<count).compactMap { index in
      let state = SearchState(space: space, trial: index, observations: [], pending: [], seed: 0)
      guard let values = grid.next(state) else { return nil }
      let parts = space.parameters.indices.compactMap { parameter in
        values[parameter].map { value in
          let text = space.parameters[parameter].domain.text(value)
          // A word says what it is; a number does not.
          return text.first?.isLetter == true && !["true", "false"].contains(text)
            ? text : "\(labels[parameter]) \(text)"
        }
      }
      return (parts.joined(separator: ", "), space.settings(values))
    }
  }

  private static func seeds(_ value: JSONValue?, count: Int?, base: Variation) throws(SettingsError) -> [UInt64] {
    if count == nil, let value, case .array(let elements) = value.content {
      var seeds: [UInt64] = []
      for (index, element) in elements.enumerated() {
        let seed = try element.requireSeed("seeds[\(index)]")
        guard !seeds.contains(seed) else { throw element.mismatch("seeds[\(index)]", "seeds that differ") }
        seeds.append(seed)
      }
      guard !seeds.isEmpty else { throw value.mismatch("seeds", "at least one") }
      return seeds
    }
    var number = 3
    if let count {
      number = count
    } else if let value {
      number = try value.requireInteger("seeds", in: .closed(1, 10_000))
    }
    let first = try base.base.configuration(base.settings).seed
    return (0..<UInt64(number)).map { first + $0 }
  }
}

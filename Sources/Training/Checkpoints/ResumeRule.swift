import Basics
import DataPipeline
import NeuralNetwork
import Settings

/// What becomes of a setting that is another on a resumed run than before.
enum ResumeRule: Sendable {
  /// It belongs to a start and not to the run: each start has its own, and what a checkpoint has is not looked at, so
  /// that a checkpoint of someone else's cannot choose where results go.
  case ofTheStart
  /// An error: the figures before and after would not belong together.
  case kept
  /// An error inside an epoch, whose samples would be dealt anew, so that some are seen twice and others never; between
  /// epochs as `said`.
  case keptInEpoch
  /// It takes effect, and a line says what was and what is.
  case said
  /// As `said`; a run that differs in it alone is still the one that `--resume auto` looks for.
  case incidental

  /// The settings that are more or less than `said`, by path; what stands below a path has its rule.
  private static let rules: [String: ResumeRule] = [
    "run": .ofTheStart, "name": .ofTheStart, "resume": .ofTheStart, "overwrite": .ofTheStart,
    "verbosity": .ofTheStart, "quiet": .ofTheStart, "data.may_change": .ofTheStart,
    "log.trace": .ofTheStart, "log.trace_steps": .ofTheStart, "checkpoint.copy_to": .ofTheStart,
    "model": .kept, "init": .kept, "loss.name": .kept, "seed": .kept, "shards": .kept,
    "data.target": .kept, "data.scaling": .kept, "data.target_scaling": .kept,
    "data.validation": .kept, "data.stratify": .kept, "data.validation_group": .kept, "data.weights": .kept,
    "batch_size": .keptInEpoch, "accumulate": .keptInEpoch,
    "epochs": .incidental, "checkpoint": .incidental, "exchange": .incidental, "threads": .incidental,
    "data.memory": .incidental, "metrics": .incidental, "log": .incidental, "folds": .incidental,
    "watchdog": .incidental, "sentinel.compare_steps": .incidental,
  ]

  /// The rule of the longest path in the table that leads to `path`.
  static func of(_ path: String) -> ResumeRule {
    var path = Substring(path)
    while true {
      if let rule = rules[String(path)] { return rule }
      guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return .said }
      path = path[..<end]
    }
  }

  /// Every path that the table names.
  static var paths: [String] { rules.keys.sorted() }

  /// A stored configuration with what runs did when they did not say it.
  static func withEarlierDefaults(_ configuration: JSONValue) -> JSONValue {
    guard let data = configuration["data"], data.members != nil, data["stratify"] == nil else { return configuration }
    return (try? configuration.setting(path: "data.stratify", to: .string(Stratification.labels.rawValue)))
      ?? configuration
  }

  /// A stored configuration without what belongs to the start that stored it.
  static func withoutStart(_ configuration: JSONValue, at path: String = "") -> JSONValue {
    guard let members = configuration.members else { return configuration }
    return .object(
      members.compactMap { member -> JSONValue.Member? in
        let path = path.isEmpty ? member.key : "\(path).\(member.key)"
        guard of(path) != .ofTheStart else { return nil }
        return .init(member.key, withoutStart(member.value, at: path))
      })
  }
}

/// A setting that is another on a resumed run than before.
struct ResumeChange: Sendable, Equatable {
  /// Such as `optimizer.learning_rate`.
  let path: String
  let old: JSONValue
  let new: JSONValue
  var rule: ResumeRule { .of(path) }

  /// `epochs 10 → 20`.
  var text: String { "\(path) \(Self.text(old)) → \(Self.text(new))" }

  /// What is another in `new` than in `old`, but for what belongs to a start.
  ///
  /// - Parameter lossName: that of the checkpoint, whose configuration may have left the choice to the data.
  static func between(
    _ old: TrainingConfiguration, _ new: TrainingConfiguration, lossName: String? = nil
  ) -> [ResumeChange] {
    var changes = between(comparable(old, lossName), comparable(new, lossName))
    // What a checkpoint has found is found again.
    changes.removeAll { $0.path == "loss.class_weights" && $0.new == "balanced" }
    // Another name of the same file is no change.
    func isSame(_ a: String?, _ b: String?) -> Bool {
      if let a, let b { OutputTarget.isSameFile(a, b) } else { false }
    }
    if isSame(old.data.path, new.data.path) { changes.removeAll { $0.path == "data.path" } }
    for (key, path) in old.data.files.all where isSame(path, new.data.files.all.first { $0.key == key }?.path) {
      changes.removeAll { $0.path == "data.files.\(key)" }
    }
    return changes.filter { $0.rule != .ofTheStart }
  }

  /// What is another in `new` than in `old`, down to single settings.
  static func between(_ old: JSONValue, _ new: JSONValue) -> [ResumeChange] {
    var changes: [ResumeChange] = []
    func compare(_ path: String, _ old: JSONValue?, _ new: JSONValue?) {
      guard old != new else { return }
      switch (old?.content, new?.content) {
      case (.object(let a)?, .object(let b)?):
        let keys = a.map(\.key) + b.map(\.key).filter { key in !a.contains { $0.key == key } }
        for key in keys { compare(path.isEmpty ? key : "\(path).\(key)", old?[key], new?[key]) }
      case (.array(let a)?, .array(let b)?) where a.count == b.count:
        for (index, (a, b)) in zip(a, b).enumerated() { compare("\(path)[\(index)]", a, b) }
      default: changes.append(ResumeChange(path: path, old: old ?? .null, new: new ?? .null))
      }
    }
    compare("", old, new)
    return changes
  }

  /// The configuration with the loss written out, also where the data chooses it.
  private static func comparable(_ configuration: TrainingConfiguration, _ lossName: String?) -> JSONValue {
    let loss = configuration.loss.value ?? lossName.flatMap { LossCatalog.all.make($0) }
    let members = configuration.members.map { member in
      member.key == "loss"
        ? JSONValue.Member("loss", loss?.namedJSON ?? ["name": .optional(lossName)]) : member
    }
    return .object(members)
  }

  static func text(_ value: JSONValue) -> String {
    value.isNull ? "none" : (value.plainText ?? value.line).escaped.shortened(to: 60)
  }
}

extension ResumePoint {
  /// What a start's configuration changes of the run's, as far as that needs no data.
  ///
  /// - Throws: where it changes what a resumed run has to keep.
  func changes(to configuration: TrainingConfiguration) throws -> [ResumeChange] {
    var now = configuration
    (now.data.path, now.shards) = (try now.data.location.path, now.shards ?? metadata.shardCount)
    return try changes(to: now, progress: checkpoint.progress(in: path, secondLoss: nil))
  }

  /// What this start changes of the run's configuration.
  ///
  /// - Throws: where it changes what a resumed run has to keep.
  func changes(to configuration: TrainingConfiguration, progress: TrainingProgress) throws -> [ResumeChange] {
    let changes = ResumeChange.between(metadata.configuration, configuration, lossName: metadata.lossName)
    for change in changes {
      switch change.rule {
      case .kept:
        throw Failure.usage(
          "\(path): a resumed run keeps \(change.path), found \(change.text); leave it out, or start another run")
      case .keptInEpoch where progress.stepInEpoch > 0:
        throw Failure.usage(
          "\(path): is in the middle of epoch \(progress.epoch + 1), where \(change.path) has to stay, found "
            + "\(change.text); resume from the end of an epoch")
      default: break
      }
    }
    return changes
  }
}

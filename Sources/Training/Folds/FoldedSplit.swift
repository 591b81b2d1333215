import Basics
import Collectives
import DataPipeline
import NumericCore

/// The training split of a configuration's data as its `folds` divide it, once for each repeat.
package struct FoldedSplit: Sendable {
  /// N of the training split.
  package let sampleCount: Int
  /// One for each repeat.
  package let plans: [FoldPlan]
  /// How the samples are divided, such as `5 folds, stratified by class, shuffled`.
  package let text: String
  /// The file, directory, glob or list.
  package let path: String
  /// That of the configuration, or of the data.
  package let name: String
  /// Whether the data has a validation split, which chooses the best epoch of each fold.
  package let hasValidation: Bool
  /// The weights that each fold starts from; nil for those that are drawn.
  package let initialWeights: String?
  /// What a user should know of the data and of the folds, one line each.
  package let warnings: [String]
  /// Tells the data from others; see `DataFingerprint`.
  package let fingerprint: String

  /// Reads the training split once. Collective, with equal arguments on all ranks.
  ///
  /// - Parameter configuration: of one whose run has not begun.
  /// - Throws: where the data cannot be divided so, or a task has no figures to tell folds by.
  package init(_ configuration: TrainingConfiguration, ranks: MPICommunicator) throws {
    if let reason = TaskCatalog.whyNotEvaluated(configuration.model) {
      throw Failure.usage("cross-validate: \(reason)")
    }
    let opened = try OpenedData(configuration, extensions: Extensions(), resumed: nil, world: ranks)
    let (source, task) = (opened.source, opened.task)
    let split = try source.split(.train)
    let settings = configuration.folds ?? FoldSettings()
    let division = try FoldDivision(settings, split: split, task: task, seed: configuration.seed)
    sampleCount = split.sampleCount
    plans = try (0..<settings.repeats).map { try division.plan(repeat: $0) }
    text = division.text + (settings.repeats > 1 ? ", \(settings.repeats) times" : "")
    path = source.path
    name = configuration.name ?? RunDirectory.name(ofData: source.path)
    hasValidation = source.splits[.validation] != nil
    let assignment = ShardAssignment(
      shardCount: min(max(ranks.size, 4), split.sampleCount), rankCount: ranks.size)
    let store = try opened.memory.store(
      of: split, targetCheck: task.targetCheck, over: assignment, rank: ranks.rank)
    let whole = try DataFingerprint([store], ranks)
    let isGiven = settings.group != nil || settings.given != nil
    fingerprint =
      (isGiven ? whole.dividing(plans.flatMap { plan in (0..<plan.count).map { plan[$0].test } }) : whole).description
    initialWeights = configuration.initial.from
    var matching = opened.matching
    let looksUp = configuration.model.inputLayout == .indices
    let transform = looksUp ? nil : matching?.transform(configuration.data.scaling, shape: split.featureShape)
    try matching?.compareUnits(of: store, features: transform, targets: nil, over: assignment, ranks)
    let doubts = [
      TrainingSetup.doubtOfDivision(configuration, source), opened.initial?.doubt(aboutFoldsOf: whole.description),
    ]
    warnings =
      source.remarks + division.warnings(plans) + doubts.compactMap(\.self) + (matching?.warnings ?? [])
  }
}

/// By which rule samples are dealt, and what it needs of them.
private struct FoldDivision {
  let settings: FoldSettings
  let scheme: FoldScheme
  let rows: Int
  let seed: UInt64
  /// The class of each sample; nil where it has none, or several.
  let labels: [Int]?
  let className: @Sendable (Int) -> String
  /// The group or the fold of each sample, where these are given.
  private let numbers: [Int]?

  init(_ settings: FoldSettings, split: SplitSource, task: any LearningTask, seed: UInt64) throws {
    (self.settings, self.seed) = (settings, seed)
    rows = split.sampleCount
    let hasClass = split.targetSize == 1 && (task.isLabelled || task.loss.targetKind == .binary) && !split.reconstructs
    labels = hasClass ? try split.readLabels(task.numbering, ignoring: task.loss.ignoredLabel) : nil
    let (names, numbering) = (split.names.classes, task.numbering)
    className = { label in
      if let names, names.indices.contains(label) { return names[label] }
      return "\(numbering.label(ofClass: label))"
    }
    scheme = settings.scheme == .auto ? (labels == nil ? .plain : .stratified) : settings.scheme
    guard labels != nil || scheme != .stratified else {
      throw Failure.usage(
        "folds.scheme: stratified needs one class a sample, which \(split.place(.targets, row: 0)) does not have; give "
          + "plain or time")
    }
    numbers =
      try settings.group.map(split.readGroups) ?? settings.given.map { try split.readNumbers($0) }
  }

  /// Whether another seed divides the samples in another way.
  private var isDrawn: Bool { settings.shuffle && settings.given == nil && scheme != .time && scheme != .leaveOneOut }

  func plan(repeat index: Int) throws -> FoldPlan {
    let source = RandomSource(seed: seed)
    let shuffle = isDrawn ? source.stream(.folds, index) : nil
    if let numbers {
      return try settings.given.map { try FoldPlan.given(numbers, place: $0.shownName) }
        ?? FoldPlan.byGroup(numbers, count: settings.count, shuffle: shuffle)
    }
    switch scheme {
    case .stratified:
      return try FoldPlan.stratified(
        labels: labels ?? [], count: settings.count,
        shuffle: isDrawn ? { source.stream(.folds, index, $0 + 1) } : nil)
    case .time: return try FoldPlan.inTime(rows: rows, count: settings.count, gap: settings.gap)
    case .leaveOneOut: return try FoldPlan.leaveOneOut(rows: rows)
    case .plain, .auto: return try FoldPlan.plain(rows: rows, count: settings.count, shuffle: shuffle)
    }
  }

  var text: String {
    let folds = "\(settings.count) folds"
    let rule: String
    if let group = settings.group {
      rule = "\(folds) by the groups of \(group.shownName)"
    } else if let given = settings.given {
      rule = "the folds of \(given.shownName)"
    } else {
      switch scheme {
      case .stratified: rule = "\(folds), stratified by class"
      case .time: rule = "\(folds) in the order of time" + (settings.gap > 0 ? ", gap \(settings.gap)" : "")
      case .leaveOneOut: rule = "each of \(grouped(rows)) samples left out once"
      case .plain, .auto: rule = folds
      }
    }
    return rule + (isDrawn ? ", shuffled" : "")
  }

  /// Which classes some folds cannot learn, and which ones a stratified division could not give to all.
  func warnings(_ plans: [FoldPlan]) -> [String] {
    guard let labels else { return [] }
    // What stands for no class is none that a fold could miss.
    let counts = labels.filter { $0 >= 0 }.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    var lines: [String] = []
    if scheme == .stratified, numbers == nil, let least = counts.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }),
      least.value < settings.count
    {
      lines.append(
        "class \(className(least.key).shownName) has \(plural(least.value, "sample")), fewer than the "
          + "\(settings.count) folds: some test none of it")
    }
    for (number, plan) in plans.enumerated() {
      let missing = missing(labels, counts, plan)
      guard let first = missing.first else { continue }
      let place = plans.count > 1 ? "repeat \(number + 1), fold \(first.fold + 1)" : "fold \(first.fold + 1)"
      let others = missing.count > 1 ? ", and so \(plural(missing.count - 1, "time")) more" : ""
      lines.append(
        "\(place) has no sample of class \(className(first.label).shownName) to train on, and can never predict it"
          + "\(others)" + (scheme == .plain && numbers == nil ? "; give folds.scheme=stratified" : ""))
      break
    }
    return lines
  }

  /// The classes that folds have no sample of to train on.
  private func missing(_ labels: [Int], _ counts: [Int: Int], _ plan: FoldPlan) -> [(fold: Int, label: Int)] {
    if scheme == .leaveOneOut {
      return labels.indices.filter { counts[labels[$0]] == 1 }.map { ($0, labels[$0]) }
    }
    return (0..<plan.count).flatMap { fold in
      let known = Set(plan[fold].train.map { labels[$0] })
      return counts.keys.filter { !known.contains($0) }.sorted().map { (fold, $0) }
    }
  }
}

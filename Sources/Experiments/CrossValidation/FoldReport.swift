import Basics
import Training

/// What a cross-validation says while it goes on, on rank 0.
struct FoldReport {
  private let configuration: TrainingConfiguration
  private let isShown: Bool
  private let isRoot: Bool
  private var table = TextTable([])
  /// The figures that have a column.
  private var names: [String] = []
  private var total = 1
  private var count = 0
  private var isEveryFoldShown = true
  private var hasRepeats = false
  private var warned: Set<String> = []

  /// - Parameter isShown: whether lines are printed; warnings are on rank 0 in any case.
  init(_ configuration: TrainingConfiguration, isShown: Bool, isRoot: Bool) {
    (self.configuration, self.isShown, self.isRoot) = (configuration, isShown, isRoot)
  }

  /// Beyond so many folds only what they come to is shown.
  private static let foldLimit = 50

  func line(_ text: String) throws {
    if isShown { try Output.print(text) }
  }

  /// Once, however many folds have it.
  mutating func warn(_ text: String) {
    if isRoot, warned.insert(text).inserted { Output.printError("ddp-train: warning: \(text)") }
  }

  mutating func begin(
    _ split: FoldedSplit, directory: String, ranks: Int, groups: Int, done: [FoldResult]
  ) throws {
    total = split.plans.reduce(0) { $0 + $1.count }
    isEveryFoldShown = total <= Self.foldLimit
    hasRepeats = split.plans.count > 1
    var head = TextTable([.left(10), .left])
    head.add(["data", "\(split.path)  \(plural(split.sampleCount, "sample")) of the training split"])
    head.add(["folds", split.text])
    if split.hasValidation { head.add(["", "the validation split of the data chooses the best epoch of each fold"]) }
    if let weights = split.initialWeights { head.add(["weights", "each fold starts from \(weights)"]) }
    head.add(["ranks", ranks == 1 ? "1" : "\(ranks) in \(plural(groups, "group"))"])
    head.add(["results", directory])
    if !done.isEmpty { head.add(["done", "\(done.count) of \(plural(total, "fold")) already"]) }
    for text in head.lines { try line(text) }
    for result in done { try add(result) }
  }

  mutating func add(_ result: FoldResult) throws {
    if names.isEmpty, !result.figures.isEmpty {
      names = Self.columns(of: result, configuration)
      table = TextTable(
        [.right(hasRepeats ? 10 : 9), .right(6), .right(5)] + names.map { .right(max(8, $0.count)) } + [.right(8)])
      try line("")
      try line(table.line(["fold", "train", "test"] + names + ["time"]))
    }
    count += 1
    if result.skippedSteps > 0 { warn("fold \(label(result)): \(plural(result.skippedSteps, "update")) left out") }
    guard isEveryFoldShown else {
      // A line for every tenth of them.
      if count * 10 / total > (count - 1) * 10 / total { try line("\(grouped(count)) of \(plural(total, "fold"))") }
      return
    }
    guard result.state == .done else {
      return try line("fold \(label(result))  failed: \(result.reason ?? "")")
    }
    let counts = [grouped(result.trainCount), grouped(result.testCount)]
    try line(
      table.line([label(result)] + counts + names.map { Self.text($0, result[$0]) } + [shortTime(result.seconds)]))
  }

  private func label(_ result: FoldResult) -> String {
    hasRepeats ? "\(result.repetition) / \(result.fold)" : "\(result.fold)"
  }

  /// - Parameter pooled: the figures of all samples together, by name.
  func end(_ validation: CrossValidation, pooled: [String: Double?], directory: String) throws {
    guard !names.isEmpty else { return }
    let estimates = names.map { validation.estimate($0) }
    func row(_ name: String, _ value: (FoldEstimate) -> Double?) throws {
      try line(table.line([name, "", ""] + estimates.map { Self.text($0.name, value($0)) } + [""]))
    }
    try line("")
    try row("mean") { $0.mean }
    try row("deviation") { $0.deviation }
    try row("95 % from") { estimate in estimate.mean.flatMap { mean in estimate.margin.map { mean - $0 } } }
    try row("to") { estimate in estimate.mean.flatMap { mean in estimate.margin.map { mean + $0 } } }
    try line(table.line(["together", "", ""] + names.map { Self.text($0, pooled[$0] ?? nil) } + [""]))
    if validation.testedCount < validation.sampleCount {
      try line(
        "together are \(grouped(validation.testedCount)) of \(plural(validation.sampleCount, "sample")): those of "
          + "failed folds are missing, in predictions.h5 too")
    }
    try line("")
    if validation.skippedSteps > 0 { try line("sentinel     \(plural(validation.skippedSteps, "update")) left out") }
    try line("predictions  \(directory)/predictions.h5")
  }

  /// Loss and accuracy, and the metrics that the configuration asks for; of values, which have no accuracy, the usual
  /// three.
  private static func columns(of result: FoldResult, _ configuration: TrainingConfiguration) -> [String] {
    let known = result.figures.map(\.name)
    let asked = configuration.metrics.map(\.rawValue).filter { $0 != "accuracy" }
    let usual = known.contains("accuracy") || !asked.isEmpty ? [] : ["rmse", "mae", "r2"]
    return (["loss", "accuracy"] + asked + usual).filter(known.contains)
  }

  private static func text(_ name: String, _ value: Double?) -> String {
    guard let value else { return "-" }
    return name == "accuracy" ? percentage(value) : shortNumber(value)
  }
}

import Basics
import Foundation
public import Settings

/// Something that a run shows to be wrong with it, or that it could do better.
public struct Finding: Sendable, Equatable {
  /// The rule's name, such as `overfitting`.
  public let name: String
  /// What is the matter, in one sentence.
  public let text: String
  /// The figures that show it.
  public let evidence: String
  /// What to try.
  public let advice: String

  public init(name: String, text: String, evidence: String, advice: String) {
    (self.name, self.text, self.evidence, self.advice) = (name, text, evidence, advice)
  }

  public var json: JSONValue {
    ["name": .string(name), "text": .string(text), "evidence": .string(evidence), "advice": .string(advice)]
  }

  /// Nil where it is none.
  public init?(_ value: JSONValue) {
    guard let name = value["name"]?.string, let text = value["text"]?.string else { return nil }
    self.init(
      name: name, text: text, evidence: value["evidence"]?.string ?? "", advice: value["advice"]?.string ?? "")
  }

  /// The lines that a run ends with, of at most 69 characters where words allow.
  public var lines: [String] {
    func wrapped(_ text: String) -> [String] { TextTable.wrapped(text, width: 67).map { "  " + $0 } }
    return TextTable.wrapped("\(name): \(text)", width: 69) + wrapped("seen: " + evidence) + wrapped("try: " + advice)
  }
}

/// What a run shows when it is over, by rules: each is a type of its own that says exactly when it speaks.
///
/// A rule sees the records of the run alone, and compares figures with themselves earlier in the run or with those of a
/// model that has learned nothing. Its thresholds leave room for the noise of a sound run: a rule would rather be
/// silent.
public enum Diagnosis {
  /// All rules, in the order in which they are reported.
  static let rules: [any DiagnosisRule] = [
    NonFiniteLoss(), Divergence(), LossSpikes(), VanishingGradients(), ExplodingGradients(), DeadUnits(),
    SingleSampleStatistics(), LeakedSamples(), SlowLearning(), MajorityClass(), MissingClass(), Overfitting(),
    ValidationBelowTraining(),
    MetricAgainstLoss(), Underfitting(),
  ]

  /// What the rules find. The same for equal runs, on any number of ranks.
  ///
  /// - Parameter rows: the rows of the training split that a step took, none where that cannot be told; nil where it is
  ///   not known.
  public static func findings(_ run: RunRecord, rows: ((StepPlace) -> [Int])? = nil) -> [Finding] {
    let evidence = Evidence(run, rows: rows)
    var found: [Finding] = []
    for rule in rules where !found.contains(where: { type(of: rule).explained.contains($0.name) }) {
      if let finding = rule.finding(evidence) { found.append(finding) }
    }
    return found
  }

  /// What the clock says, which is another at each start.
  public static func timingFindings(_ run: RunRecord) -> [Finding] {
    [TooManyRanks().finding(Evidence(run, rows: nil))].compactMap(\.self)
  }
}

/// Where in its epoch a step stands.
public struct StepPlace: Sendable, Equatable {
  /// From 1.
  public let epoch: Int
  /// From 0.
  public let step: Int
  /// How many steps that epoch had.
  public let stepsInEpoch: Int
}

/// One rule of the diagnosis.
protocol DiagnosisRule: Sendable {
  /// As `Finding.name`.
  static var name: String { get }
  /// Findings that would explain what this rule sees: where there is one, it is silent. Default: none.
  static var explained: [String] { get }
  /// Nil where nothing is wrong, or too little is known.
  func finding(_ evidence: Evidence) -> Finding?
}

extension DiagnosisRule {
  static var explained: [String] { [] }

  func found(_ text: String, evidence: String, advice: String) -> Finding {
    Finding(name: Self.name, text: text, evidence: evidence, advice: advice)
  }
}

/// What the rules look at.
struct Evidence {
  let epochs: [EpochRecord]
  let steps: [StepRecord]
  /// `report.json`.
  let material: JSONValue
  private let rows: ((StepPlace) -> [Int])?

  init(_ run: RunRecord, rows: ((StepPlace) -> [Int])?) {
    (epochs, steps, material, self.rows) = (run.epochs, run.steps, run.material, rows)
    lossTells = run.lossTells
    stopsEarly = run.configuration["early_stopping"].map { !$0.isNull } ?? false
  }

  /// Whether the run is told to stop early.
  let stopsEarly: Bool

  /// Whether a lower loss is a better model, as it is not for a GAN.
  let lossTells: Bool
  /// Whether training sees harder samples than validation: dropout, augmentation, smoothed labels.
  var trainingIsHarder: Bool { material["training_is_harder"] == .bool(true) }
  /// The loss of a model that knows nothing but how often each class occurs, or the mean of the targets.
  var trivialLoss: Double? { material["evaluation"]?["trivial_loss"]?.double }
  /// Samples of the validation split.
  var validationCount: Int? { material["validation_samples"]?.integer }

  /// The rows of the training split that a step took; none where that is not known.
  func rows(of record: StepRecord) -> [Int] {
    let start = record.epoch == 1 ? 0 : epochs.first { $0.epoch == record.epoch - 1 }?.step
    guard let rows, let start, let end = epochs.first(where: { $0.epoch == record.epoch })?.step else { return [] }
    return rows(StepPlace(epoch: record.epoch, step: record.step - start - 1, stepsInEpoch: end - start))
  }

  /// Epochs with both losses.
  var validated: [(epoch: Int, train: Double, validation: Double)] {
    epochs.compactMap { record in
      record.validationLoss.map { (record.epoch, record.trainLoss, $0) }
    }
  }

  /// The loss of the first recorded step, else of the first epoch.
  var firstLoss: Double? { steps.first?.loss ?? epochs.first?.trainLoss }

  /// The training loss over the run: of its steps where those were recorded, else its epochs.
  var losses: [Double] { steps.count >= 20 ? steps.map(\.loss) : epochs.map(\.trainLoss) }

  /// Medians of the losses over tenths of the run, in which single spikes do not show; empty where there are fewer than
  /// ten losses.
  var tenths: [Double] { Self.tenths(losses) }

  /// As `tenths`, of the run until the learning rate falls below a third of its greatest for good: where a schedule
  /// takes the rate away, a loss that stays says nothing of the model.
  var activeTenths: [Double] {
    let rates = steps.count >= 20 ? steps.map(\.learningRate) : epochs.map(\.learningRate)
    return Self.tenths(Array(losses.prefix(activeCount(rates))))
  }

  /// The validation losses of the epochs until then.
  var activeValidation: [Double] { epochs.prefix(activeCount(epochs.map(\.learningRate))).compactMap(\.validationLoss) }

  private func activeCount(_ rates: [Double?]) -> Int {
    let greatest = rates.compactMap(\.self).max() ?? 0
    return (rates.lastIndex { $0 ?? greatest >= greatest / 3 } ?? -1) + 1
  }

  /// How far the logarithms of the losses are apart by chance, as of batches and dropout, by `spread`. (Greater losses
  /// differ by more.)
  var noise: Double { spread(losses.map { log(max($0, 1e-12)) }) }

  /// How far the losses are apart by chance, of steps next to each other in the record and in one epoch; nil of fewer
  /// than five such pairs.
  var batchNoise: Double? {
    let differences = zip(steps, steps.dropFirst()).filter { $0.epoch == $1.epoch }.map { abs($1.loss - $0.loss) }
    return differences.count >= 5 ? spread(differences: differences) : nil
  }

  private static func tenths(_ losses: [Double]) -> [Double] {
    guard losses.count >= 10, losses.allSatisfy(\.isFinite) else { return [] }
    return (0..<10).map { part in
      let range = losses.count * part / 10..<losses.count * (part + 1) / 10
      return median(losses[range]) ?? .nan
    }
  }

  /// What the probe says of the layers that have weights, in order; empty where there was none.
  var layers: [LayerEvidence] { (material["probe"]?["layers"]?.elements ?? []).compactMap(LayerEvidence.init) }
}

/// What the probe saw of a layer.
struct LayerEvidence {
  let name: String
  let type: String
  /// Root mean square of the gradient of its weights; nil without weights, or where they are frozen.
  let gradient: Double?
  /// Of rectified units, how many there are and how many were 0 for all samples; else 0.
  let units: Int, deadUnits: Int
  /// Numbers that each unit gave.
  let observations: Int
  /// Which network of several it is of.
  let network: String

  init?(_ value: JSONValue) {
    guard let name = value["name"]?.string, let type = value["type"]?.string else { return nil }
    (self.name, self.type, gradient) = (name, type, value["gradient_rms"]?.double)
    units = value["units"]?.integer ?? 0
    deadUnits = value["dead_units"]?.integer ?? 0
    observations = value["observations"]?.integer ?? 0
    network = value["network"]?.string ?? ""
  }
}

/// The standard deviation of values about a slow trend, by the median size of the differences of neighbours: of
/// independent normal values that is 0.6745 √2 σ. A few values far off do not count.
func spread(_ values: some Collection<Double>) -> Double {
  spread(differences: zip(values, values.dropFirst()).map { abs($1 - $0) })
}

func spread(differences: [Double]) -> Double { (median(differences) ?? 0) / (0.6745 * 2.0.squareRoot()) }

func median(_ values: some Collection<Double>) -> Double? {
  let sorted = values.sorted()
  guard !sorted.isEmpty else { return nil }
  return sorted.count % 2 == 1
    ? sorted[sorted.count / 2] : (sorted[sorted.count / 2 - 1] + sorted[sorted.count / 2]) / 2
}

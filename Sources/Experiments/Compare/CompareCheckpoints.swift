import Basics
import Settings

/// The second table of a comparison: figures after certain steps or epochs.
struct CompareCheckpoints: Sendable {
  private enum Places {
    case at([Int])
    case every(Int)
  }

  private let places: Places
  let isByStep: Bool
  /// As records have them, such as `train_loss`.
  let keys: [String]

  /// Reads `at_steps`, `every_steps`, `at_epochs`, `every_epochs`, of which one may be there, and `at_metrics`.
  ///
  /// - Returns: nil where none is.
  init?(_ reader: inout SettingsReader, goal: Goal) throws(SettingsError) {
    var found: (key: String, places: Places)?
    for key in ["at_steps", "at_epochs", "every_steps", "every_epochs"] {
      guard let value = reader.value(key) else { continue }
      if let found { throw reader.error(key, "stands beside \(found.key); give one of the two") }
      if key.hasPrefix("every") {
        found = (key, .every(try value.requireInteger(key, in: .atLeast(1))))
      } else {
        var numbers: [Int] = []
        for (index, element) in try value.requireArray(key).enumerated() {
          numbers.append(try element.requireInteger("\(key)[\(index)]", in: .atLeast((numbers.last ?? 0) + 1)))
        }
        guard !numbers.isEmpty else { throw value.mismatch(key, "at least one number") }
        found = (key, .at(numbers))
      }
    }
    let names = try reader.array("at_metrics")
    guard let found else {
      if names != nil { throw reader.error("at_metrics", "is for at_steps, at_epochs, every_steps or every_epochs") }
      return nil
    }
    (places, isByStep) = (found.places, found.key.hasSuffix("steps"))
    var keys: [String] = []
    for (index, name) in (names ?? []).enumerated() {
      let key = try name.requireString("at_metrics[\(index)]")
      let metric = String(key.dropFirst(key.hasPrefix("train_") ? 6 : 4))
      let isKnown = key.hasPrefix("train_") ? ["loss", "accuracy"].contains(metric) : key.hasPrefix("val_")
      guard isKnown else {
        throw name.mismatch("at_metrics[\(index)]", "train_loss, train_accuracy, or val_ before a metric")
      }
      try Goal.check(metric) { SettingsError("at_metrics[\(index)]: \($0)", at: name.position) }
      keys.append(key)
    }
    self.keys = names == nil ? ["train_loss"] + (goal.split == .val ? [goal.key] : []) : keys
  }

  /// What has to be measured for it beside loss and accuracy.
  var metrics: [String] {
    keys.filter { $0.hasPrefix("val_") }.map { String($0.dropFirst(4)) }.filter { metric in
      (try? Goal.check(metric) { SettingsError($0) }) != nil
    }
  }

  func isMeasured(_ step: Int) -> Bool { isByStep && has(step) }

  private func has(_ place: Int) -> Bool {
    switch places {
    case .at(let numbers): numbers.contains(place)
    case .every(let number): place % number == 0
    }
  }

  /// The figures of a trial under one key, by step or epoch.
  func figures(_ result: TrialResult, key: String) -> [Int: Double] {
    let lines = isByStep ? result.steps : result.epochs
    return lines.reduce(into: [:]) { figures, line in
      guard let place = line[isByStep ? "step" : "epoch"]?.finiteNumber.map({ Int($0) }), has(place) else { return }
      figures[place] = line[key]?.finiteNumber
    }
  }

  var json: JSONValue {
    let value: JSONValue =
      switch places {
      case .at(let numbers): .array(numbers.map(JSONValue.integer))
      case .every(let number): .integer(number)
      }
    return [isByStep ? "steps" : "epochs": value, "metrics": .array(keys.map(JSONValue.string))]
  }
}

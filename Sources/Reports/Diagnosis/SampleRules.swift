import Basics

/// A leak: samples of the training split that validation or test has again.
///
/// At least two rows, and at least 0.5 % of the split, have features that are equal, by a hash of 64 bits, to those of
/// a training row; and at least twice the share of training rows that another training row equals, as of a table of few
/// columns with few values many do.
struct LeakedSamples: DiagnosisRule {
  static let name = "leak"

  func finding(_ evidence: Evidence) -> Finding? {
    let splits = (evidence.material["leaks"]?.elements ?? []).compactMap { item -> String? in
      guard let split = item["split"]?.string, let count = item["count"]?.integer,
        let samples = item["samples"]?.integer, count >= 2, 200 * count >= samples,
        Double(count) >= 2 * (item["train_repeats"]?.double ?? 0) * Double(samples)
      else { return nil }
      let rows = item["rows"]?.elements.compactMap(\.integer).prefix(10).map(String.init).joined(separator: ", ") ?? ""
      return "\(grouped(count)) of \(grouped(samples)) rows of \(split) stand in train too: \(rows)"
        + (count > 10 ? ", …" : "")
    }
    guard !splits.isEmpty else { return nil }
    return found(
      "samples that the model is judged by were also trained on, so its figures are too good",
      evidence: splits.joined(separator: "; "),
      advice: "take them out of one of the splits; data inspect lists all of them")
  }
}

/// A model that gives nothing but the most frequent class.
///
/// The accuracy is not above the share of the most frequent class by one standard error, of at least 20 samples.
struct MajorityClass: DiagnosisRule {
  static let name = "no better than the majority class"
  static let explained = [
    Divergence.name, VanishingGradients.name, DeadUnits.name, SingleSampleStatistics.name, SlowLearning.name,
  ]

  func finding(_ evidence: Evidence) -> Finding? {
    guard let evaluation = evidence.material["evaluation"], let accuracy = evaluation["accuracy"]?.double,
      let majority = evaluation["majority_share"]?.double, let count = evaluation["samples"]?.wholeNumber, count >= 20,
      majority < 1, accuracy <= majority + (majority * (1 - majority) / Double(count)).squareRoot()
    else { return nil }
    return found(
      "the model is no better than one that always says the most frequent class",
      evidence:
        "accuracy \(percentage(accuracy)) over \(grouped(count)) samples of \(evaluation["split"]?.string ?? ""), of "
        + "which \(percentage(majority)) are of class \(evaluation["majority_class"]?.string ?? "")",
      advice:
        "class weights of the loss (loss.class_weights), metrics such as f1_macro or balanced figures in place of "
        + "accuracy, another learning rate, a look at features and labels (data inspect)")
  }
}

/// Classes that occur and are never predicted.
///
/// Of a classifier with samples of one label each (texts are left out, whose rare characters a model may well never
/// find likeliest), a class with at least 5 samples and a fifth of an equal share.
struct MissingClass: DiagnosisRule {
  static let name = "class never predicted"
  static let explained = MajorityClass.explained + [MajorityClass.name]

  func finding(_ evidence: Evidence) -> Finding? {
    guard let evaluation = evidence.material["evaluation"], evaluation["is_text"] != .bool(true) else { return nil }
    let classes = evaluation["classes"]?.elements ?? []
    let total = classes.compactMap { $0["support"]?.wholeNumber }.reduce(0, +)
    let missing = classes.filter { item in
      guard let support = item["support"]?.wholeNumber, item["predictions"]?.double == 0 else { return false }
      return support >= 5 && support * 5 * classes.count >= total
    }
    guard !missing.isEmpty else { return nil }
    let names = missing.prefix(5).map {
      "\($0["name"]?.string ?? "?") (\(plural($0["support"]?.wholeNumber ?? 0, "sample")))"
    }
    return found(
      missing.count == 1 ? "one class is never predicted" : "\(missing.count) classes are never predicted",
      evidence: names.joined(separator: ", ") + (missing.count > 5 ? ", …" : "")
        + " among \(grouped(evaluation["samples"]?.integer ?? 0)) samples of \(evaluation["split"]?.string ?? "")",
      advice: "more samples of those classes, loss.class_weights, and a look at their labels (data inspect)")
  }
}

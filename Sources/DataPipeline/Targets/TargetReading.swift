import Basics

/// What targets are taken for, and why: decided once, for training and for `data inspect`.
public struct TargetReading: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// A class index a row.
    case classes
    /// A row of 0 and one 1, or of probabilities.
    case distributions
    /// 0 or 1, in one or several columns.
    case binary
    /// Numbers.
    case values
  }

  public let kind: Kind
  /// How labels are numbered.
  public var numbering = TargetTransform.identity
  /// What was seen in the targets.
  public let reason: String
  /// Whether no loss said it.
  public private(set) var isGuess = false
  /// How to have them taken for something else; nil where they were not guessed, or can be nothing else.
  public var alternative: String?
  /// Numbers between the labels that never occur; nil where there are none.
  public var warning: String?

  /// What the targets are taken for and why, and the option that changes it, each on a line; none where they were not
  /// guessed and are numbered as usual.
  public var lines: [String] {
    guard isGuess || numbering != .identity else { return [] }
    let noun =
      switch kind {
      case .classes: "classes"
      case .distributions: "classes in rows of 0 and 1"
      case .binary: "yes or no"
      case .values: "values"
      }
    let first = numbering.kind == .classes ? "; \(numbering.label(ofClass: 0)) is the first class" : ""
    return "\(noun): \(reason)\(first)".wrapped + (alternative.map { ["\($0)"] } ?? [])
  }

  /// Decides what targets are.
  ///
  /// - One number a row: classes where all are whole and at most 20 different, however they are stored, or where they
  ///   are integers that number classes from 0 or 1 on almost without a gap, two samples a class; else values.
  /// - Several numbers a row: one 1 among zeros is a class, any 0 and 1 are independent yes-or-no targets, all other
  ///   rows are values.
  ///
  /// - Parameters:
  ///   - wanted: what the loss takes; nil where no loss is given.
  ///   - declaredOutputSize: outputs that the model fixes.
  ///   - nameCount: how many names the data lists for the classes.
  ///   - place: file and data set of a row, for messages.
  /// - Throws: where labels are taken for classes and cannot be, such as one stray label of two million.
  public init(
    _ summary: TargetSummary, wanted: Kind? = nil, declaredOutputSize: Int? = nil, nameCount: Int? = nil,
    place: (_ row: Int) -> String
  ) throws {
    guard summary.width == 1 else {
      self.init(rows: summary, wanted: wanted)
      isGuess = wanted == nil
      return
    }
    guard let labels = summary.values.flatMap(LabelRange.init) else {
      let reason =
        summary.values == nil && summary.isInteger
        ? "more than \(grouped(TargetSummary.distinctLimit)) different whole numbers" : "numbers that are not all whole"
      self.init(kind: wanted ?? .values, reason: reason)
      isGuess = wanted == nil
      if wanted == nil { alternative = summary.isInteger ? "--loss cross_entropy takes them for classes" : nil }
      return
    }
    let guessed = Self.kind(labels, isInteger: summary.isInteger, declaredOutputSize, nameCount)
    let kind = wanted ?? guessed
    self.init(kind: kind, reason: labels.text)
    isGuess = wanted == nil
    if wanted == nil {
      alternative =
        kind == .values
        ? "--loss cross_entropy takes them for classes"
        : "--loss mse takes them for values"
    }
    guard kind == .classes || kind == .binary, nameCount == nil else { return }
    // A model that counts the classes, and names of theirs, leave nothing to decide.
    let count = kind == .binary ? 2 : declaredOutputSize
    if let count, count > 1, labels.minimum >= 0, labels.maximum < count { return }
    try number(labels, place: place)
  }

  private init(kind: Kind, reason: String) { (self.kind, self.reason) = (kind, reason) }

  /// Targets of several numbers a row.
  private init(rows summary: TargetSummary, wanted: Kind?) {
    let guessed: Kind = summary.isOneHot ? .distributions : summary.isBinary ? .binary : .values
    let reason =
      summary.isOneHot
      ? "rows of \(summary.width) with one 1 each"
      : summary.isBinary ? "rows of \(summary.width) times 0 or 1" : "rows of \(summary.width) numbers"
    self.init(kind: wanted ?? guessed, reason: reason)
    guard wanted == nil else { return }
    switch guessed {
    case .distributions:
      alternative = "--loss binary_cross_entropy takes them for yes or no each"
    case .binary: alternative = "--loss mse takes them for values"
    default: alternative = summary.sumsToOne ? "--loss cross_entropy takes them for probabilities" : nil
    }
  }

  /// What whole numbers are taken for.
  private static func kind(
    _ labels: LabelRange, isInteger: Bool, _ declaredOutputSize: Int?, _ nameCount: Int?
  ) -> Kind {
    if nameCount != nil { return .classes }
    if declaredOutputSize == 1 { return labels.values.count == 2 ? .binary : .values }
    if labels.values.count <= fewClasses {
      // As many floating-point numbers that are whole by chance, negative ones for instance, are no labels.
      return isInteger || (labels.isNumbering && labels.repeats) ? .classes : .values
    }
    let fills = Double(labels.values.count) >= 0.95 * Double(labels.span)
    return isInteger && (0...1).contains(labels.minimum) && fills && labels.repeats ? .classes : .values
  }

  /// Up to so many different whole numbers are classes in any case.
  static let fewClasses = 20

  /// Numbers the classes from 0, as far as the labels do not.
  private mutating func number(_ labels: LabelRange, place: (_ row: Int) -> String) throws {
    let values = labels.values
    if values.count == 2, labels.span <= 1_000, labels.minimum != 0 || labels.maximum > 1 {
      numbering = .classes(from: labels.minimum, step: labels.maximum - labels.minimum)
      return
    }
    func failure(_ label: Int, _ expected: String) -> Failure {
      Failure.data(
        "\(place(labels.firstRow(of: label))) has the label \(label), beside \(labels.text); expected \(expected); "
          + "repair the labels, "
          // What other programs write for no class.
          + ([-100, 255].contains(label) ? "leave out those that stand for no class with loss.ignore_index, " : "")
          + "or train a regression with --loss mse")
    }
    guard labels.minimum >= 0 else { throw failure(labels.minimum, "classes numbered from 0 on") }
    // Those that follow one another may begin with any number.
    if values.count > 1, labels.minimum == 1 || (labels.minimum > 1 && labels.isNumbering) {
      numbering = .classes(from: labels.minimum)
    }
    let highest = labels.maximum - numbering.numbering.first
    guard highest < max(1_000, 10 * values.count) else {
      throw failure(labels.maximum, "classes numbered from 0 on, almost without a gap")
    }
    guard values.count > 1 else {
      warning = "all labels of the training split are \(labels.minimum); there is nothing to tell apart"
      return
    }
    let missing = highest + 1 - values.count
    if missing > 0 {
      let gap = (labels.minimum...labels.maximum).first { labels[$0] == nil } ?? 0
      warning =
        "\(grouped(missing)) of \(grouped(highest + 1)) classes never occur among the labels, \(gap) for one: "
        + "\(labels.text)"
    }
  }
}

/// The whole numbers that occur.
private struct LabelRange {
  /// Ascending.
  let values: [Int]
  let rowCount: Int
  private let occurrences: [Int: TargetSummary.Occurrence]

  /// - Returns: nil where there is none.
  init?(_ occurrences: [Int: TargetSummary.Occurrence]) {
    guard !occurrences.isEmpty else { return nil }
    self.occurrences = occurrences
    values = occurrences.keys.sorted()
    rowCount = occurrences.values.reduce(0) { $0 + $1.count }
  }

  var minimum: Int { values[0] }
  var maximum: Int { values[values.count - 1] }
  /// Whole numbers from the least to the greatest.
  var span: Int {
    let (distance, isOver) = maximum.subtractingReportingOverflow(minimum)
    return isOver || distance == .max ? .max : distance + 1
  }
  /// Whether they are what labels usually are: two numbers, or such as follow one another from 0 or above.
  var isNumbering: Bool {
    (values.count == 2 && span <= 1_000) || (values.count > 2 && minimum >= 0 && span == values.count)
  }
  /// Whether each occurs twice on average.
  var repeats: Bool { rowCount >= 2 * values.count }

  subscript(_ value: Int) -> TargetSummary.Occurrence? { occurrences[value] }
  func firstRow(of value: Int) -> Int { occurrences[value]?.firstRow ?? 0 }

  /// `3 different whole numbers, 1 to 3`, or their list where they have gaps.
  var text: String {
    let count = values.count
    if count == 1 { return "the one label \(values[0])" }
    let noun = "\(grouped(count)) different whole numbers"
    if span == count { return "\(noun), \(values[0]) to \(values[count - 1])" }
    guard count > 6 else { return "\(noun): " + values.map(String.init).joined(separator: ", ") }
    let ends = (values.prefix(3).map(String.init) + ["…"] + values.suffix(2).map(String.init)).joined(separator: ", ")
    return "\(noun): \(ends)"
  }
}

import Basics
import Settings

/// Predictions as lines of text: comma-separated values by RFC 4180, or JSON Lines.
///
/// Numbers are the shortest decimals that read back as the same ones. Where a model gives classes at each step of a
/// sequence, a line of CSV is of one step, and an object of JSON has a list of them.
struct PredictionTable {
  /// A column: how it is called, and what stands in a record.
  private struct Field {
    let heading: String
    /// In JSON the object that it is a member of, and its key there; nil for the record itself.
    let group: String?
    let key: String
    let text: (_ record: Int) -> Text
  }

  private enum Text {
    /// A number.
    case plain(String)
    case quoted(String)
  }

  let rows: Int
  private let ids: SampleIDs
  /// The records of a row: its steps, or itself.
  private let steps: Int?
  private let fields: [Field]

  /// - Parameters:
  ///   - arrays: as the task gives them.
  ///   - ids: what the rows are called.
  init(_ arrays: [PredictedArray], rows: Int, ids: SampleIDs, meaning: OutputMeaning, top: Int?) {
    (self.rows, self.ids) = (rows, ids)
    func array(_ name: String) -> PredictedArray? { arrays.first { $0.name == name } }
    let classes = array("classes"), scores = array("probabilities") ?? array("logits")
    let isOfClasses = classes.map { $0.columns == nil && scores?.width != $0.width } ?? false
    steps = isOfClasses && classes?.shape.isEmpty == false ? classes?.width : nil
    var fields: [Field] = []
    if isOfClasses, let scores {
      fields += Self.classFields(scores, meaning, top: top)
    } else {
      for array in [classes, scores].compactMap(\.self) { fields += Self.fields(array, meaning) }
    }
    for array in arrays where !["classes", "probabilities", "logits"].contains(array.name) {
      fields += Self.fields(array, meaning)
    }
    self.fields = fields
  }

  // MARK: Columns

  /// The likeliest classes with what speaks for them: `probability`, or the logit where the loss has no probabilities.
  private static func classFields(_ scores: PredictedArray, _ meaning: OutputMeaning, top: Int?) -> [Field] {
    let count = scores.shape.last ?? meaning.outputSize, noun = scores.name == "logits" ? "logit" : "probability"
    let names = (0..<count).map { meaning.name(ofClass: $0) }
    func score(_ record: Int, _ index: Int) -> Text { .plain(scores.text(record * count + index)) }
    guard let top else {
      let likeliest = { (record: Int) in scores.ranking(record, of: count, first: 1)[0] }
      return [
        Field(heading: "class", group: nil, key: "class") { .quoted(names[likeliest($0)]) },
        Field(heading: noun, group: nil, key: noun) { score($0, likeliest($0)) },
      ]
        + names.enumerated().map { index, name in
          Field(heading: "\(noun)_\(name)", group: scores.name, key: name) { score($0, index) }
        }
    }
    return (1...top).flatMap { place in
      let index = { (record: Int) in scores.ranking(record, of: count, first: place)[place - 1] }
      return [
        Field(heading: "class_\(place)", group: "top_\(place)", key: "class") { .quoted(names[index($0)]) },
        Field(heading: "\(noun)_\(place)", group: "top_\(place)", key: noun) { score($0, index($0)) },
      ]
    }
  }

  /// One for each number of an array, by the names of its last axis.
  private static func fields(_ array: PredictedArray, _ meaning: OutputMeaning) -> [Field] {
    let singular = [
      "classes": "class", "probabilities": "probability", "logits": "logit", "values": "value", "boxes": "box",
    ]
    let noun = singular[array.name] ?? array.name, width = array.width
    let isAlone = width == 1 && array.columns == nil
    func text(_ position: Int) -> Text {
      guard array.classes != nil, case .integers(let labels) = array.elements else {
        return .plain(array.text(position))
      }
      return .quoted(meaning.name(ofLabel: labels[position]))
    }
    if isAlone {
      // Of two classes: of what the probability is.
      let suffix =
        array.classes == nil && ["probabilities", "logits"].contains(array.name) ? "_\(meaning.name(ofClass: 1))" : ""
      return [Field(heading: noun + suffix, group: nil, key: noun + suffix, text: text)]
    }
    return (0..<width).map { index in
      let name = array.columns.flatMap { $0.count == width ? $0[index] : nil } ?? "\(index)"
      let isNamed = array.columns != nil && ["values", "boxes"].contains(array.name)
      return Field(heading: isNamed ? name : "\(noun)_\(name)", group: array.name, key: name) {
        text($0 * width + index)
      }
    }
  }

  // MARK: Lines

  var csvHeading: String {
    let first = ["row"] + (ids.name.map { [$0] } ?? []) + (steps == nil ? [] : ["step"])
    return (first + fields.map(\.heading)).map(Self.csv).joined(separator: ",") + "\n"
  }

  /// The lines of a row.
  func csv(_ row: Int) -> String {
    let place = ["\(ids.row(row))"] + (ids.id(row).map { [Self.csv($0)] } ?? [])
    var text = ""
    for step in 0..<(steps ?? 1) {
      var cells = place + (steps == nil ? [] : ["\(step)"])
      for field in fields {
        switch field.text(row * (steps ?? 1) + step) {
        case .plain(let number): cells.append(number)
        case .quoted(let name): cells.append(Self.csv(name))
        }
      }
      text += cells.joined(separator: ",") + "\n"
    }
    return text
  }

  /// The object of a row.
  func json(_ row: Int) -> String {
    var text = "{\"row\": \(ids.row(row))"
    if let name = ids.name, let id = ids.id(row) { text += ", \(Self.json(name)): \(Self.json(id))" }
    guard let steps else { return text + members(row) + "}\n" }
    let objects = (0..<steps).map { "{" + members(row * steps + $0).dropFirst(2) + "}" }
    return text + ", \"steps\": [" + objects.joined(separator: ", ") + "]}\n"
  }

  /// The fields of a record, each behind a comma.
  private func members(_ record: Int) -> String {
    var text = "", group: String?
    for field in fields {
      if field.group != group {
        if group != nil { text += "}" }
        if let next = field.group { text += ", \(Self.json(next)): {" }
      }
      text += field.group != nil && field.group != group ? "" : ", "
      group = field.group
      let value =
        switch field.text(record) {
        case .plain(let number): ["nan", "inf", "-inf"].contains(number) ? "null" : number
        case .quoted(let name): Self.json(name)
        }
      text += "\(Self.json(field.key)): \(value)"
    }
    return text + (group == nil ? "" : "}")
  }

  private static func json(_ text: String) -> String { JSONValue.string(text).line }

  /// A cell, in quotes where it needs them.
  private static func csv(_ text: String) -> String {
    let needsQuotes =
      text.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) } || text.first?.isWhitespace == true
      || text.last?.isWhitespace == true || text.isEmpty
    return needsQuotes ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }
}

/// What the rows of predictions are called.
struct SampleIDs {
  /// The number of the first row, or those of all.
  var first = 0
  var numbers: [Int]?
  /// What the data call their ids; nil where they have none.
  var name: String?
  /// One for each row.
  var ids: [String]?

  func row(_ index: Int) -> Int { numbers?[index] ?? first + index }
  func id(_ index: Int) -> String? { ids?[index] }
}

extension OutputMeaning {
  /// The name of a class, or else the label that stands for it.
  func name(ofClass index: Int) -> String {
    names.classNames.flatMap { index < $0.count ? $0[index] : nil } ?? "\(targets.label(ofClass: index))"
  }

  func name(ofLabel label: Int) -> String {
    targets.index(ofLabel: label).map { name(ofClass: $0) } ?? "\(label)"
  }
}

extension PredictedArray {
  /// A number as the shortest decimal that reads back as it.
  func text(_ position: Int) -> String {
    switch elements {
    case .floats(let values): "\(values[position])"
    case .doubles(let values): "\(values[position])"
    case .integers(let values): "\(values[position])"
    }
  }

  /// The places of the greatest numbers of a row, the greatest first; of equal ones the first.
  func ranking(_ row: Int, of width: Int, first count: Int) -> [Int] {
    guard case .floats(let values) = elements else { return [] }
    let start = row * width
    if count == 1 {
      var best = 0
      for index in 1..<max(1, width) where values[start + index] > values[start + best] { best = index }
      return [best]
    }
    let order = (0..<width).sorted { first, second in
      let (a, b) = (values[start + first], values[start + second])
      return a == b ? first < second : a > b
    }
    return Array(order.prefix(count))
  }
}

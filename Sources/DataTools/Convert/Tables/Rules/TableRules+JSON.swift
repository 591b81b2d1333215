import Basics
import HDF5Storage
import Settings

extension ColumnKey {
  var json: JSONValue {
    switch self {
    case .name(let name): .string(name)
    case .index(let index): .integer(index)
    }
  }

  init?(_ json: JSONValue?) {
    switch json?.content {
    case .string(let name): self = .name(name)
    case .integer(let index) where index >= 0: self = .index(index)
    default: return nil
    }
  }
}

extension FeatureRule {
  var json: JSONValue {
    func object(_ kind: String, _ members: [JSONValue.Member] = []) -> JSONValue {
      .object([.init("column", column.json), .init("kind", .string(kind))] + members)
    }
    func fill(_ value: Double?) -> [JSONValue.Member] { value.map { [.init("fill", .number($0))] } ?? [] }
    func texts(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }
    return switch rule {
    case .number(let value): object("number", fill(value))
    case .truth(let value): object("truth", fill(value))
    case .oneHot(let words): object("one_hot", [.init("words", texts(words))])
    case .numbers(let words, let first):
      object("numbers", [.init("words", texts(words)), .init("first", .integer(first))])
    case .date(let parts): object("date", [.init("parts", texts(parts.map(\.rawValue)))])
    }
  }

  /// Nil for anything that `json` does not write.
  init?(_ json: JSONValue) {
    guard let column = ColumnKey(json["column"]), case .string(let kind)? = json["kind"]?.content else { return nil }
    self.column = column
    let fill: Double? =
      switch json["fill"]?.content {
      case .number(let value): value
      case .integer(let value): Double(value)
      default: nil
      }
    switch kind {
    case "number": rule = .number(fill: fill)
    case "truth": rule = .truth(fill: fill)
    case "one_hot":
      guard let words = json["words"]?.texts else { return nil }
      rule = .oneHot(words)
    case "numbers":
      guard let words = json["words"]?.texts, case .integer(let first)? = json["first"]?.content, first > 0,
        first <= Int(Int32.max) - words.count
      else { return nil }
      rule = .numbers(words, first: first)
    case "date":
      guard let parts = json["parts"]?.texts?.map({ DatePart(rawValue: $0) }), !parts.contains(nil) else { return nil }
      rule = .date(parts.compactMap(\.self))
    default: return nil
    }
  }
}

extension TableRules {
  /// The members of the preparation.
  var members: [JSONValue.Member] {
    var members: [JSONValue.Member] = [
      .init("type", .string(type.name)), .init("missing", missing.json(.any)),
      .init("features", .array(features.map(\.json))),
      .init("targets", .array(targets.map(\.json))), .init("target", .string(target.word)),
    ]
    for (key, column) in [("id", id), ("group", group), ("weight", weight)] {
      if let column { members.append(.init(key, column.json)) }
    }
    if !unused.isEmpty { members.append(.init("unused", .array(unused.map(JSONValue.string)))) }
    if let window {
      members.append(
        .init(
          "window",
          .object(
            [
              .init("steps", .integer(window.steps)),
              .init("horizons", .array(window.horizons.map(JSONValue.integer))),
            ] + (window.time.map { [.init("time", $0.json)] } ?? []))))
    }
    return members
  }

  /// Reads what `members` wrote; nil for anything else.
  ///
  /// - Parameter classes: the names of the trained classes, where targets are such.
  init?(_ json: JSONValue, classes: [String]?) {
    guard let type = ElementType.allCases.first(where: { JSONValue.string($0.name) == json["type"] }),
      let list = json["features"]?.elements, let targets = json["targets"]?.elements?.map({ ColumnKey($0) }),
      !targets.contains(nil), let rule = json["missing"], let missing = try? MissingRule.read(rule, "missing", .any),
      case .string(let word)? = json["target"]?.content,
      let target = TargetRule(word, classes: classes)
    else { return nil }
    let features = list.map { FeatureRule($0) }
    guard !features.contains(where: { $0 == nil }), !features.isEmpty else { return nil }
    self.init(
      features: features.compactMap(\.self), targets: targets.compactMap(\.self), target: target,
      id: ColumnKey(json["id"]), group: ColumnKey(json["group"]), weight: ColumnKey(json["weight"]),
      unused: json["unused"]?.texts ?? [], missing: missing, type: type)
    guard let window = json["window"] else { return }
    guard case .integer(let steps)? = window["steps"]?.content, (1...65_536).contains(steps),
      let horizons = window["horizons"]?.elements?.map({ element -> Int? in
        guard case .integer(let step) = element.content, (0...65_536).contains(step) else { return nil }
        return step
      }), !horizons.contains(nil), !horizons.isEmpty
    else { return nil }
    self.window = WindowRule(
      steps: steps, horizons: horizons.compactMap(\.self), time: ColumnKey(window["time"]))
  }
}

extension TargetRule {
  /// What the preparation calls it; the names of classes are kept with y.
  fileprivate var word: String {
    switch self {
    case .none: "none"
    case .classes: "classes"
    case .integers: "integers"
    case .values(let type): type == .float64 ? "values64" : "values"
    case .answers: "answers"
    }
  }

  fileprivate init?(_ word: String, classes: [String]?) {
    switch word {
    case "none": self = .none
    case "classes":
      guard let classes else { return nil }
      self = .classes(classes)
    case "integers": self = .integers
    case "values": self = .values(.float32)
    case "values64": self = .values(.float64)
    case "answers": self = .answers
    default: return nil
    }
  }
}

extension JSONValue {
  /// The elements of a list; nil if this is something else.
  var elements: [JSONValue]? {
    if case .array(let elements) = content { elements } else { nil }
  }

  /// The elements of a list of texts; nil if this is something else.
  var texts: [String]? {
    guard let elements else { return nil }
    let texts = elements.compactMap { element -> String? in
      if case .string(let text) = element.content { text } else { nil }
    }
    return texts.count == elements.count ? texts : nil
  }
}

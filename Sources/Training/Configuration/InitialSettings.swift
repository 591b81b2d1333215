import Basics
public import Settings

/// The weights that a run starts from: the key `init`.
public struct InitialSettings: NestedSettings {
  /// A checkpoint, a run directory, or a safetensors file; nil: weights are drawn.
  public var from: String?
  /// Which of the model's tensors takes which of the file's, where they are not called alike.
  public var map = NameMap()
  /// Tensors of the model that start fresh.
  public var skip: [NamePattern] = []
  /// Whether columns, words and classes of the data are brought into the order of the file's.
  public var matchNames = true

  public init() {}

  public static let shorthand: String? = "from"
  public static let settings: [Setting<InitialSettings>] = [
    Setting("from", \.from, "checkpoint, run directory or .safetensors file whose weights a run starts from"),
    Setting("map", \.map, "{ \"backbone.*\": \"*\" }, names of the file to names of the model"),
    Setting("skip", \.skip, "what starts fresh all the same, such as the head"),
    Setting("match_names", \.matchNames, "whether columns, words and classes are matched by name"),
  ]

  public func validate(_ reader: SettingsReader) throws(SettingsError) {
    guard from == nil else { return }
    for (key, isGiven) in [("map", !map.rules.isEmpty), ("skip", !skip.isEmpty)] where isGiven {
      throw reader.error(key, "is about the weights that a run starts from; give them with init.from")
    }
  }
}

/// What tensors of a file are called in the model: a pattern of the file's names, and a name with as many `*`, each of
/// which stands for what the pattern's has matched. The first rule that a name fits counts.
public struct NameMap: Sendable, Equatable {
  public struct Rule: Sendable, Equatable {
    public let theirs: NamePattern
    public let ours: String
  }

  public var rules: [Rule] = []

  public init() {}

  /// The model's name of a tensor, and the index of the rule that gives it; its own name where none does.
  func name(of theirs: String) -> (name: String, rule: Int?) {
    for (index, rule) in rules.enumerated() {
      guard var captures = rule.theirs.captures(theirs)?[...] else { continue }
      let parts = rule.ours.split(separator: "*", omittingEmptySubsequences: false)
      return (parts.dropFirst().reduce(String(parts[0])) { $0 + (captures.popFirst() ?? "") + $1 }, index)
    }
    return (theirs, nil)
  }
}

extension NameMap: SettingValue {
  public static func read(_ value: JSONValue, _ subject: String, _ limits: NoLimits) throws(SettingsError) -> NameMap {
    try value.requireSoundJSON(subject)
    guard let members = value.members else {
      throw value.mismatch(subject, "names in braces, such as { \"backbone.*\": \"*\" }")
    }
    var map = NameMap()
    for member in members {
      let ours = try member.value.requireString("\(subject).\(member.key.shownName)")
      let rule = Rule(theirs: NamePattern(member.key), ours: ours)
      guard NamePattern(ours).starCount == rule.theirs.starCount, !ours.contains("?") else {
        throw member.value.mismatch(
          "\(subject).\(member.key.shownName)", "a name with as many * as its pattern, \(rule.theirs.starCount)")
      }
      map.rules.append(rule)
    }
    return map
  }

  public func json(_ limits: NoLimits) -> JSONValue {
    .object(rules.map { JSONValue.Member($0.theirs.text, .string($0.ours)) })
  }
}

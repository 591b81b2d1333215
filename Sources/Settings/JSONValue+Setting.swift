extension JSONValue {
  /// A copy in which the value at `path` is what `text` spells: JSON5 if it reads as that, otherwise the text itself.
  ///
  /// Objects on the way are made as needed. `optimizer: "sgd"`, of which `optimizer.momentum` is then set, becomes
  /// `{ name: "sgd", momentum: … }`, and the other way round `{ momentum: … }`, of which `optimizer` is set to `sgd`,
  /// gets that name and keeps its other keys. Setting `model.layers` replaces a model's name.
  ///
  /// - Parameters:
  ///   - path: keys joined by points, such as `optimizer.learning_rate`.
  ///   - shorthands: what a plain text stands for where an object may stand, by the object's path.
  public func setting(
    path: String, to text: String, shorthands: [String: String] = [:]
  ) throws(SettingsError) -> JSONValue {
    try setting(path: path, to: JSONValue(commandLineText: text), shorthands: shorthands)
  }

  /// A copy in which the value at `path` is `value`.
  public func setting(
    path: String, to value: JSONValue, shorthands: [String: String] = [:]
  ) throws(SettingsError) -> JSONValue {
    let keys = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard keys.allSatisfy({ !$0.isEmpty }) else {
      throw SettingsError("'\(path)' is not a path; expected keys joined by points, such as optimizer.name")
    }
    return try setting(keys[...], to: value, path: path, shorthands)
  }

  /// A copy in which a file's values are in the place of its own: of the settings that are groups, those that the file
  /// has, one by one.
  public func laying<Owner>(_ file: JSONValue, of settings: [Setting<Owner>]) throws(SettingsError) -> JSONValue {
    guard let members = file.members else { return file }
    var result = self
    for member in members {
      let group = settings.first { $0.key == member.key && $0.isGroup }
      switch (member.value.content, group?.shorthand) {
      case (.object(let inner), _) where group != nil:
        for item in inner {
          result = try result.setting([member.key, item.key], to: item.value, path: member.key, [:])
        }
      case (.string, let shorthand?):
        result = try result.setting([member.key, shorthand], to: member.value, path: member.key, [:])
      default: result = try result.setting([member.key], to: member.value, path: member.key, [:])
      }
    }
    return result
  }

  /// What `text` spells on a command line: JSON5 if it reads as that, otherwise the text itself. It has no position.
  public init(commandLineText text: String) {
    self = (try? JSON5Parser.parse(text, file: ""))?.withoutPositions ?? .string(text)
  }

  private func setting(
    _ keys: ArraySlice<String>, to value: JSONValue, path: String, _ shorthands: [String: String]
  ) throws(SettingsError) -> JSONValue {
    guard let key = keys.first else {
      // A name alone changes the name alone.
      guard case .string = value.content, case .object = content, let key = shorthands[path] else { return value }
      return try setting([key], to: value, path: "\(path).\(key)", shorthands)
    }
    var members: [Member]
    switch content {
    case .object(let existing): members = existing
    case .null: members = []
    case .string where key == "layers": members = []
    case .string:
      let prefix = path.split(separator: ".").dropLast(keys.count).joined(separator: ".")
      members = [Member(shorthands[prefix] ?? "name", self)]
    default: throw SettingsError("cannot set '\(path)': '\(key)' would be a key of \(summary)", at: position)
    }
    if let index = members.firstIndex(where: { $0.key == key }) {
      members[index].value = try members[index].value.setting(keys.dropFirst(), to: value, path: path, shorthands)
    } else {
      members.append(Member(key, try JSONValue.null.setting(keys.dropFirst(), to: value, path: path, shorthands)))
    }
    return JSONValue(.object(members), at: position)
  }

  private var withoutPositions: JSONValue {
    switch content {
    case .array(let elements): .array(elements.map(\.withoutPositions))
    case .object(let members): .object(members.map { Member($0.key, $0.value.withoutPositions) })
    default: JSONValue(content)
    }
  }
}

/// What a configuration chooses by name and describes by settings: a layer, a loss, an optimizer and so on.
///
/// Name, settings and help stand beside the algorithm, once. Reading, writing back, range checks, suggestions for
/// misspelled keys and `--help` come from this declaration.
public protocol Configurable: SettingsGroup {
  /// In snake_case, such as `batch_norm`.
  static var name: String { get }
  /// One line for `--help`.
  static var summary: String { get }
  /// The key that a bare value stands for: `{ dense: 128 }` sets `units`. Default: none.
  static var shorthand: String? { get }
}

extension Configurable {
  public static var shorthand: String? { nil }
  public static var settings: [Setting<Self>] { [] }

  public var name: String { Self.name }

  /// `{ name: …, key: …, … }` with all settings.
  public var namedJSON: JSONValue { .object([JSONValue.Member("name", .string(Self.name))] + members) }

  /// The name alone where all settings are the defaults, otherwise `namedJSON`.
  public var compactNamedJSON: JSONValue { changedMembers.isEmpty ? .string(Self.name) : namedJSON }

  /// `{ name: { key: … } }` with all settings that have a value, or `"name"` where none has.
  public var taggedJSON: JSONValue {
    let given = members.filter { $0.value != .null }
    return given.isEmpty ? .string(Self.name) : .object([JSONValue.Member(Self.name, .object(given))])
  }
}

/// The things of one kind that a configuration can name, such as all optimizers.
public struct Catalog<Item>: Sendable {
  public let types: [any Configurable.Type]
  private let cast: @Sendable (any Configurable) -> Item?

  /// - Parameters:
  ///   - types: in the order of `--help`; each conforms to what `Item` stands for.
  ///   - cast: `{ $0 as? any Optimizer }`.
  public init(_ types: [any Configurable.Type], as cast: @escaping @Sendable (any Configurable) -> Item?) {
    self.types = types
    self.cast = cast
    let names = types.map { $0.name }
    precondition(Set(names).count == names.count, "a name stands twice in \(names)")
    for type in types { precondition(cast(type.init()) != nil, "\(type) is no \(Item.self)") }
  }

  public var names: [String] { types.map { $0.name } }

  /// What an entry is for and its settings, for `--help`.
  public var help: [(name: String, summary: String, settings: [SettingHelp])] {
    types.map { ($0.name, $0.summary, $0.help) }
  }

  /// The entry called `name` with its defaults; nil where there is none.
  public func make(_ name: String) -> Item? {
    types.first { $0.name == name }.flatMap { cast($0.init()) }
  }

  /// Reads `{ name: "sgd", momentum: 0.9 }`: the entry that `name` chooses, and its settings.
  ///
  /// A setting of another entry is an error: it would be without effect. Other keys are left to the caller.
  ///
  /// - Parameter fallback: the entry without a `name`; nil where the name must be given, or settings that one entry
  ///   alone has must say it.
  public func readNamed(_ reader: inout SettingsReader, default fallback: String? = nil) throws(SettingsError) -> Item {
    let given = try reader.name("name", of: names)
    if given == nil, let tag = reader.unread(among: names) {
      throw reader.error(tag, "is a name, which stands under the key name: \(reader.path): { name: \"\(tag)\", … }")
    }
    guard let name = given ?? fallback ?? only(reader.keys) else { throw missingName(reader) }
    let item = try read(name, &reader)
    reader.passOverNulls(among: types.flatMap { $0.settingKeys })
    if let stray = reader.unread(among: types.flatMap { $0.settingKeys }) {
      let whose = "\(reader.path) '\(name)'" + (given == nil ? ", the default," : "")
      throw reader.error(
        stray,
        "is no option of \(whose) but of \(owners(of: [stray]))" + reader.wayOut(leaving: stray, for: "name"))
    }
    return item
  }

  /// The complaint that there is no name, of a thing whose options may tell which one is meant.
  private func missingName(_ reader: SettingsReader) -> SettingsError {
    let options = reader.keys.filter { key in types.contains { $0.settingKeys.contains(key) } }
    let owners = owners(of: options)
    guard !options.isEmpty, !owners.isEmpty else {
      return reader.error("name", "expected one of " + names.joined(separator: ", "))
    }
    return reader.error("name", "is missing; \(options.joined(separator: ", ")) would be of \(owners)")
  }

  /// The entries that have all of these options, in words.
  private func owners(of options: [String]) -> String {
    types.filter { type in options.allSatisfy(type.settingKeys.contains) }.map { $0.name }.joined(separator: ", ")
  }

  /// Reads `"relu"`, `{ dense: 128 }` or `{ dense: { units: 128 } }`.
  ///
  /// - Parameters:
  ///   - path: the keys that lead to `value`, for errors.
  ///   - noun: what is expected, such as `a layer, such as "relu" or { dense: 128 }`.
  /// - Returns: the entry, and the reader of its settings, which knows where they were written.
  public func readTagged(
    _ value: JSONValue, path: String, noun: String
  ) throws(SettingsError) -> (item: Item, reader: SettingsReader) {
    let nameValue: JSONValue
    var given = JSONValue(.null, at: value.position)
    switch value.content {
    case .string: nameValue = value
    case .object(let members) where members.count == 1:
      nameValue = JSONValue(.string(members[0].key), at: members[0].keyPosition)
      given = members[0].value
    default: throw value.mismatch(path, noun)
    }
    let name = try nameValue.requireName(path, of: names)
    let ownPath = "\(path).\(name)"
    switch given.content {
    case .null: given = JSONValue(.object([]), at: value.position)
    case .object: break
    default:
      let type = types.first { $0.name == name }
      guard let shorthand = type?.shorthand else {
        let key = type?.settingKeys.first
        throw given.mismatch(
          ownPath, key.map { "its options in braces, { \(name): { \($0): … } }" } ?? "no value: it has no options")
      }
      given = JSONValue(.object([JSONValue.Member(shorthand, given)]), at: given.position)
    }
    var reader = try SettingsReader(given, path: ownPath)
    let item = try read(name, &reader)
    try reader.finish()
    return (item, reader)
  }

  /// The one entry that has all of some settings.
  private func only(_ keys: [String]) -> String? {
    let fitting = types.filter { type in !keys.isEmpty && keys.allSatisfy { type.settingKeys.contains($0) } }
    return fitting.count == 1 ? fitting[0].name : nil
  }

  private func read(_ name: String, _ reader: inout SettingsReader) throws(SettingsError) -> Item {
    guard let type = types.first(where: { $0.name == name }) else {
      preconditionFailure("\(name) is not among \(names)")
    }
    guard let item = cast(try type.init(reading: &reader)) else { preconditionFailure("\(type) is no \(Item.self)") }
    return item
  }
}

extension SettingsGroup {
  fileprivate static var settingKeys: [String] { settings.map(\.key) }
}

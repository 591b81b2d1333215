/// One option of a command line: how it is written, what it sets, what `--help` says of it.
///
/// ```swift
/// Option("--steps", \.steps, "N", .atLeast(10), "steps from the first to the last")
/// ```
public struct Option<Owner>: Sendable {
  public let spelling: OptionSpelling
  /// The property as a setting, whose key is the option's name in snake_case; nil where the option is more than a
  /// property.
  public let setting: Setting<Owner>?
  private let read: @Sendable (inout Owner, String) throws(SettingsError) -> Void
  private let defaultText: @Sendable (Owner) -> String?

  /// An option with a value. Its default is that of a new owner.
  ///
  /// - Parameters:
  ///   - name: with its dashes.
  ///   - placeholder: what stands for the value in `--help`, such as `FILE`.
  ///   - words: the default in words, where the property alone does not tell it.
  public init<Value: SettingValue>(
    _ name: String, _ path: WritableKeyPath<Owner, Value> & Sendable, _ placeholder: String, _ limits: Value.Limits,
    default words: String? = nil, _ help: String
  ) {
    let setting = Setting(Self.key(name), path, limits, help)
    self.init(
      OptionSpelling(name, placeholder, accepted: setting.accepted, choices: Value.choices, help), setting,
      default: { words ?? setting.json(of: $0).plainText }
    ) { owner, text throws(SettingsError) in
      try setting.read(Value.value(ofText: text), as: name, into: &owner)
    }
  }

  /// An option that takes any value of its type.
  public init<Value: SettingValue>(
    _ name: String, _ path: WritableKeyPath<Owner, Value> & Sendable, _ placeholder: String,
    default words: String? = nil, _ help: String
  ) { self.init(name, path, placeholder, Value.unlimited, default: words, help) }

  /// An option that stands alone and sets a truth value.
  public init(flag name: String, _ path: WritableKeyPath<Owner, Bool> & Sendable, _ help: String) {
    let setting = Setting(Self.key(name), path, help)
    self.init(OptionSpelling(name, "", help), setting, default: { _ in nil }) { owner, _ in
      owner[keyPath: path] = true
    }
  }

  /// An option that does more than to set a property.
  ///
  /// - Parameters:
  ///   - words: the default in words; nil where there is nothing to say.
  ///   - read: takes in the text behind the option, which is empty for a flag; errors begin with the option's name.
  public init(
    _ spelling: OptionSpelling, default words: String? = nil,
    read: @escaping @Sendable (inout Owner, String) throws(SettingsError) -> Void
  ) {
    self.init(spelling, nil, default: { _ in words }, read: read)
  }

  private init(
    _ spelling: OptionSpelling, _ setting: Setting<Owner>?, default defaultText: @escaping @Sendable (Owner) -> String?,
    read: @escaping @Sendable (inout Owner, String) throws(SettingsError) -> Void
  ) {
    (self.spelling, self.setting, self.defaultText, self.read) = (spelling, setting, defaultText, read)
  }

  public var name: String { spelling.name }

  /// Takes in the text behind the option.
  public func read(_ text: String, into owner: inout Owner) throws(SettingsError) { try read(&owner, text) }

  /// The spelling with its default, for `--help`.
  public func help(of defaults: Owner) -> OptionSpelling {
    var spelling = spelling
    spelling.defaultText = defaultText(defaults)
    return spelling
  }

  /// The same option of something that holds the owner.
  public func lifted<Outer>(_ path: WritableKeyPath<Outer, Owner> & Sendable) -> Option<Outer> {
    Option<Outer>(
      spelling, setting?.lifted(path), default: { defaultText($0[keyPath: path]) }
    ) { outer, text throws(SettingsError) in try read(&outer[keyPath: path], text) }
  }

  private static func key(_ name: String) -> String {
    String(name.drop { $0 == "-" }.map { $0 == "-" ? "_" : $0 })
  }
}

/// How an option is written, without what it does.
public struct OptionSpelling: Sendable, Equatable {
  /// With its dashes.
  public let name: String
  /// What stands for the value in `--help`, such as `FILE`; empty for a flag.
  public let placeholder: String
  /// The configuration key that the option sets; nil where there is none.
  public let key: String?
  public var defaultText: String?
  /// What the value may be, in words; empty where the placeholder says it.
  public let accepted: String
  /// The words that the value can be, for a shell to complete; those in small letters of a placeholder such as
  /// `auto|PATH` belong to them.
  public let choices: [String]
  public let help: String

  public init(
    _ name: String, _ placeholder: String, key: String? = nil, accepted: String = "", choices: [String] = [],
    _ help: String
  ) {
    (self.name, self.placeholder, self.key, self.accepted, self.help) = (name, placeholder, key, accepted, help)
    let words = placeholder.contains("|") ? placeholder.split(separator: "|").map(String.init) : []
    self.choices = choices + words.filter { $0 == $0.lowercased() }
  }

  public var isFlag: Bool { placeholder.isEmpty }
}

/// What options of a command line fill in; its defaults are those of `init()`.
public protocol OptionGroup: Sendable {
  /// In the order of `--help`.
  static var options: [Option<Self>] { get }
  init()
}

extension OptionGroup {
  /// The options with their defaults, for scanning and for `--help`.
  public static var optionHelp: [OptionSpelling] {
    let defaults = Self()
    return options.map { $0.help(of: defaults) }
  }

  /// Takes in the options that were given, in their order: of one that was given twice, the last counts.
  ///
  /// - Returns: those that are none of the group's.
  @discardableResult
  public mutating func read(_ given: [GivenOption]) throws(SettingsError) -> [GivenOption] {
    let options = Self.options
    var rest: [GivenOption] = []
    for item in given {
      if let option = options.first(where: { $0.name == item.name }) {
        try option.read(item.text, into: &self)
      } else {
        rest.append(item)
      }
    }
    return rest
  }
}

extension JSONValue {
  /// As a person writes it on a command line, an object by its name; nil for null and for an object without one.
  public var plainText: String? {
    switch content {
    case .null: nil
    case .string(let text): text
    case .object: self["name"]?.plainText
    case .bool, .integer, .number, .array: line.hasSuffix(".0") ? String(line.dropLast(2)) : line
    }
  }
}

/// One key of something that a configuration describes: how it is written, what it accepts, what it is for.
///
/// ```swift
/// Setting("units", \.units, .atLeast(1), "outputs; the last dense layer may leave it out")
/// ```
public struct Setting<Owner>: Sendable {
  public let key: String
  /// One line for `--help`.
  public let help: String
  /// What it accepts, in words for `--help`; empty where the key says it.
  public let accepted: String
  /// The key that a plain text stands for, where the value is an object; nil where none does.
  public let shorthand: String?
  /// Whether its value is a group of settings of their own, which have their values one by one.
  public let isGroup: Bool

  private let assign: @Sendable (inout Owner, JSONValue, String) throws(SettingsError) -> Void
  private let write: @Sendable (Owner) -> JSONValue

  /// - Parameters:
  ///   - path: the property that holds the value; its value in a new owner is the default.
  ///   - limits: what the value may be, such as `.atLeast(1)`.
  public init<Value: SettingValue>(
    _ key: String, _ path: WritableKeyPath<Owner, Value> & Sendable, _ limits: Value.Limits, _ help: String
  ) {
    self.key = key
    self.help = help
    accepted = Value.words(for: limits)
    shorthand = Value.shorthand
    isGroup = Value.isGroup
    assign = { owner, value, subject throws(SettingsError) in
      owner[keyPath: path] = try Value.read(value, subject, limits)
    }
    write = { $0[keyPath: path].json(limits) }
  }

  /// A setting that takes any value of its type.
  public init<Value: SettingValue>(
    _ key: String, _ path: WritableKeyPath<Owner, Value> & Sendable, _ help: String
  ) { self.init(key, path, Value.unlimited, help) }

  /// Overwrites the property with what the reader has under the key; leaves it where the key is missing or null.
  public func read(into owner: inout Owner, from reader: inout SettingsReader) throws(SettingsError) {
    guard let value = reader.value(key) else { return }
    try assign(&owner, value, reader.path(of: key))
  }

  /// Overwrites the property with `value`.
  ///
  /// - Parameter subject: what errors begin with, such as `--units`.
  public func read(_ value: JSONValue, as subject: String, into owner: inout Owner) throws(SettingsError) {
    try assign(&owner, value, subject)
  }

  /// The value as a configuration would write it; null for none.
  public func json(of owner: Owner) -> JSONValue { write(owner) }

  /// The same setting of something that holds the owner.
  public func lifted<Outer>(_ path: WritableKeyPath<Outer, Owner> & Sendable) -> Setting<Outer> {
    Setting<Outer>(self, path)
  }

  private init<Inner>(_ inner: Setting<Inner>, _ path: WritableKeyPath<Owner, Inner> & Sendable) {
    key = inner.key
    help = inner.help
    accepted = inner.accepted
    shorthand = inner.shorthand
    isGroup = inner.isGroup
    assign = { owner, value, subject throws(SettingsError) in
      try inner.assign(&owner[keyPath: path], value, subject)
    }
    write = { inner.json(of: $0[keyPath: path]) }
  }
}

/// What consists of settings; its defaults are those of `init()`.
public protocol SettingsGroup: Sendable {
  /// In the order of `--help` and of what is written.
  static var settings: [Setting<Self>] { get }
  init()
  /// Checks what holds between settings. Default: nothing does.
  ///
  /// - Parameter reader: that of the group, for the paths and positions of errors.
  func validate(_ reader: SettingsReader) throws(SettingsError)
}

extension SettingsGroup {
  public func validate(_ reader: SettingsReader) throws(SettingsError) {}

  /// Reads the settings that are there; the others keep their defaults. Keys that are no settings of the group are left
  /// to the caller, who ends with `reader.finish()`.
  public init(reading reader: inout SettingsReader) throws(SettingsError) {
    try self.init(reading: &reader, by: Self.settings)
  }

  /// The same by settings with the type's own keys, whose limits may be others.
  public init(reading reader: inout SettingsReader, by settings: [Setting<Self>]) throws(SettingsError) {
    self.init()
    for setting in settings { try setting.read(into: &self, from: &reader) }
    try validate(reader)
  }

  /// All settings with their values, null for those that have none.
  public var members: [JSONValue.Member] { Self.settings.map { JSONValue.Member($0.key, $0.json(of: self)) } }

  /// The settings whose values are not the defaults.
  public var changedMembers: [JSONValue.Member] {
    let defaults = Self()
    return Self.settings.compactMap { setting in
      let value = setting.json(of: self)
      return value == setting.json(of: defaults) ? nil : JSONValue.Member(setting.key, value)
    }
  }

  /// What the settings are, line by line for `--help`.
  public static var help: [SettingHelp] {
    let defaults = Self()
    return settings.map { SettingHelp($0, of: defaults) }
  }
}

/// What `--help` says of one setting.
public struct SettingHelp: Sendable, Equatable {
  public let key: String
  /// The default as it would be written, of an object its name alone; nil where there is none.
  public let defaultText: String?
  public let accepted: String
  public let help: String

  /// A key without a default.
  public init(_ key: String, _ help: String) { (self.key, defaultText, accepted, self.help) = (key, nil, "", help) }

  public init<Owner>(_ setting: Setting<Owner>, of defaults: Owner) {
    (key, accepted, help) = (setting.key, setting.accepted, setting.help)
    defaultText = setting.json(of: defaults).plainText
  }
}

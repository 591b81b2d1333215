/// A group of settings under one key of another group, such as `checkpoint: { every_steps: 500 }`.
public protocol NestedSettings: SettingsGroup, SettingValue, Equatable where Limits == NoLimits {}

extension NestedSettings {
  public static var isGroup: Bool { true }

  public static func read(_ value: JSONValue, _ subject: String, _ limits: NoLimits) throws(SettingsError) -> Self {
    var reader = try SettingsReader(value, path: subject, shorthand: shorthand)
    let settings = try Self(reading: &reader)
    try reader.finish()
    return settings
  }

  public func json(_ limits: NoLimits) -> JSONValue { .object(members) }

  public static func == (a: Self, b: Self) -> Bool { a.members == b.members }
}

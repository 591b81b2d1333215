import Basics

/// Reads one object of a configuration key by key, and knows at the end which keys were not read.
///
/// A getter returns `nil` where the key is missing or null. Errors carry the position in the file and the key's path:
///
///     run.json5:3:18: data.validation: expected a number, found "abc"
///
/// Call `finish()` after the last getter: it reports keys that are not known.
public struct SettingsReader: Sendable {
  /// The keys that lead here from the top, such as `data` or `model.layers[2].dense`; empty at the top.
  public let path: String
  private let position: SourcePosition?
  private let members: [JSONValue.Member]
  private var known: [String] = []

  /// - Parameters:
  ///   - value: an object; null counts as an empty one.
  ///   - shorthand: the key that a plain text stands for: `optimizer: "sgd"` means `{ name: "sgd" }`.
  public init(_ value: JSONValue, path: String = "", shorthand: String? = nil) throws(SettingsError) {
    var value = value
    if let shorthand, case .string(let text) = value.content {
      // A path may begin with "[", but nothing that a text can mean with "{".
      if text.hasPrefix("{") { try value.requireSoundJSON(path) }
      value = JSONValue(.object([JSONValue.Member(shorthand, value)]), at: value.position)
    }
    guard value.members != nil || value.isNull else {
      throw value.mismatch(path.isEmpty ? "the configuration" : path, "an object in braces")
    }
    self.path = path
    position = value.position
    members = value.members ?? []
  }

  /// The path of `key` from the top of the configuration.
  public func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// The value of `key` as it was written, or `nil` if there is none or it is null.
  public mutating func value(_ key: String) -> JSONValue? {
    if !known.contains(key) { known.append(key) }
    guard let value = members.first(where: { $0.key == key })?.value, !value.isNull else { return nil }
    return value
  }

  public mutating func string(_ key: String) throws(SettingsError) -> String? {
    guard let value = value(key) else { return nil }
    return try value.requireString(path(of: key))
  }

  public mutating func bool(_ key: String) throws(SettingsError) -> Bool? {
    guard let value = value(key) else { return nil }
    return try value.requireBool(path(of: key))
  }

  public mutating func integer(
    _ key: String, in interval: Interval<Int> = .any
  ) throws(SettingsError) -> Int? {
    guard let value = value(key) else { return nil }
    return try value.requireInteger(path(of: key), in: interval)
  }

  public mutating func double(
    _ key: String, in interval: Interval<Double> = .any
  ) throws(SettingsError) -> Double? {
    guard let value = value(key) else { return nil }
    return try value.requireDouble(path(of: key), in: interval)
  }

  /// One of the names in `known`; another is an error that names the nearest.
  public mutating func name(_ key: String, of known: [String]) throws(SettingsError) -> String? {
    guard let value = value(key) else { return nil }
    return try value.requireName(path(of: key), of: known)
  }

  /// The case whose raw value is written; another name is an error that names the nearest.
  public mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, of type: Choice.Type = Choice.self
  ) throws(SettingsError) -> Choice? {
    guard let name = try name(key, of: Choice.allCases.map(\.rawValue)) else { return nil }
    return Choice(rawValue: name)
  }

  /// A reader for the object under `key`; a missing one reads as empty.
  ///
  /// - Parameter shorthand: the key that a plain text stands for: `optimizer: "sgd"` means `{ name: "sgd" }`.
  public mutating func object(
    _ key: String, shorthand: String? = nil
  ) throws(SettingsError) -> SettingsReader {
    try SettingsReader(value(key) ?? .null, path: path(of: key), shorthand: shorthand)
  }

  public mutating func array(_ key: String) throws(SettingsError) -> [JSONValue]? {
    guard let value = value(key) else { return nil }
    guard case .array(let elements) = value.content else { throw value.mismatch(path(of: key), "a list in brackets") }
    return elements
  }

  /// An error about `key`, at the place where its value was written, or the object's own if it is missing.
  public func error(_ key: String, _ message: String) -> SettingsError {
    guard let member = members.first(where: { $0.key == key }) else {
      return SettingsError("\(path(of: key)): \(message)", at: position)
    }
    return SettingsError("\(path(of: key)): \(message)", at: member.value.position)
  }

  /// The keys of the object that have a value.
  var keys: [String] { members.filter { !$0.value.isNull }.map(\.key) }

  /// Whether the value of `key` was written in a file.
  func isInFile(_ key: String) -> Bool { members.first { $0.key == key }?.value.position != nil }

  /// The end of an error about a value that a file gives beside one of the command line that it does not go with: how
  /// to leave it out. Empty where the two come from one place.
  public func wayOut(leaving key: String, for other: String) -> String {
    isInFile(key) && keys.contains(other) && !isInFile(other)
      ? "; --set \(path(of: key))=null leaves out what the file gives" : ""
  }

  /// The first key of the object that is one of `keys` and that no getter asked for.
  public func unread(among keys: [String]) -> String? {
    members.first { keys.contains($0.key) && !known.contains($0.key) && !$0.value.isNull }?.key
  }

  /// Takes keys without a value for read: `beta1: null` leaves out what another optimizer would have.
  mutating func passOverNulls(among keys: [String]) {
    known += members.filter { $0.value.isNull && keys.contains($0.key) && !known.contains($0.key) }.map(\.key)
  }

  /// Reports the first key that no getter asked for.
  public func finish() throws(SettingsError) {
    guard let stray = members.first(where: { !known.contains($0.key) }) else { return }
    throw SettingsError(
      "unknown key '\(path(of: stray.key))' (\(suggestion(for: stray.key)))", at: stray.keyPosition)
  }

  private func suggestion(for key: String) -> String {
    if let nearest = known.nearest(to: key) { return "did you mean '\(path(of: nearest))'?" }
    return known.isEmpty ? "no keys are expected here" : "known: " + known.joined(separator: ", ")
  }
}

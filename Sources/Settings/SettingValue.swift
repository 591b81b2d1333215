/// A type of value that a configuration can give.
public protocol SettingValue: Sendable {
  /// What a setting may demand of its values beside the type.
  associatedtype Limits: Sendable
  static var unlimited: Limits { get }
  /// The value that `value` spells.
  ///
  /// - Parameter subject: the path of the key, which errors begin with.
  static func read(_ value: JSONValue, _ subject: String, _ limits: Limits) throws(SettingsError) -> Self
  /// The value that reads back as this one.
  func json(_ limits: Limits) -> JSONValue
  /// The limits in words for `--help`; empty for none.
  static func words(for limits: Limits) -> String
  /// What `text` spells on a command line. Default: JSON5 if it reads as that, otherwise the text itself.
  static func value(ofText text: String) -> JSONValue
  /// The key that a plain text stands for where an object may stand: `"sgd"` is `{ name: "sgd" }`. Default: none.
  static var shorthand: String? { get }
  /// Whether it is a group of settings. Default: no.
  static var isGroup: Bool { get }
  /// The words that it can be, for a shell to complete; empty where they are not a few. Default: empty.
  static var choices: [String] { get }
}

extension SettingValue {
  public static var shorthand: String? { nil }
  public static func value(ofText text: String) -> JSONValue { JSONValue(commandLineText: text) }
  public static var isGroup: Bool { false }
  public static var choices: [String] { [] }
}

/// No limits beside the type.
public enum NoLimits: Sendable { case any }

extension SettingValue where Limits == NoLimits {
  public static var unlimited: NoLimits { .any }
  public static func words(for limits: NoLimits) -> String { "" }
}

extension Int: SettingValue {
  public static var unlimited: Interval<Int> { .any }
  public static func read(_ value: JSONValue, _ subject: String, _ limits: Interval<Int>) throws(SettingsError) -> Int {
    try value.requireInteger(subject, in: limits)
  }
  public func json(_ limits: Interval<Int>) -> JSONValue { .integer(self) }
  public static func words(for limits: Interval<Int>) -> String { limits.words }
}

extension UInt64: SettingValue {
  /// What a JSON integer can hold: at most 2⁶³ − 1.
  public static func read(_ value: JSONValue, _ subject: String, _ limits: NoLimits) throws(SettingsError) -> UInt64 {
    try value.requireSeed(subject)
  }
  /// What does not fit reads back as an error.
  public func json(_ limits: NoLimits) -> JSONValue {
    Int(exactly: self).map(JSONValue.integer) ?? .number(Double(self))
  }
  public static func words(for limits: NoLimits) -> String { Interval<Int>.atLeast(0).words }
}

extension Double: SettingValue {
  public static var unlimited: Interval<Double> { .any }
  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: Interval<Double>
  ) throws(SettingsError) -> Double { try value.requireDouble(subject, in: limits) }
  public func json(_ limits: Interval<Double>) -> JSONValue { .number(self) }
  public static func words(for limits: Interval<Double>) -> String { limits.words }
}

extension Bool: SettingValue {
  public static func read(_ value: JSONValue, _ subject: String, _ limits: NoLimits) throws(SettingsError) -> Bool {
    try value.requireBool(subject)
  }
  public func json(_ limits: NoLimits) -> JSONValue { .bool(self) }
}

extension String: SettingValue {
  public static func read(_ value: JSONValue, _ subject: String, _ limits: NoLimits) throws(SettingsError) -> String {
    try value.requireString(subject)
  }
  public func json(_ limits: NoLimits) -> JSONValue { .string(self) }
  public static func value(ofText text: String) -> JSONValue { .string(text) }
}

extension Optional: SettingValue where Wrapped: SettingValue {
  public static var unlimited: Wrapped.Limits { Wrapped.unlimited }
  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: Wrapped.Limits
  ) throws(SettingsError) -> Wrapped? { try Wrapped.read(value, subject, limits) }
  public func json(_ limits: Wrapped.Limits) -> JSONValue { self?.json(limits) ?? .null }
  public static func words(for limits: Wrapped.Limits) -> String { Wrapped.words(for: limits) }
  public static func value(ofText text: String) -> JSONValue { Wrapped.value(ofText: text) }
  public static var shorthand: String? { Wrapped.shorthand }
  public static var isGroup: Bool { Wrapped.isGroup }
  public static var choices: [String] { Wrapped.choices }
}

/// One of a few words; another is an error that names the nearest.
public protocol SettingChoice: SettingValue, RawRepresentable<String>, CaseIterable where Limits == NoLimits {}

extension SettingChoice {
  public static func read(_ value: JSONValue, _ subject: String, _ limits: NoLimits) throws(SettingsError) -> Self {
    let names = allCases.map(\.rawValue)
    let name = try value.requireName(subject, of: names)
    guard let choice = Self(rawValue: name) else { preconditionFailure("\(name) is no case of \(Self.self)") }
    return choice
  }
  public func json(_ limits: NoLimits) -> JSONValue { .string(rawValue) }
  public static func words(for limits: NoLimits) -> String { choices.joined(separator: ", ") }
  public static var choices: [String] { allCases.map(\.rawValue) }
  public static func value(ofText text: String) -> JSONValue { .string(text) }
}

// MARK: Lists

/// What a list setting can consist of.
public protocol SettingListElement: Sendable {
  associatedtype ListLimits: Sendable
  static var unlimitedList: ListLimits { get }
  static func readList(_ value: JSONValue, _ subject: String, _ limits: ListLimits) throws(SettingsError) -> [Self]
  static func listJSON(_ list: [Self], _ limits: ListLimits) -> JSONValue
  static func listWords(for limits: ListLimits) -> String
}

extension Array: SettingValue where Element: SettingListElement {
  public static var unlimited: Element.ListLimits { Element.unlimitedList }
  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: Element.ListLimits
  ) throws(SettingsError) -> [Element] { try Element.readList(value, subject, limits) }
  public func json(_ limits: Element.ListLimits) -> JSONValue { Element.listJSON(self, limits) }
  public static func words(for limits: Element.ListLimits) -> String { Element.listWords(for: limits) }
}

/// What a list of numbers, at least one, may hold.
public enum NumberListLimits: Sendable {
  /// A list in brackets.
  case each(Interval<Double>)
  /// A list in brackets, or a number alone for a list of one.
  case oneOrEach(Interval<Double>)
}

extension Double: SettingListElement {
  public static var unlimitedList: NumberListLimits { .each(.any) }

  public static func readList(
    _ value: JSONValue, _ subject: String, _ limits: NumberListLimits
  ) throws(SettingsError) -> [Double] {
    let interval: Interval<Double>
    switch limits {
    case .each(let each): interval = each
    case .oneOrEach(let each):
      interval = each
      guard case .array = value.content else { return [try value.requireDouble(subject, in: interval)] }
    }
    let elements = try value.requireArray(subject)
    guard !elements.isEmpty else { throw value.mismatch(subject, "at least one number") }
    var numbers: [Double] = []
    for (index, element) in elements.enumerated() {
      numbers.append(try element.requireDouble("\(subject)[\(index)]", in: interval))
    }
    return numbers
  }

  public static func listJSON(_ list: [Double], _ limits: NumberListLimits) -> JSONValue {
    if case .oneOrEach = limits, list.count == 1 { return .number(list[0]) }
    return .array(list.map(JSONValue.number))
  }

  public static func listWords(for limits: NumberListLimits) -> String {
    switch limits {
    case .each(let interval): "list, each \(interval.words)"
    case .oneOrEach(let interval): "number or list, \(interval.words)"
    }
  }
}

/// What a list of whole numbers may hold.
public enum IntegerListLimits: Sendable {
  /// From 1 on, each greater than the one before; it may be empty.
  case ascending
}

extension Int: SettingListElement {
  public static var unlimitedList: IntegerListLimits { .ascending }

  public static func readList(
    _ value: JSONValue, _ subject: String, _ limits: IntegerListLimits
  ) throws(SettingsError) -> [Int] {
    var numbers: [Int] = []
    for (index, element) in (try value.requireArray(subject)).enumerated() {
      numbers.append(try element.requireInteger("\(subject)[\(index)]", in: .atLeast((numbers.last ?? 0) + 1)))
    }
    return numbers
  }

  public static func listJSON(_ list: [Int], _ limits: IntegerListLimits) -> JSONValue {
    .array(list.map { .integer($0) })
  }

  public static func listWords(for limits: IntegerListLimits) -> String { "ascending, from 1" }
}

/// A JSON document, or a part of one, whose objects keep the order of their keys.
///
/// Values compare by content: where they were written does not matter.
public struct JSONValue: Sendable {
  /// What a value holds.
  public indirect enum Content: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number written without point or exponent that fits in 64 bits.
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])
  }

  /// One key and its value.
  public struct Member: Sendable, Equatable {
    public let key: String
    public var value: JSONValue
    /// Where the key was written; `nil` if it does not come from a file.
    public let keyPosition: SourcePosition?

    public init(_ key: String, _ value: JSONValue, keyPosition: SourcePosition? = nil) {
      self.key = key
      self.value = value
      self.keyPosition = keyPosition
    }

    public static func == (a: Member, b: Member) -> Bool { a.key == b.key && a.value == b.value }
  }

  public var content: Content
  /// Where the value begins; `nil` if it does not come from a file.
  public let position: SourcePosition?

  public init(_ content: Content, at position: SourcePosition? = nil) {
    self.content = content
    self.position = position
  }

  public static let null = JSONValue(.null)
  public static func bool(_ value: Bool) -> JSONValue { JSONValue(.bool(value)) }
  public static func integer(_ value: Int) -> JSONValue { JSONValue(.integer(value)) }
  public static func number(_ value: Double) -> JSONValue { JSONValue(.number(value)) }
  public static func string(_ value: String) -> JSONValue { JSONValue(.string(value)) }
  public static func array(_ elements: [JSONValue]) -> JSONValue { JSONValue(.array(elements)) }
  public static func object(_ members: [Member]) -> JSONValue { JSONValue(.object(members)) }

  /// `value`, or null where there is none.
  public static func optional(_ value: Int?) -> JSONValue { value.map(integer) ?? .null }
  /// `value`, or null where there is none.
  public static func optional(_ value: Double?) -> JSONValue { value.map(number) ?? .null }
  /// `value`, or null where there is none.
  public static func optional(_ value: String?) -> JSONValue { value.map(string) ?? .null }

  /// `value`, or null where there is none or it is not finite, which JSON cannot say.
  public static func finite(_ value: Double?) -> JSONValue { .optional(value.flatMap { $0.isFinite ? $0 : nil }) }

  /// A sum of counts: a whole number as such.
  public static func count(_ value: Double) -> JSONValue { Int(exactly: value).map(integer) ?? .finite(value) }

  /// This number rounded; nil for anything else.
  public var wholeNumber: Int? {
    switch content {
    case .integer(let number): number
    case .number(let number): Int(exactly: number.rounded())
    default: nil
    }
  }

  public var isNull: Bool { content == .null }

  /// The members of an object; `nil` if this is something else.
  public var members: [Member]? {
    if case .object(let members) = content { members } else { nil }
  }

  /// The value of `key`, or `nil` if there is no such key or this is no object.
  public subscript(key: String) -> JSONValue? { members?.first { $0.key == key }?.value }
}

extension JSONValue: Equatable {
  public static func == (a: JSONValue, b: JSONValue) -> Bool { a.content == b.content }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self.init(.string(value)) }
  public init(integerLiteral value: Int) { self.init(.integer(value)) }
  public init(floatLiteral value: Double) { self.init(.number(value)) }
  public init(booleanLiteral value: Bool) { self.init(.bool(value)) }
  public init(arrayLiteral elements: JSONValue...) { self.init(.array(elements)) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self.init(.object(elements.map { Member($0.0, $0.1) }))
  }
}

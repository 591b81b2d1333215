import Basics
public import Settings

/// How much of a node's memory a run's data may take: a size such as `80MB`, or a share of what the machine has such as
/// `50%`.
public struct MemoryLimit: SettingValue, Equatable {
  /// As it was given.
  public let text: String
  private let amount: Amount

  private enum Amount: Equatable {
    case bytes(Int)
    case share(Double)
  }

  /// Half of what the machine has.
  public static let standard = MemoryLimit(text: "50%", amount: .share(0.5))

  private init(text: String, amount: Amount) { (self.text, self.amount) = (text, amount) }

  /// Nil for anything else than a size or a share above 0.
  public init?(_ text: String) {
    if text.hasSuffix("%") {
      guard let percent = Double(text.dropLast().filter { $0 != " " }), percent > 0, percent <= 100 else { return nil }
      self.init(text: text, amount: .share(percent / 100))
    } else {
      guard let bytes = MemoryBudget.bytes(text), bytes > 0 else { return nil }
      self.init(text: text, amount: .bytes(bytes))
    }
  }

  /// - Parameter machine: the bytes that the machine has.
  public func bytes(of machine: Int) -> Int {
    switch amount {
    case .bytes(let bytes): bytes
    case .share(let share): Int(Double(machine) * share)
    }
  }

  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> MemoryLimit {
    let text = try value.requireString(subject)
    guard let limit = MemoryLimit(text) else {
      throw SettingsError("\(subject): expected a size such as 80MB or a share such as 50%, found '\(text.shownName)'")
    }
    return limit
  }

  public func json(_ limits: NoLimits) -> JSONValue { .string(text) }
  public static func words(for limits: NoLimits) -> String { "such as 80MB, 2GB or 50%" }
  public static func value(ofText text: String) -> JSONValue { .string(text) }
  public static func == (a: MemoryLimit, b: MemoryLimit) -> Bool { a.amount == b.amount }
}

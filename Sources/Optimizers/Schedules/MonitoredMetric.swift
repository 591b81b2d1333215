public import Settings

/// What a run is judged by, on the validation split if there is one, otherwise on the training split: `loss`,
/// `accuracy`, or another metric by its name, which is measured on validation alone.
public struct MonitoredMetric: Sendable, Equatable, ExpressibleByStringLiteral {
  public let name: String
  /// Whether a greater value is better.
  public var isGreaterBetter: Bool

  /// - Parameter isGreaterBetter: nil for what is known without the metric: less loss is better, and more of all else.
  public init(_ name: String, isGreaterBetter: Bool? = nil) {
    (self.name, self.isGreaterBetter) = (name, isGreaterBetter ?? (name != "loss"))
  }

  public init(stringLiteral name: String) { self.init(name) }

  public static let loss: MonitoredMetric = "loss"
  public static let accuracy: MonitoredMetric = "accuracy"
}

/// Any text: which metrics there are, the configuration knows, and says which way they are better.
extension MonitoredMetric: SettingValue {
  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> MonitoredMetric { MonitoredMetric(try value.requireString(subject)) }

  public func json(_ limits: NoLimits) -> JSONValue { .string(name) }
  public static func words(for limits: NoLimits) -> String { "loss, accuracy or another metric" }
  public static func value(ofText text: String) -> JSONValue { .string(text) }
}

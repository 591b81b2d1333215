public import Settings

/// Parameters that are updated in another way than the others, as PyTorch's `param_groups`: an element of the key
/// `optimizer.groups`.
public struct ParameterGroupSettings: NestedSettings {
  /// Names or patterns.
  public var match: [NamePattern] = []
  /// At the schedule's full height; nil: by `rateFactor`.
  public var learningRate: Double?
  /// What the learning rate of the others is multiplied by; nil: 1.
  public var rateFactor: Double?
  /// Nil: as the others.
  public var weightDecay: Double?

  public init() {}

  public static let settings: [Setting<ParameterGroupSettings>] = [
    Setting("match", \.match, "which parameters it has"),
    Setting("learning_rate", \.learningRate, .above(0), "step size at the schedule's full height"),
    Setting("rate_factor", \.rateFactor, .above(0), "or this many times the learning rate of the others"),
    Setting("weight_decay", \.weightDecay, .atLeast(0), "shrinks them, biases too"),
  ]

  public func validate(_ reader: SettingsReader) throws(SettingsError) {
    guard !match.isEmpty else { throw reader.error("match", "expected names or patterns of parameters") }
    guard learningRate == nil || rateFactor == nil else {
      throw reader.error("rate_factor", "stands beside learning_rate; give one of the two")
    }
  }

  /// How many times the learning rate of the others, `others`, it has.
  public func factor(of others: Double) -> Double { learningRate.map { $0 / others } ?? rateFactor ?? 1 }
}

extension ParameterGroupSettings: SettingListElement {
  public static var unlimitedList: NoLimits { .any }

  public static func readList(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> [ParameterGroupSettings] {
    var groups: [ParameterGroupSettings] = []
    for (index, element) in (try value.requireArray(subject)).enumerated() {
      guard element.members != nil else {
        throw element.mismatch("\(subject)[\(index)]", "{ match: \"9.*\", learning_rate: 0.01 }")
      }
      groups.append(try read(element, "\(subject)[\(index)]", limits))
    }
    return groups
  }

  public static func listJSON(_ list: [ParameterGroupSettings], _ limits: NoLimits) -> JSONValue {
    .array(list.map { .object($0.members) })
  }

  public static func listWords(for limits: NoLimits) -> String { "list of { match, … }" }
}

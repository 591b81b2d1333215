public import Settings

/// What the samples of each class count, as a configuration gives it.
public enum ClassWeights: SettingValue, Equatable {
  /// N / (K · n_c) for class c with n_c of the N labels of training, as scikit-learn's `class_weight="balanced"`
  /// (King and Zeng 2001): each class counts the same in all.
  case balanced
  /// One a class, each at least 0.
  case each([Double])

  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> ClassWeights {
    if case .array = value.content { return .each(try [Double].read(value, subject, .each(.atLeast(0)))) }
    guard value == .string("balanced") else {
      throw value.mismatch(subject, "\"balanced\", or a list in brackets with a number for each class")
    }
    return .balanced
  }

  public func json(_ limits: NoLimits) -> JSONValue {
    switch self {
    case .balanced: "balanced"
    case .each(let weights): .array(weights.map(JSONValue.number))
    }
  }

  public static func words(for limits: NoLimits) -> String { "balanced, or list, each at least 0" }

  /// The balanced weights of classes with so many labels.
  ///
  /// - Precondition: each class has at least one.
  public static func balanced(_ counts: [Int]) -> [Double] {
    let total = Double(counts.reduce(0, +))
    return counts.map { total / (Double(counts.count) * Double($0)) }
  }
}

import Settings

extension TrainingConfiguration {
  /// A loss and its options; options that `name` does not take keep their defaults.
  public struct Loss: Sendable, Equatable {
    public static let knownNames = [
      "cross_entropy", "binary_cross_entropy", "mse", "mae", "huber", "focal", "hinge", "binary_hinge",
      "detection",
    ]

    /// What a row of targets of the cross-entropy is.
    public enum Targets: String, CaseIterable, Sendable {
      /// Class indices.
      case labels
      /// A probability of each class, one-hot or soft.
      case probabilities
    }

    /// One of `knownNames`.
    public var name: String
    /// For `cross_entropy`; nil: by the data.
    public var targets: Targets?
    /// 0 ..< 1, for `cross_entropy`.
    public var labelSmoothing = 0.0
    /// At least 0, one a class, for `cross_entropy`; nil: 1 each.
    public var classWeights: [Double]?
    /// More than 0, for `binary_cross_entropy`: one for all outputs, or one each.
    public var positiveWeight = [1.0]
    /// At least 0, for `focal`.
    public var gamma = 2.0
    /// For `focal`: the α of class 1 of two, whose class 0 has 1 − α, or one a class; nil: 1 each.
    public var alpha: [Double]?
    /// Where Huber's loss turns from quadratic to linear, more than 0: 1 for `huber`, 0.1 of an image for the boxes of `detection`.
    public var delta: Double
    /// What the loss of the box counts beside that of the class, at least 0, for `detection`.
    public var boxWeight = 20.0
    /// The margin of `hinge` and `binary_hinge`, more than 0.
    public var margin = 1.0

    public init(name: String) {
      self.name = name
      delta = name == "detection" ? 0.1 : 1
    }
  }
}

extension TrainingConfiguration.Loss {
  init(reading reader: consuming SettingsReader) throws(SettingsError) {
    guard let name = try reader.name("name", of: Self.knownNames) else {
      throw reader.error("name", "expected one of " + Self.knownNames.joined(separator: ", "))
    }
    self.init(name: name)
    switch name {
    case "cross_entropy":
      targets = try reader.choice("targets")
      labelSmoothing = try reader.double("label_smoothing", in: .halfOpen(0, 1)) ?? labelSmoothing
      classWeights = try reader.numbers("class_weights", in: .atLeast(0))
      if let classWeights, !classWeights.contains(where: { $0 > 0 }) {
        throw reader.error("class_weights", "expected at least one weight above 0")
      }
    case "binary_cross_entropy":
      positiveWeight = try reader.numbers("positive_weight", in: .above(0), orOne: true) ?? positiveWeight
    case "huber": delta = try reader.double("delta", in: .above(0)) ?? delta
    case "detection":
      delta = try reader.double("delta", in: .above(0)) ?? delta
      boxWeight = try reader.double("box_weight", in: .atLeast(0)) ?? boxWeight
    case "focal":
      gamma = try reader.double("gamma", in: .atLeast(0)) ?? gamma
      alpha = try reader.numbers("alpha", in: .atLeast(0), orOne: true)
      if let alpha, alpha.count == 1, alpha[0] > 1 {
        throw reader.error("alpha", "expected a number from 0 to 1 for two classes, or a list with one a class")
      }
    case "hinge", "binary_hinge": margin = try reader.double("margin", in: .above(0)) ?? margin
    default: break
    }
    try reader.rejectOptions(
      of: name,
      among: [
        "targets", "label_smoothing", "class_weights", "positive_weight", "gamma", "alpha", "delta", "margin",
        "box_weight",
      ])
    try reader.finish()
  }

  /// The name alone where it says all, else an object.
  var json: JSONValue {
    var members: [JSONValue.Member] = [.init("name", .string(name))]
    switch name {
    case "cross_entropy":
      if let targets { members.append(.init("targets", .string(targets.rawValue))) }
      if labelSmoothing > 0 { members.append(.init("label_smoothing", .number(labelSmoothing))) }
      if let classWeights { members.append(.init("class_weights", .array(classWeights.map(JSONValue.number)))) }
    case "binary_cross_entropy":
      if positiveWeight != [1] { members.append(.init("positive_weight", Self.json(positiveWeight))) }
    case "huber": members.append(.init("delta", .number(delta)))
    case "detection": members += [.init("delta", .number(delta)), .init("box_weight", .number(boxWeight))]
    case "focal":
      members.append(.init("gamma", .number(gamma)))
      if let alpha { members.append(.init("alpha", Self.json(alpha))) }
    case "hinge", "binary_hinge": members.append(.init("margin", .number(margin)))
    default: break
    }
    return members.count == 1 ? .string(name) : .object(members)
  }

  private static func json(_ numbers: [Double]) -> JSONValue {
    numbers.count == 1 ? .number(numbers[0]) : .array(numbers.map(JSONValue.number))
  }
}

extension SettingsReader {
  /// A list of numbers, at least one.
  ///
  /// - Parameter orOne: whether a number alone is a list of one.
  fileprivate mutating func numbers(
    _ key: String, in interval: Interval<Double>, orOne: Bool = false
  ) throws(SettingsError) -> [Double]? {
    guard let value = value(key) else { return nil }
    switch value.content {
    case .array: break
    default:
      if orOne { return [try value.requireDouble(path(of: key), in: interval)] }
    }
    let elements = try array(key) ?? []
    guard !elements.isEmpty else { throw value.mismatch(path(of: key), "at least one number") }
    var numbers: [Double] = []
    for (index, element) in elements.enumerated() {
      numbers.append(try element.requireDouble("\(path(of: key))[\(index)]", in: interval))
    }
    return numbers
  }
}

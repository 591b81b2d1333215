public import Settings

/// How the targets of a regression are brought to a common scale.
public enum TargetScaling: String, SettingChoice {
  /// Zero mean and unit population standard deviation, each target by itself.
  case standard
  /// As they are.
  case none
}

/// The affine map `(t − offset) · factor` of targets, found on the training split and kept in the checkpoint: values of
/// a regression on a common scale, or classes numbered from 0.
public struct TargetTransform: Sendable, Equatable {
  public enum Kind: String, Sendable {
    /// Targets as they are.
    case none
    /// Values of zero mean and unit deviation.
    case standard
    /// Labels such as 1, 2, 3 or −1, 1 that stand for the classes 0, 1, 2 or 0, 1.
    case classes
  }

  public let kind: Kind
  /// One for all targets, or one for each.
  public let offset: [Double]
  /// As many as `offset`.
  public let factor: [Float]

  /// - Precondition: as many offsets as factors, at least one.
  public init(kind: Kind, offset: [Double], factor: [Float]) {
    precondition(offset.count == factor.count && !offset.isEmpty, "\(offset.count) offsets, \(factor.count) factors")
    (self.kind, self.offset, self.factor) = (kind, offset, factor)
  }

  /// Leaves the targets as they are, exactly.
  public static let identity = TargetTransform(kind: .none, offset: [0], factor: [1])

  /// Labels `first`, `first + step`, … as the classes 0, 1, ….
  public static func classes(from first: Int, step: Int = 1) -> TargetTransform {
    first == 0 && step == 1
      ? .identity : TargetTransform(kind: .classes, offset: [Double(first)], factor: [1 / Float(step)])
  }

  /// The label of class 0, and from one class to the next.
  public var numbering: (first: Int, step: Int) {
    kind == .classes ? (Int(offset[0]), Int((1 / factor[0]).rounded())) : (0, 1)
  }

  /// The label that stands for a class in the data.
  public func label(ofClass index: Int) -> Int { numbering.first + index * numbering.step }

  /// The class that a label stands for; nil where it stands for none.
  public func index(ofLabel label: Int) -> Int? {
    let (distance, isOver) = label.subtractingReportingOverflow(numbering.first)
    guard !isOver, distance >= 0, distance % numbering.step == 0 else { return nil }
    return distance / numbering.step
  }

  /// `from 0 to 9`, or `-1 or 1`.
  public func labelText(classes count: Int) -> String {
    numbering.step == 1
      ? "from \(label(ofClass: 0)) to \(label(ofClass: count - 1))"
      : (0..<count).map { "\(label(ofClass: $0))" }.joined(separator: " or ")
  }

  /// What 0 of each of so many scaled targets stands for in the units of the data, and how wide 1 is.
  public func units(_ count: Int) -> [(zero: Double, width: Double)] {
    (0..<count).map { $0 % offset.count }.map { (offset[$0], 1 / Double(factor[$0])) }
  }

  /// Scaled values, row by row, in the units of the data: t / factor + offset.
  public func inverted(_ values: some Collection<Float>) -> [Double] {
    let width = offset.count
    return values.enumerated().map { Double($1) / Double(factor[$0 % width]) + offset[$0 % width] }
  }

  /// The offsets as sums of three floats each; see `FeatureTransform.offsetParts`.
  public var offsetParts: [[Float]] { FeatureTransform(kind: .standard, offset: offset, factor: factor).offsetParts }
}

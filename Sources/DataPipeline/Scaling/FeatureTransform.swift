public import HDF5Storage
public import Settings

/// How features are brought to a common scale. Booleans, whole numbers that are 0 or 1 throughout the training split,
/// stay 0 and 1 under every scaling.
public enum FeatureScaling: String, SettingChoice {
  /// One of the others, by what the features are; see `ScalingChoice`.
  case auto
  /// As they are.
  case none
  /// Integers divided by their type's greatest value, such as 255, or by the data set's attribute `valid_max`; floating
  /// point as it is.
  case unit
  /// Zero mean and unit population standard deviation, each feature by itself.
  case standard
  /// The training split's range of each feature mapped to 0…1.
  case minMax = "min_max"
}

/// The affine map `(x − offset) · factor` of features, found on the training split and kept in the checkpoint.
public struct FeatureTransform: Sendable, Equatable {
  public let kind: FeatureScaling
  /// One for all features, or one for each: in double, because a feature such as a time may vary little about a large
  /// value.
  public let offset: [Double]
  /// As many as `offset`.
  public let factor: [Float]

  /// - Precondition: as many offsets as factors, at least one.
  public init(kind: FeatureScaling, offset: [Double], factor: [Float]) {
    precondition(offset.count == factor.count && !offset.isEmpty, "\(offset.count) offsets, \(factor.count) factors")
    self.kind = kind
    self.offset = offset
    self.factor = factor
  }

  /// The offsets as sums of three floats each, which hold a double exactly (Dekker 1971): what goes into a checkpoint
  /// of floats.
  public var offsetParts: [[Float]] {
    var rest = offset
    return (0..<3).map { _ in
      let part = rest.map { Float($0) }
      rest = zip(rest, part).map { $0 - Double($1) }
      return part
    }
  }

  /// Leaves the features as they are, exactly.
  public static let identity = FeatureTransform(kind: .none, offset: [0], factor: [1])

  /// The transform `unit` of features of a type.
  ///
  /// - Parameter validMaximum: what the data set says is its greatest value, where that is not the type's.
  public static func unit(_ type: ElementType, validMaximum: Double? = nil) -> FeatureTransform {
    let greatest: Double =
      switch type {
      case .int8: Double(Int8.max)
      case .int16: Double(Int16.max)
      case .int32: Double(Int32.max)
      case .int64: Double(Int64.max)
      case .uint8: Double(UInt8.max)
      case .uint16: Double(UInt16.max)
      case .uint32: Double(UInt32.max)
      case .uint64: Double(UInt64.max)
      case .float32, .float64: 1
      }
    return FeatureTransform(kind: .unit, offset: [0], factor: [Float(1 / (validMaximum ?? greatest))])
  }
}

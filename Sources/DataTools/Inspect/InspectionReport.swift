/// What `DataInspection` found out about a file.
public struct InspectionReport: Equatable, Sendable {
  public let path: String
  public let byteCount: Int
  public let splits: [InspectedSplit]
  /// What training takes the targets for, why, and the option that changes it; empty where a loss has to say it.
  public let targets: [String]
  /// How training scales the features unless it is told otherwise, and why.
  public let scaling: [String]
  /// The data sets of the file that are in no split.
  public let unused: [String]
  /// What spoils training or its figures; empty for clean data.
  public let findings: [InspectionFinding]
}

/// One split: features and, if there are any, labels.
public struct InspectedSplit: Equatable, Sendable {
  /// `train`, `val` or `test`.
  public let name: String
  public let features: InspectedArray
  public let labels: InspectedArray?
  /// The numbers of a label one by one, where the labels' attribute `columns` names them, one a line.
  public let labelColumns: [InspectedColumn]?
  /// How often each class occurs, by class; nil if the labels are values.
  public let classCounts: [ClassCount]?
}

/// One data set of the file and the range of its values.
public struct InspectedArray: Equatable, Sendable {
  public let path: String
  /// Rows first.
  public let shape: [Int]
  public let type: String
  /// nil if the elements are stored in one piece.
  public let chunkShape: [Int]?
  public let filters: [String]
  /// How the file keeps the rows, where they are no data set of numbers.
  public let form: String?
  public let statistics: ValueStatistics
}

/// One number of labels that have several.
public struct InspectedColumn: Equatable, Sendable {
  public let name: String
  public let statistics: ValueStatistics
}

/// Moments and range of the values of an array that are finite as a `Float`; zero and nil where there are none.
public struct ValueStatistics: Equatable, Sendable {
  public let finiteCount: Int
  public let nanCount: Int
  public let infiniteCount: Int
  public let minimum: Double?
  public let maximum: Double?
  public let mean: Double?
  /// Of the population: the sum of squared deviations is divided by the number of values.
  public let standardDeviation: Double?
}

/// A class and the number of its samples.
public struct ClassCount: Equatable, Sendable {
  public let label: Int
  /// From the attribute `classes` of the labels, one name a line.
  public let name: String?
  public let count: Int
}

/// One thing in the data that spoils training or its figures.
public struct InspectionFinding: Equatable, Sendable, CustomStringConvertible {
  public enum Kind: String, CaseIterable, Sendable {
    case nonFiniteValues = "non_finite_values"
    /// Features above the attribute `valid_max`, by which the scaling `unit` divides.
    case aboveValidMaximum = "above_valid_maximum"
    case constantFeatures = "constant_features"
    case classImbalance = "class_imbalance"
    /// Labels that training refuses.
    case unfitTargets = "unfit_targets"
    case labelsOutOfRange = "labels_out_of_range"
    case nonIntegralLabels = "non_integral_labels"
    /// Boxes of detections that training refuses.
    case unfitBoxes = "unfit_boxes"
    case missingClasses = "missing_classes"
    case duplicates
    case conflictingLabels = "conflicting_labels"
    /// Samples of another split that also stand in the training split.
    case leakage
    case lengthMismatch = "length_mismatch"
    case shapeMismatch = "shape_mismatch"
    case emptySplit = "empty_split"
    case missingLabels = "missing_labels"
    /// Rows or chunks that no one wrote, and that read as the fill value.
    case unwrittenValues = "unwritten_values"
    /// Chunks that streaming has to unpack again and again, or that are too many.
    case slowChunks = "slow_chunks"
  }

  public let kind: Kind
  public let split: String
  /// How many values, features, classes or rows it concerns.
  public let count: Int
  /// One line with counts and examples.
  public let message: String

  public var description: String { "\(split): \(message)" }
}

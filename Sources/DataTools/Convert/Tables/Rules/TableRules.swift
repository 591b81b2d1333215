import Basics
import HDF5Storage
import Settings

/// How the rows of a table become features and targets: what is kept as the preparation of an output, so that new rows
/// are made alike.
struct TableRules: Equatable, Sendable {
  var features: [FeatureRule] = []
  var targets: [ColumnKey] = []
  var target = TargetRule.none
  var id: ColumnKey?
  var group: ColumnKey?
  var weight: ColumnKey?
  /// The names of columns that are left out, which need no mention where a table has them.
  var unused: [String] = []
  var missing = MissingRule.error
  /// Of the features.
  var type = ElementType.float32
  var window: WindowRule?

  /// The features of a row, or of each step of a window.
  var width: Int { features.reduce(0) { $0 + $1.rule.width } }

  /// What the features are called; nil where the table has no header.
  var names: [String]? {
    let names = features.map { feature -> [String]? in
      guard case .name(let name) = feature.column else { return nil }
      return feature.rule.names(of: name)
    }
    return names.contains { $0 == nil } ? nil : names.flatMap { $0 ?? [] }
  }

  /// What the targets are called; nil where the table has no header.
  var targetNames: [String]? {
    let names = targets.map { key -> String? in
      guard case .name(let name) = key else { return nil }
      return name
    }
    guard !names.contains(nil), !names.isEmpty else { return nil }
    let steps = window?.horizons ?? [0]
    guard steps.count > 1 else { return names.compactMap(\.self) }
    return names.compactMap(\.self).flatMap { name in steps.map { "\(name)+\($0)" } }
  }

  /// The greatest number that features of words have; nil unless all are such.
  var greatestNumber: Int? {
    let last = features.map { feature -> Int? in
      guard case .numbers(let words, let first) = feature.rule else { return nil }
      return first + words.count - 1
    }
    return last.contains(nil) ? nil : last.compactMap(\.self).max()
  }
}

/// How the target columns become y.
enum TargetRule: Equatable, Sendable {
  case none
  /// The index of the name, int32.
  case classes([String])
  /// Whole numbers as they are, int64.
  case integers
  /// Numbers, float32 or float64.
  case values(ElementType)
  /// 0 and 1 in as many columns, uint8.
  case answers

  var type: ElementType {
    switch self {
    case .classes: .int32
    case .integers: .int64
    case .values(let type): type
    case .answers, .none: .uint8
    }
  }
}

/// How a series is cut into windows.
struct WindowRule: Equatable, Sendable {
  /// The rows of a window.
  let steps: Int
  /// How far behind the window's last row its targets are.
  let horizons: [Int]
  /// The column of dates that orders the rows; nil where there is none.
  var time: ColumnKey?

  var greatestHorizon: Int { horizons.max() ?? 0 }
  /// The rows that a window and its targets take.
  var rowCount: Int { steps + greatestHorizon }
}

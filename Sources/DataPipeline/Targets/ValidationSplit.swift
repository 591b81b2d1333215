import Basics
import NumericCore

/// The rows of a split that are in use: all of them, or a part.
public enum RowSelection: Sendable, Equatable {
  /// All rows of a split of so many.
  case all(count: Int)
  /// Some rows, ascending.
  case rows([Int])

  /// The number of rows in use.
  public var count: Int {
    switch self {
    case .all(let count): count
    case .rows(let rows): rows.count
    }
  }

  /// The row of the split that is in use as number `index`.
  public subscript(index: Int) -> Int {
    switch self {
    case .all: index
    case .rows(let rows): rows[index]
    }
  }
}

/// Splits a validation set off the training split.
public enum ValidationSplit {
  /// Chooses ⌊fraction · n_c + ½⌋ rows of each class c at random, keyed by (seed, c): every rank computes it alike.
  ///
  /// - Parameters:
  ///   - labels: the class of each of the `sampleCount` rows; nil for regression, where all rows are one stratum.
  ///   - fraction: above 0, below 1.
  /// - Returns: the rows of both parts, ascending.
  /// - Throws: a usage error if one part is empty.
  public static func select(
    labels: [Int]?, sampleCount: Int, fraction: Double, seed: UInt64
  ) throws -> (train: [Int], validation: [Int]) {
    precondition(0 < fraction && fraction < 1, "a validation fraction of \(fraction)")
    precondition(labels == nil || labels?.count == sampleCount, "one label for each of \(sampleCount) rows")
    var strata: [Int: [Int]] = [:]
    if let labels {
      for (row, label) in labels.enumerated() { strata[label, default: []].append(row) }
    } else {
      strata[0] = Array(0..<sampleCount)
    }
    var isValidation = [Bool](repeating: false, count: sampleCount)
    let source = RandomSource(seed: seed)
    for (label, rows) in strata {
      let chosen = Int((fraction * Double(rows.count) + 0.5).rounded(.down))
      for position in source.stream(.validationSplit, label).permutation(rows.count).prefix(chosen) {
        isValidation[rows[Int(position)]] = true
      }
    }
    return try parts(isValidation, fraction)
  }

  /// - Throws: a usage error if one part is empty.
  static func parts(_ isValidation: [Bool], _ fraction: Double) throws -> (train: [Int], validation: [Int]) {
    let rows = isValidation.indices
    let parts = (train: rows.filter { !isValidation[$0] }, validation: rows.filter { isValidation[$0] })
    guard !parts.train.isEmpty && !parts.validation.isEmpty else {
      throw Failure.usage(
        "data.validation = \(fraction) leaves the \(parts.train.isEmpty ? "training" : "validation") part of "
          + "\(rows.count) samples empty; give another fraction")
    }
    return parts
  }
}

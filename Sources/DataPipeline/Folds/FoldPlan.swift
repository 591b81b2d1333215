/// One fold: the rows that are trained on and those that are tested, both ascending, without a row in common.
public struct Fold: Sendable, Equatable {
  public let train: [Int]
  public let test: [Int]

  /// - Precondition: neither is empty, and both are ascending.
  public init(train: [Int], test: [Int]) {
    precondition(!train.isEmpty && !test.isEmpty, "a fold of \(train.count) and \(test.count) rows")
    (self.train, self.test) = (train, test)
  }
}

/// A division of N rows into K folds. The folds are made when they are asked for: leaving one out of N takes N² numbers
/// in all.
public struct FoldPlan: Sendable, Equatable {
  private enum Rule: Sendable, Equatable {
    /// The fold that each row is tested in, negative for none; all other rows are trained on.
    case assigned([Int])
    /// The rows that a fold tests begin behind those that it is trained on, with a gap between.
    case inTime(rows: Int, tested: Int, gap: Int)
  }

  private let rule: Rule
  /// K.
  public let count: Int

  /// - Parameter numbers: the fold, from 0, that each row is tested in; a negative one is never tested.
  /// - Precondition: every fold has a row to test.
  init(numbers: [Int], count: Int) {
    (rule, self.count) = (.assigned(numbers), count)
  }

  init(rows: Int, tested: Int, gap: Int, count: Int) {
    (rule, self.count) = (.inTime(rows: rows, tested: tested, gap: gap), count)
  }

  /// The fold `index`, from 0.
  public subscript(index: Int) -> Fold {
    precondition(0 <= index && index < count, "fold \(index) of \(count)")
    switch rule {
    case .assigned(let numbers):
      return Fold(
        train: numbers.indices.filter { numbers[$0] != index }, test: numbers.indices.filter { numbers[$0] == index })
    case .inTime(let rows, let tested, let gap):
      let start = rows - (count - index) * tested
      return Fold(train: Array(0..<start - gap), test: Array(start..<start + tested))
    }
  }

  /// The fold that each row is tested in; nil for a row that is tested in none.
  public var tested: [Int?] {
    switch rule {
    case .assigned(let numbers): return numbers.map { $0 < 0 ? nil : $0 }
    case .inTime(let rows, let tested, _):
      let start = rows - count * tested
      return (0..<rows).map { $0 < start ? nil : ($0 - start) / tested }
    }
  }
}

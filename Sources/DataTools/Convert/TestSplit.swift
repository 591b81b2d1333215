import Basics
import DataPipeline
import NumericCore

/// Which rows train and which test, each in the order they have in the source.
struct TestSplit: Equatable {
  let train: [Int]
  let test: [Int]

  /// Draws round(fraction · N) test rows, from each class its share to within one row.
  ///
  /// The rows of a class are shuffled by a stream keyed by (seed, class); with the classes laid end to end, class c
  /// over positions a to b, its first round(b · fraction) − round(a · fraction) rows test.
  ///
  /// - Parameter groups: The class of each row; one equal value for all rows of a regression.
  /// - Throws: `Failure` if a split would be empty.
  init(groups: [Int], fraction: Double, seed: UInt64) throws {
    let source = RandomSource(seed: seed)
    let members = Dictionary(grouping: groups.indices, by: { groups[$0] }).sorted { $0.key < $1.key }
    var isTest = [Bool](repeating: false, count: groups.count)
    var position = 0
    for (number, rows) in members.map(\.value).enumerated() {
      let order = source.stream(.synthesis, TestSplit.streamNumber, number).permutation(rows.count)
      let first = TestSplit.testCount(of: position, fraction: fraction)
      position += rows.count
      for index in order.prefix(TestSplit.testCount(of: position, fraction: fraction) - first) {
        isTest[rows[Int(index)]] = true
      }
    }
    train = groups.indices.filter { !isTest[$0] }
    test = groups.indices.filter { isTest[$0] }
    try TestSplit.check(train: train.count, test: test.count, fraction: fraction)
  }

  /// Draws a test and a validation split, each a share of all rows, from each class its share.
  ///
  /// - Parameter groups: the class of each row.
  /// - Throws: `Failure` if a split would be empty.
  static func drawn(groups: [Int], _ options: SplitOptions) throws -> [SplitName: [Int]] {
    var rows: [SplitName: [Int]] = [.train: Array(groups.indices)]
    for (option, split, fraction) in [
      ("--test", SplitName.test, options.test), ("--validation", .validation, options.validation),
    ] {
      guard let fraction, let rest = rows[.train] else { continue }
      // A share of what the test split leaves, so that both are shares of all.
      let share = fraction * Double(groups.count) / Double(rest.count)
      let drawn = try Failure.replacing(["--test \(share)": "\(option) \(fraction)"]) {
        try TestSplit(groups: rest.map { groups[$0] }, fraction: share, seed: options.seed)
      }
      rows[.train] = drawn.train.map { rest[$0] }
      rows[split] = drawn.test.map { rest[$0] }
    }
    return rows
  }

  /// The number of test rows among `count`.
  static func testCount(of count: Int, fraction: Double) -> Int { Int((Double(count) * fraction).rounded()) }

  /// - Throws: `Failure` if a split is empty.
  static func check(train: Int, test: Int, fraction: Double) throws {
    guard train > 0, test > 0 else {
      throw Failure.usage(
        "--test \(fraction) of \(train + test) samples leaves \(train) to train on and \(test) to test on")
    }
  }

  /// Sets these draws apart from those of synthetic data, whose kinds are numbered from 0.
  private static let streamNumber = 1 << 32
}

import Basics
import NumericCore
public import Settings

/// By what a validation set that is split off the training split is made like it.
public enum Stratification: String, SettingChoice {
  /// By the class of a sample, of an image's box too, or by all of its yes-or-no targets; numbers are dealt at random.
  case auto
  /// By the one class that a sample has, and else at random: as runs did that do not say it.
  case labels
  /// At random.
  case none
}

extension ValidationSplit {
  /// Chooses rows so that each of several yes-or-no targets is as frequent in both parts, by iterative stratification
  /// (Sechidis, Tsoumakas and Vlahavas 2011, "On the stratification of multi-label data"): from the rarest target on,
  /// each row that has it goes to the part that lacks it most, then to the part that lacks rows most, then to training.
  /// Rows are taken in an order that the seed decides, so that every rank computes it alike.
  ///
  /// - Parameters:
  ///   - positives: the targets of each row that are 1, ascending.
  ///   - count: of the targets.
  ///   - fraction: above 0, below 1.
  /// - Returns: the rows of both parts, ascending.
  /// - Throws: a usage error if one part is empty.
  public static func select(
    positives: [[Int32]], of count: Int, fraction: Double, seed: UInt64
  ) throws -> (train: [Int], validation: [Int]) {
    precondition(0 < fraction && fraction < 1, "a validation fraction of \(fraction)")
    let shares = [1 - fraction, fraction]
    var wanted = shares.map { $0 * Double(positives.count) }
    // The rows of each target, in the order of the draw.
    var rows = [[Int32]](repeating: [], count: count)
    for row in RandomSource(seed: seed).stream(.validationSplit, 0).permutation(positives.count) {
      for target in positives[Int(row)] { rows[Int(target)].append(row) }
    }
    var left = rows.map(\.count)
    var wantedOf = rows.map { rows in shares.map { $0 * Double(rows.count) } }
    var part = [Int?](repeating: nil, count: positives.count)
    func place(_ row: Int, _ target: Int?) {
      let (a, b) = target.map { (wantedOf[$0][0], wantedOf[$0][1]) } ?? (0, 0)
      let chosen = a != b ? (b > a ? 1 : 0) : (wanted[1] > wanted[0] ? 1 : 0)
      part[row] = chosen
      wanted[chosen] -= 1
      for other in positives[row] {
        wantedOf[Int(other)][chosen] -= 1
        left[Int(other)] -= 1
      }
    }
    while let target = left.indices.filter({ left[$0] > 0 }).min(by: { (left[$0], $0) < (left[$1], $1) }) {
      for row in rows[target] where part[Int(row)] == nil { place(Int(row), target) }
    }
    for row in RandomSource(seed: seed).stream(.validationSplit, 1).permutation(positives.count)
    where part[Int(row)] == nil {
      place(Int(row), nil)
    }
    return try parts(part.map { $0 == 1 }, fraction)
  }

  /// Chooses whole groups: in an order that the seed decides, each that brings the rows of validation nearer to the
  /// fraction.
  ///
  /// - Parameter groups: the group of each row, from 0.
  /// - Throws: a usage error if one part is empty, as of a single group.
  public static func select(
    groups: [Int], fraction: Double, seed: UInt64
  ) throws -> (train: [Int], validation: [Int]) {
    precondition(0 < fraction && fraction < 1, "a validation fraction of \(fraction)")
    var sizes = [Int](repeating: 0, count: (groups.max() ?? -1) + 1)
    for group in groups { sizes[group] += 1 }
    let wanted = fraction * Double(groups.count)
    var isChosen = [Bool](repeating: false, count: sizes.count), taken = 0.0
    for group in RandomSource(seed: seed).stream(.validationSplit, 0).permutation(sizes.count) {
      let size = Double(sizes[Int(group)])
      guard size > 0, abs(taken + size - wanted) < abs(taken - wanted) else { continue }
      isChosen[Int(group)] = true
      taken += size
    }
    return try parts(groups.map { isChosen[$0] }, fraction)
  }
}

extension SplitSource {
  /// The yes-or-no targets of each row that are 1, ascending.
  package func readPositives() throws -> [[Int32]] {
    guard let type = targetType else { preconditionFailure("\(name) has no targets to read") }
    try MemoryBudget.require(
      Double(sampleCount) * Double(16 + 8 * targetSize), for: "\(place(.targets, row: 0)): the split of \(sizeText)")
    var positives: [[Int32]] = []
    positives.reserveCapacity(sampleCount)
    let width = targetSize
    try forEachRun(.targets, [0..<sampleCount]) { (_, rows, bytes) throws in
      try checkFinite(.targets, rows, bytes)
      let numbers = type.run(Doubles(elements: bytes))
      for start in stride(from: 0, to: numbers.count, by: width) {
        positives.append((0..<width).filter { numbers[start + $0] > 0.5 }.map { Int32($0) })
      }
    }
    return positives
  }

  /// The class of each row of a class and a box.
  package func readBoxClasses() throws -> [Int] {
    guard let type = targetType else { preconditionFailure("\(name) has no targets to read") }
    try MemoryBudget.require(Double(sampleCount) * 8, for: "\(place(.targets, row: 0)): the split of \(sizeText)")
    var classes: [Int] = []
    classes.reserveCapacity(sampleCount)
    let width = targetSize
    try forEachRun(.targets, [0..<sampleCount]) { (_, rows, bytes) throws in
      _ = try ClassesAndBoxes(classCount: nil).check(rows, bytes, of: self)
      let numbers = type.run(Doubles(elements: bytes))
      classes += stride(from: 0, to: numbers.count, by: width).map { Int(numbers[$0]) }
    }
    return classes
  }
}

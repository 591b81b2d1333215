import HDF5Storage

/// What the targets of a split are like, as far as it decides how they are read; from one pass over them.
public struct TargetSummary: Sendable, Equatable {
  public let rowCount: Int
  /// Numbers a row.
  public let width: Int
  /// Whether their type is one of integers.
  public let isInteger: Bool
  /// How often each number occurs and its first row, where all are whole and stand alone in their rows; nil elsewhere,
  /// and for more than `distinctLimit` different ones.
  public private(set) var values: [Int: Occurrence]?
  /// Whether all numbers are 0 or 1.
  public private(set) var isBinary = true
  /// Whether each row has one 1 and zeros beside it.
  public private(set) var isOneHot = true
  /// A label that is passed over.
  private let ignored: Int?
  /// Whether each row has no number below 0 and sums to 1.
  public private(set) var sumsToOne = true

  public struct Occurrence: Sendable, Equatable {
    public var count: Int
    public let firstRow: Int
  }

  /// The most different numbers that are counted.
  public static let distinctLimit = 100_000
  /// How far from 1 the sum of probabilities may be.
  static let sumTolerance = 1e-3

  /// Reads the targets of all rows, or of as many as it takes to know that they are neither classes nor rows of 0
  /// and 1. Every rank reads them for itself and so finds the same.
  ///
  /// - Parameter ignored: a label that is passed over, as it stands for no class.
  /// - Returns: nil for a split without targets of its own.
  public init?(_ source: SplitSource, ignoring ignored: Int? = nil) throws {
    guard let type = source.targetType, !source.reconstructs, source.targetSize > 0 else { return nil }
    self.init(
      rowCount: source.sampleCount, width: source.targetSize, isInteger: type.isInteger, ignoring: ignored)
    do {
      try source.forEachRun(.targets, [0..<source.sampleCount]) { (_, rows, bytes) throws in
        add(type.run(Doubles(elements: bytes)), firstRow: rows.lowerBound)
        if isDecided { throw Decided() }
      }
    } catch is Decided {}
  }

  /// Of whole numbers, one a row, that have been counted.
  ///
  /// - Parameter counts: how often each occurs and its first row; nil for more than `distinctLimit` different ones.
  package init(integers counts: [Int64: (count: Int, firstRow: Int)]?, rowCount: Int) {
    self.init(rowCount: rowCount, width: 1, isInteger: true)
    isBinary = counts?.keys.allSatisfy { $0 == 0 || $0 == 1 } ?? false
    sumsToOne = counts?.keys.allSatisfy { $0 == 1 } ?? false
    isOneHot = isBinary && sumsToOne
    guard let counts, counts.count <= Self.distinctLimit else {
      values = nil
      return
    }
    values = Dictionary(
      uniqueKeysWithValues: counts.map { (Int($0), Occurrence(count: $1.count, firstRow: $1.firstRow)) })
  }

  private init(rowCount: Int, width: Int, isInteger: Bool, ignoring ignored: Int? = nil) {
    (self.rowCount, self.width, self.isInteger, self.ignored) = (rowCount, width, isInteger, ignored)
    values = width == 1 ? [:] : nil
  }

  private struct Decided: Error {}

  private var isDecided: Bool { values == nil && !isBinary && !sumsToOne }

  /// - Parameter numbers: of whole rows.
  mutating func add(_ numbers: [Double], firstRow: Int) {
    if width == 1 { count(numbers, firstRow) }
    guard isBinary || sumsToOne else { return }
    for start in stride(from: 0, to: numbers.count, by: width) {
      var (sum, isWithin) = (0.0, true)
      for number in numbers[start..<start + width] {
        sum += number
        if !(number >= 0) { isWithin = false }
        if number != 0 && number != 1 { isBinary = false }
      }
      if !(isWithin && abs(sum - 1) <= Self.sumTolerance) { sumsToOne = false }
    }
    isOneHot = isBinary && sumsToOne
  }

  private mutating func count(_ numbers: [Double], _ firstRow: Int) {
    guard var values else { return }
    self.values = nil
    for (index, number) in numbers.enumerated() {
      // Beyond the range of Int, a label is a stray one, whatever its last digits.
      guard let value = isInteger && number >= 0x1p63 ? Int.max : Int(exactly: number) else { return }
      if value == ignored { continue }
      values[value, default: Occurrence(count: 0, firstRow: firstRow + index)].count += 1
      if values.count > Self.distinctLimit { return }
    }
    self.values = values
  }
}

/// The values in double.
struct Doubles: ElementKernel {
  let elements: UnsafeRawBufferPointer

  func run<T: ConvertibleElement>(_: T.Type) -> [Double] {
    elements.assumingMemoryBound(to: T.self).map { $0.double }
  }
}

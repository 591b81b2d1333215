import Basics
import HDF5Storage

/// What is known about the targets before reading them.
public protocol TargetCheck: Sendable {
  /// Checks the targets of some rows, in the data set's native type.
  ///
  /// - Returns: the greatest class index among them; nil for targets without classes.
  /// - Throws: where a target is unfit, with its file, data set and row.
  func check(_ rows: Range<Int>, _ bytes: UnsafeRawBufferPointer, of source: SplitSource) throws -> Int?
}

/// Any finite numbers: regression.
public struct FiniteNumbers: TargetCheck {
  public init() {}

  public func check(_ rows: Range<Int>, _ bytes: UnsafeRawBufferPointer, of source: SplitSource) throws -> Int? {
    try source.checkFinite(.targets, rows, bytes)
    return nil
  }
}

/// Labels of the classes 0 up to `count`.
public struct ClassIndices: TargetCheck {
  /// Nil where it is to be found out.
  public let count: Int?
  /// Which labels stand for the classes.
  public let numbering: TargetTransform
  /// A label that stands for no class; nil where each stands for one.
  public let ignored: Int?

  public init(count: Int?, numbering: TargetTransform = .identity, ignored: Int? = nil) {
    (self.count, self.numbering, self.ignored) = (count, numbering, ignored)
  }

  public func check(_ rows: Range<Int>, _ bytes: UnsafeRawBufferPointer, of source: SplitSource) throws -> Int? {
    guard let type = source.targetType else { return 0 }
    // Beyond 2²⁴ a Float does not hold every integer.
    let (first, step) = numbering.numbering
    switch type.run(
      ScanLabels(elements: bytes, limit: count ?? 1 << 24, first: first, step: step, ignored: ignored))
    {
    case .greatest(let label): return label
    case .unfit(let index, let value):
      let shown = Int(exactly: value).map(String.init) ?? "\(value)"
      let expected =
        numbering.kind == .classes
        ? count.map { "a label \(numbering.labelText(classes: $0)), as in the training split" }
          ?? "a label from \(first) on"
        : count.map { "an integer from 0 to \($0 - 1)" } ?? "an integer from 0 on"
      throw Failure.data(
        "\(source.place(.targets, row: rows.lowerBound + index / source.targetSize)) has the label \(shown); "
          + "expected \(expected); repair the labels, "
          // What other programs write for no class.
          + (ignored == nil && count != 2 && [-100, 255].contains(value)
            ? "leave out those that stand for no class with --set loss.ignore_index=\(shown), " : "")
          + "or train a regression with --loss mse")
    }
  }
}

/// Probabilities of the classes: no number below 0, and rows that sum to 1.
public struct ProbabilityRows: TargetCheck {
  public init() {}

  public func check(_ rows: Range<Int>, _ bytes: UnsafeRawBufferPointer, of source: SplitSource) throws -> Int? {
    try source.checkFinite(.targets, rows, bytes)
    guard let type = source.targetType, source.targetSize > 0 else { return nil }
    let numbers = type.run(Doubles(elements: bytes)), width = source.targetSize
    for (index, row) in rows.enumerated() {
      let own = numbers[index * width..<(index + 1) * width], sum = own.reduce(0, +)
      guard own.allSatisfy({ $0 >= 0 }), abs(sum - 1) <= TargetSummary.sumTolerance else {
        let fault = own.first { $0 < 0 }.map { "holds \(shortNumber($0))" } ?? "sums to \(shortNumber(sum))"
        throw Failure.data(
          "\(source.place(.targets, row: row)) \(fault), expected the probabilities of \(width) classes, which sum to "
            + "1; use --loss binary_cross_entropy for several classes at once, or --loss mse for values")
      }
    }
    return nil
  }
}

/// Rows of [class, x centre, y centre, width, height]: a class index as above, and a box relative to the image.
public struct ClassesAndBoxes: TargetCheck {
  /// The number of classes; nil where it is to be found out.
  public let classCount: Int?

  public init(classCount: Int?) { self.classCount = classCount }

  public func check(_ rows: Range<Int>, _ bytes: UnsafeRawBufferPointer, of source: SplitSource) throws -> Int? {
    guard let type = source.targetType else { return 0 }
    switch type.run(ScanBoxes(elements: bytes, limit: classCount ?? 1 << 24)) {
    case .greatest(let label): return label
    case .unfit(let row, let target):
      let box = target.dropFirst().map { "\($0)" }.joined(separator: ", ")
      throw Failure.data(
        "\(source.place(.targets, row: rows.lowerBound + row)) has the class \(target[0]) and the box [\(box)]; "
          + "expected "
          + "an integer from 0 \(classCount.map { "to \($0 - 1)" } ?? "on"), a centre from 0 to 1 and a width and "
          + "height above 0, relative to the image; repair or remove the row")
    }
  }

  /// Whether numbers are a box: x centre and y centre from 0 to 1, width and height finite and above 0.
  package static func isBox(_ numbers: ArraySlice<Double>) -> Bool {
    numbers.count == 4 && numbers.prefix(2).allSatisfy { (0...1).contains($0) }
      && numbers.suffix(2).allSatisfy { $0 > 0 && $0.isFinite }
  }
}

/// Checks that rows are [class, x centre, y centre, width, height], a class index below `limit` and a box; finds the
/// greatest class, or the first row that is none.
struct ScanBoxes: ElementKernel {
  let elements: UnsafeRawBufferPointer
  let limit: Int

  enum Result {
    case greatest(Int)
    case unfit(row: Int, target: [Double])
  }

  func run<T: ConvertibleElement>(_: T.Type) -> Result {
    let elements = elements.assumingMemoryBound(to: T.self)
    var greatest = 0.0
    for start in stride(from: 0, to: elements.count, by: 5) {
      let target = (start..<start + 5).map { elements[$0].double }
      let label = target[0]
      guard label >= 0, label < Double(limit), label.rounded(.towardZero) == label,
        ClassesAndBoxes.isBox(target.dropFirst())
      else { return .unfit(row: start / 5, target: target) }
      greatest = max(greatest, label)
    }
    return .greatest(Int(greatest))
  }
}

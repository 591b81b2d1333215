import Basics

/// Cuts rows that come one behind the other into windows, of which it holds one and its targets' rows.
final class WindowCutter {
  private let rule: WindowRule
  private let width: Int
  /// Bytes of a target, and targets of a row.
  private let targetSize: Int
  private let targetCount: Int
  /// Rows that are held: a window's, and those up to its last target.
  private let span: Int
  /// Up to two spans, so that a window is one piece.
  private var rows: [Double] = []
  private var targets: [UInt8] = []
  private var keys: [[[UInt8]]] = []
  private var count = 0
  private var window: [UInt8]

  /// - Parameter targetCount: targets of a row; 0 for windows without.
  init(_ rule: WindowRule, width: Int, targetSize: Int, targetCount: Int) {
    (self.rule, self.width, self.targetSize, self.targetCount) = (rule, width, targetSize, targetCount)
    span = targetCount > 0 ? rule.rowCount : rule.steps
    window = [UInt8](repeating: 0, count: targetSize * targetCount * rule.horizons.count)
  }

  /// The windows that so many rows make.
  func windowCount(_ rowCount: Int) -> Int { max(0, rowCount - span + 1) }

  /// Takes in a row.
  ///
  /// - Parameters:
  ///   - targets: the bytes of the row's targets, where there are any.
  ///   - keys: the cells beside it.
  ///   - body: is given the window that the row completes, its targets, and the cells beside its last row.
  func add(
    _ features: UnsafeBufferPointer<Double>, targets row: UnsafeRawPointer?, keys cells: [UnsafeBufferPointer<UInt8>],
    _ body: (UnsafeBufferPointer<Double>, UnsafeRawPointer?, [UnsafeBufferPointer<UInt8>]) throws -> Void
  ) rethrows {
    let rowSize = targetSize * targetCount
    if count == 2 * span {
      rows.removeFirst(span * width)
      targets.removeFirst(span * rowSize)
      keys.removeFirst(span)
      count -= span
    }
    rows.append(contentsOf: features)
    if let row, rowSize > 0 {
      targets.append(contentsOf: UnsafeRawBufferPointer(start: row, count: rowSize))
    }
    keys.append(cells.map(Array.init))
    count += 1
    guard count >= span else { return }
    let first = count - span, last = first + rule.steps - 1
    for target in 0..<targetCount {
      for (index, step) in rule.horizons.enumerated() {
        let source = (last + step) * rowSize + target * targetSize
        let place = (target * rule.horizons.count + index) * targetSize
        window.replaceSubrange(place..<place + targetSize, with: targets[source..<source + targetSize])
      }
    }
    try rows.withUnsafeBufferPointer { rows in
      let features = UnsafeBufferPointer(rebasing: rows[first * width..<(first + rule.steps) * width])
      try window.withUnsafeBytes { targets in
        try Self.withCells(keys[last][...]) { try body(features, targetCount > 0 ? targets.baseAddress : nil, $0) }
      }
    }
  }

  private static func withCells(
    _ cells: ArraySlice<[UInt8]>, _ found: [UnsafeBufferPointer<UInt8>] = [],
    _ body: ([UnsafeBufferPointer<UInt8>]) throws -> Void
  ) rethrows {
    guard let cell = cells.first else { return try body(found) }
    try cell.withUnsafeBufferPointer { try withCells(cells.dropFirst(), found + [$0], body) }
  }
}

/// Dates that are to grow from row to row.
struct TimeOrder {
  private let heading: TableHeading
  private let field: Int
  private var last: (seconds: Double, line: Int)?
  private var steps: [Double: Int] = [:]
  private var stepCount = 0

  init(_ heading: TableHeading, field: Int) { (self.heading, self.field) = (heading, field) }

  /// - Throws: for a cell that is no date, or one before that of the row above.
  mutating func add(_ cell: UnsafeBufferPointer<UInt8>, line: Int) throws {
    let text = CellWords.text(cell).onOneLine.shownName
    guard let seconds = DateText(cell)?.seconds else {
      throw Failure.data("\(heading.place(field, line: line)): '\(text)', expected a date as in the rows above")
    }
    if let last {
      guard seconds >= last.seconds else {
        throw Failure.data(
          "\(heading.place(field, line: line)): \(text) lies before the date of line \(last.line); windows need the "
            + "rows in the order of time: sort them")
      }
      stepCount += 1
      if steps.count < 1000 { steps[seconds - last.seconds, default: 0] += 1 }
    }
    last = (seconds, line)
  }

  /// What is said of steps of another length than almost all.
  var note: String? {
    guard let usual = steps.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }), usual.value < stepCount,
      usual.value * 10 >= stepCount * 9
    else { return nil }
    return "\(heading.path.escaped): \(plural(stepCount - usual.value, "step")) of \(heading.title(field)) last other "
      + "than the usual \(shortTime(usual.key)); windows run across such gaps"
  }
}

/// What a column of ids or groups holds: whole numbers or texts, and whether all are different.
struct KeySurvey {
  private(set) var rowCount = 0
  /// Whether all are whole numbers as they are usually written, so that no two texts become one number.
  private(set) var isInteger = true
  /// Whether all are digits, also with zeros in front, which numbers would lose.
  private(set) var isOfDigits = true
  /// Whether they count from 0 or 1 up.
  private(set) var isCounter = true
  /// Whether the cells that are remembered, the first of them, are all different.
  private(set) var isUnique = true
  /// The bytes of the longest text.
  private(set) var longest = 1
  private(set) var hasMissing = false
  private var last: Int64?
  private var seen: Set<Int> = []
  private let checksUnique: Bool

  /// So many are remembered to find equal ones, in some 64 MB.
  private static let memory = 1 << 21

  /// Of texts of at most so many bytes.
  init(longest: Int) {
    self.init(checksUnique: false)
    (self.longest, isInteger) = (longest, false)
  }

  /// - Parameter checksUnique: whether to look for cells that are equal.
  init(checksUnique: Bool) { self.checksUnique = checksUnique }

  mutating func add(_ cell: UnsafeBufferPointer<UInt8>) {
    longest = max(longest, cell.count)
    if cell.isEmpty { hasMissing = true }
    let number = isInteger ? Self.integer(cell) : nil
    if number == nil { isInteger = false }
    if isOfDigits, !cell.allSatisfy({ $0 &- 48 < 10 }) { isOfDigits = false }
    if isCounter {
      isCounter = last.map { last in number.map { $0 == last + 1 } ?? false } ?? (number == 0 || number == 1)
    }
    last = number
    rowCount += 1
    guard checksUnique, isUnique, seen.count < Self.memory else { return }
    isUnique = seen.insert(TextInterner.hash(cell)).inserted
  }

  /// The whole number that a cell spells in the usual way: no sign before a positive one, no zero in front.
  static func integer(_ cell: UnsafeBufferPointer<UInt8>) -> Int64? {
    guard let first = cell.first, cell.count <= 20 else { return nil }
    let isNegative = first == UInt8(ascii: "-")
    let digits = cell.dropFirst(isNegative ? 1 : 0)
    guard let lead = digits.first, lead != 0x30 || digits.count == 1 && !isNegative else { return nil }
    var value: Int64 = 0
    for byte in digits {
      guard byte &- 48 < 10 else { return nil }
      let (product, isOver) = value.multipliedReportingOverflow(by: 10)
      let (sum, isAbove) = product.subtractingReportingOverflow(Int64(byte &- 48))
      guard !isOver, !isAbove else { return nil }
      value = sum
    }
    guard isNegative || value > .min else { return nil }
    return isNegative ? value : -value
  }
}

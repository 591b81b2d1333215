import Foundation

/// How a table writes numbers.
///
/// Every number is read as the nearest float64, as `strtod` does: by one exact multiplication or division where the
/// digits fit 2⁵³ (Clinger 1990), by whole numbers of 128 bits where they fit 64, by `strtod` itself elsewhere.
struct NumberSyntax: Equatable, Sendable {
  /// The byte before the fraction.
  var decimal = UInt8(ascii: ".")
  /// The byte between groups of three digits; nil for none.
  var thousands: UInt8?

  /// The number that `count` bytes spell, blanks around it aside; nil if they are anything but one finite decimal
  /// number.
  @inline(__always)
  func number(_ start: UnsafePointer<UInt8>, _ count: Int) -> Double? {
    if thousands != nil { return grouped(start, count) }
    return plain(start, count)
  }

  @inline(__always)
  private func plain(_ start: UnsafePointer<UInt8>, _ count: Int) -> Double? {
    let end = start + count
    var place = start
    while place < end, place.pointee == 0x20 || (place.pointee &- 9) < 5 { place += 1 }
    guard place < end else { return nil }
    let isNegative = place.pointee == UInt8(ascii: "-")
    if isNegative || place.pointee == UInt8(ascii: "+") { place += 1 }
    var digits: UInt64 = 0
    let first = place
    Self.take(&digits, &place, end)
    var count = place - first, exponent = 0
    if place < end, place.pointee == decimal {
      place += 1
      let fraction = place
      Self.take(&digits, &place, end)
      exponent = fraction - place
      count -= exponent
    }
    guard count > 0 else { return nil }
    if place < end, place.pointee | 0x20 == UInt8(ascii: "e") {
      place += 1
      let isSmall = place < end && place.pointee == UInt8(ascii: "-")
      if isSmall || place < end && place.pointee == UInt8(ascii: "+") { place += 1 }
      let power = place
      var value = 0
      while place < end, place.pointee &- 48 < 10 {
        value = min(99_999, value &* 10 &+ Int(place.pointee &- 48))
        place += 1
      }
      guard place > power else { return nil }
      exponent += isSmall ? -value : value
    }
    while place < end, place.pointee == 0x20 || place.pointee == 0x09 { place += 1 }
    guard place == end else { return nil }
    // Twenty digits may be more than 64 bits hold.
    guard count < 20, let value = Self.value(digits, exponent) else { return spelled(start, end - start) }
    return isNegative ? -value : value
  }

  /// Appends the digits at `place`, eight at a time where there are as many.
  @inline(__always)
  private static func take(_ digits: inout UInt64, _ place: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) {
    while end - place >= 8, let eight = eightDigits(UnsafeRawPointer(place).loadUnaligned(as: UInt64.self)) {
      digits = digits &* 100_000_000 &+ eight
      place += 8
    }
    while place < end, place.pointee &- 48 < 10 {
      digits = digits &* 10 &+ UInt64(place.pointee &- 48)
      place += 1
    }
  }

  /// The number of eight digits, the first in the lowest byte: pairs, then fours, then all by one multiplication each
  /// (Lemire 2021, "Number parsing at a gigabyte per second"); nil where one is no digit.
  @inline(__always)
  private static func eightDigits(_ bytes: UInt64) -> UInt64? {
    let bytes = UInt64(littleEndian: bytes)
    let high: UInt64 = 0xF0F0_F0F0_F0F0_F0F0
    // The upper half of a digit is 3, also with 6 more.
    let upper = bytes & high | ((bytes &+ 0x0606_0606_0606_0606) & high) >> 4
    guard upper == 0x3333_3333_3333_3333 else { return nil }
    let digits = bytes &- 0x3030_3030_3030_3030
    let pairs = digits &* 10 &+ digits >> 8
    let mask: UInt64 = 0x0000_00FF_0000_00FF
    let low = (pairs & mask) &* 0x000F_4240_0000_0064
    return (low &+ (pairs >> 16 & mask) &* 0x0000_2710_0000_0001) >> 32
  }

  /// digits · 10^exponent, rounded to the nearest, ties to even; nil where that takes more than 128 bits.
  @inline(__always)
  private static func value(_ digits: UInt64, _ exponent: Int) -> Double? {
    if exponent == 0 { return Double(digits) }
    if digits <= 1 << 53, exponent >= -22, exponent <= 22 {
      return exponent < 0 ? Double(digits) / powers[-exponent] : Double(digits) * powers[exponent]
    }
    if digits == 0 { return 0 }
    guard exponent >= -19, exponent <= 19 else { return nil }
    return exponent < 0 ? quotient(digits, wholePowers[-exponent]) : product(digits, wholePowers[exponent])
  }

  /// The quotient has 63 bits or more, so that a remainder shows in the last without touching the rounding.
  private static func quotient(_ dividend: UInt64, _ divisor: UInt64) -> Double {
    let up = dividend.leadingZeroBitCount, down = divisor.leadingZeroBitCount
    let high = dividend << up
    let (quotient, remainder) = (divisor << down).dividingFullWidth((high >> 1, high << 63))
    return Double(quotient | (remainder == 0 ? 0 : 1)) * power(ofTwo: down - up - 63)
  }

  private static func product(_ a: UInt64, _ b: UInt64) -> Double {
    let (high, low) = a.multipliedFullWidth(by: b)
    guard high > 0 else { return Double(low) }
    let shift = high.leadingZeroBitCount
    let top = shift == 0 ? high : high << shift | low >> (64 - shift)
    return Double(top | (low << shift == 0 ? 0 : 1)) * power(ofTwo: 64 - shift)
  }

  private static func power(ofTwo exponent: Int) -> Double { Double(bitPattern: UInt64(1023 + exponent) << 52) }

  /// 10⁰ to 10²², all of which a float64 holds exactly.
  private static let powers: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]
  private static let wholePowers: [UInt64] = [
    1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
    100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
    10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
  ]

  /// The number by `strtod`, of text that is known to be one.
  private func spelled(_ start: UnsafePointer<UInt8>, _ count: Int) -> Double? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: count + 1) { text in
      for index in 0..<count {
        text[index] = CChar(bitPattern: start[index] == decimal ? UInt8(ascii: ".") : start[index])
      }
      text[count] = 0
      guard let base = text.baseAddress else { return nil }
      let value = strtod(base, nil)
      return value.isFinite ? value : nil
    }
  }

  /// A number whose whole part may be written in groups: one to three digits, then three a group.
  private func grouped(_ start: UnsafePointer<UInt8>, _ count: Int) -> Double? {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(1, count)) { digits in
      var used = 0, run = 0, groups = 0, isWhole = true
      for index in 0..<count {
        let byte = start[index]
        if isWhole, byte == thousands {
          guard groups == 0 ? (1...3).contains(run) : run == 3 else { return nil }
          (groups, run) = (groups + 1, 0)
          continue
        }
        let isDigit = byte &- 48 < 10
        if isWhole, !isDigit, run > 0 {
          guard groups == 0 || run == 3 else { return nil }
          isWhole = false
        }
        if isDigit { run += 1 }
        digits[used] = byte
        used += 1
      }
      guard !isWhole || groups == 0 || run == 3, let base = digits.baseAddress else { return nil }
      return plain(base, used)
    }
  }
}

import Settings

/// A date, also with a time of day, as tables write them: `2024-01-31`, `2024/01/31` or `31.01.2024`, then, if
/// anything, a blank or `T` and `12:30`, `12:30:05`, `12:30:05.25`, and `Z` or a distance from UTC, which is passed
/// over.
struct DateText: Equatable {
  let year: Int
  let month: Int
  let day: Int
  var hour = 0
  var minute = 0
  var second = 0.0
  /// Whether it has a time of day.
  var hasTime = false

  /// Nil for anything that is no such date.
  init?(_ cell: UnsafeBufferPointer<UInt8>) {
    guard cell.count >= 8, cell.count <= 40 else { return nil }
    var place = 0
    func next(_ byte: Character) -> Bool {
      guard place < cell.count, cell[place] == byte.asciiValue else { return false }
      place += 1
      return true
    }
    func number(_ digits: ClosedRange<Int>) -> Int? {
      let start = place
      var value = 0
      while place < cell.count, place - start < digits.upperBound, cell[place] &- 48 < 10 {
        value = value * 10 + Int(cell[place] &- 48)
        place += 1
      }
      return digits.contains(place - start) ? value : nil
    }
    if cell[4] == UInt8(ascii: "-") || cell[4] == UInt8(ascii: "/") {
      let mark: Character = cell[4] == UInt8(ascii: "-") ? "-" : "/"
      guard let year = number(4...4), next(mark), let month = number(1...2), next(mark), let day = number(1...2) else {
        return nil
      }
      (self.year, self.month, self.day) = (year, month, day)
    } else {
      guard let day = number(1...2), next("."), let month = number(1...2), next("."), let year = number(4...4) else {
        return nil
      }
      (self.year, self.month, self.day) = (year, month, day)
    }
    guard (1...12).contains(month), (1...Self.dayCount(year, month)).contains(day) else { return nil }
    guard place < cell.count else { return }
    guard next(" ") || next("T"), let hour = number(1...2), next(":"), let minute = number(2...2), hour < 24,
      minute < 60
    else { return nil }
    (self.hour, self.minute, hasTime) = (hour, minute, true)
    if next(":") {
      guard let whole = number(2...2), whole < 61 else { return nil }
      second = Double(whole)
      if next(".") {
        let start = place
        guard let fraction = number(1...9) else { return nil }
        second += Double(fraction) / [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9][place - start]
      }
    }
    guard place < cell.count else { return }
    if cell[place...].elementsEqual("Z".utf8) || cell[place...].elementsEqual(" UTC".utf8) { return }
    guard next("+") || next("-"), number(2...2) != nil else { return nil }
    if place < cell.count {
      _ = next(":")
      guard number(2...2) != nil else { return nil }
    }
    guard place == cell.count else { return nil }
  }

  private static func dayCount(_ year: Int, _ month: Int) -> Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  /// Days since 1970-01-01 in the Gregorian calendar (Howard Hinnant's `days_from_civil`).
  var days: Int {
    let year = month <= 2 ? year - 1 : year
    let era = (year >= 0 ? year : year - 399) / 400
    let ofEra = year - era * 400
    let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
  }

  /// Seconds since 1970-01-01.
  var seconds: Double { Double(days * 86_400 + hour * 3_600 + minute * 60) + second }
}

/// What `--dates parts` takes of a date.
enum DatePart: String, CaseIterable, Sendable {
  case year, month, day
  /// From 0 for Monday to 6 for Sunday.
  case weekday
  case hour, minute

  func value(of date: DateText) -> Double {
    switch self {
    case .year: Double(date.year)
    case .month: Double(date.month)
    case .day: Double(date.day)
    // 1970-01-01 was a Thursday.
    case .weekday: Double(((date.days + 3) % 7 + 7) % 7)
    case .hour: Double(date.hour)
    case .minute: Double(date.minute)
    }
  }
}

/// Medians of columns in bounded memory, by several passes over the same values.
///
/// The two middle values of a column are looked for by themselves, each in a range of float64s in ascending order that
/// each pass narrows to the one of 4,096 parts that has it; what remains of all columns is collected and sorted once it
/// is few enough.
final class MedianSearch {
  /// One of the two middle values of a column.
  private struct Search {
    var rank: Int?
    var low: UInt64 = 0
    var high = UInt64.max
    var counts: [Int] = []
    var collected: [Double] = []

    var partSize: UInt64 { (high - low) / 4096 + 1 }
  }

  private var counts: [Int]
  /// Two for each column.
  private var searches: [Search]
  private var isCollecting: Bool
  private var isFirst = true

  /// So many values may be collected.
  private static let limit = 1 << 23

  init(columnCount: Int, valueCount: Int) {
    counts = [Int](repeating: 0, count: columnCount)
    searches = [Search](repeating: Search(), count: columnCount * 2)
    isCollecting = valueCount <= Self.limit
    if !isCollecting { clear() }
  }

  func add(_ value: Double, column: Int) {
    if isFirst { counts[column] += 1 }
    if isCollecting, isFirst {
      searches[column * 2].collected.append(value)
      return
    }
    let key = Self.key(value)
    for index in column * 2...column * 2 + 1 where key >= searches[index].low && key <= searches[index].high {
      if isCollecting {
        if searches[index].low < searches[index].high { searches[index].collected.append(value) }
      } else {
        searches[index].counts[Int((key - searches[index].low) / searches[index].partSize)] += 1
      }
    }
  }

  /// Ends a pass; whether another is needed.
  func endPass() -> Bool {
    defer { isFirst = false }
    if isCollecting {
      if isFirst {
        for column in counts.indices {
          searches[column * 2].collected.sort()
          for part in 0...1 { searches[column * 2 + part].rank = (counts[column] - 1 + part) / 2 }
        }
      } else {
        for index in searches.indices { searches[index].collected.sort() }
      }
      return false
    }
    var remaining = 0
    for index in searches.indices {
      let count = counts[index / 2]
      guard count > 0 else { continue }
      remaining += narrow(index, rank: searches[index].rank ?? (count - 1 + index % 2) / 2)
    }
    isCollecting = remaining <= Self.limit
    if isCollecting { for index in searches.indices { searches[index].counts = [] } } else { clear() }
    return true
  }

  /// Narrows a search to the part that has the value of the rank.
  ///
  /// - Returns: how many values that part has.
  private func narrow(_ index: Int, rank: Int) -> Int {
    var rank = rank, part = 0
    let parts = searches[index].counts, size = searches[index].partSize, low = searches[index].low
    while part < parts.count - 1, rank >= parts[part] {
      rank -= parts[part]
      part += 1
    }
    let start = low + UInt64(part) * size
    let (end, isOver) = start.addingReportingOverflow(size - 1)
    searches[index].rank = rank
    searches[index].low = start
    searches[index].high = isOver ? searches[index].high : min(searches[index].high, end)
    // Equal values need not be collected: any of them is the one.
    if searches[index].low == searches[index].high { return 0 }
    return parts[part]
  }

  private func clear() {
    for index in searches.indices { searches[index].counts = [Int](repeating: 0, count: 4096) }
  }

  /// The median of a column; nil where it has no value.
  func median(of column: Int) -> Double? {
    guard counts[column] > 0 else { return nil }
    let middle = (0...1).map { part -> Double in
      let search = searches[column * 2 + part]
      if search.low == search.high { return Self.value(search.low) }
      // Collected at once, the values stand with the first of the two.
      let values = search.collected.isEmpty ? searches[column * 2].collected : search.collected
      return values[search.rank ?? 0]
    }
    return middle[0] == middle[1] ? middle[0] : (middle[0] + middle[1]) / 2
  }

  /// Whole numbers in the order of the float64s.
  private static func key(_ value: Double) -> UInt64 {
    let bits = value.bitPattern
    return bits >> 63 == 1 ? ~bits : bits | 1 << 63
  }

  private static func value(_ key: UInt64) -> Double {
    Double(bitPattern: key >> 63 == 1 ? key & ~(1 << 63) : ~key)
  }
}

/// Which character stands between the cells of a table, by its first lines.
///
/// It is the comma, the semicolon or the tab that each line has equally often outside of quotes. Where several are, it
/// is the one that leaves more cells without another of them, a decimal comma aside; of equal ones the first.
enum DelimiterSearch {
  private static let candidates = [UInt8(ascii: ","), UInt8(ascii: ";"), 0x09]
  /// The lines that are looked at.
  private static let lineCount = 50

  /// - Parameters:
  ///   - bytes: the start of the file, in UTF-8.
  ///   - isWhole: whether that is all of it.
  static func delimiter(of bytes: UnsafeBufferPointer<UInt8>, isWhole: Bool) -> UInt8 {
    let lines = lines(of: bytes, isWhole: isWhole)
    let fit = candidates.filter { candidate in
      let counts = lines.map { line in line.count { $0 == candidate } }
      return counts.first.map { $0 > 0 } ?? false && Set(counts).count == 1
    }
    let scores = fit.map { candidate in (candidate, score(of: candidate, lines, among: fit)) }
    let best = scores.map(\.1).max()
    return scores.first { $0.1 == best }?.0 ?? candidates[0]
  }

  /// The first lines that are not empty, what stands in quotes replaced by one quote.
  private static func lines(of bytes: UnsafeBufferPointer<UInt8>, isWhole: Bool) -> [[UInt8]] {
    var lines: [[UInt8]] = [], line: [UInt8] = []
    var isQuoted = false, isAtStart = true
    for byte in bytes {
      if isQuoted {
        isQuoted = byte != UInt8(ascii: "\"")
      } else if byte == UInt8(ascii: "\""), isAtStart {
        isQuoted = true
        line.append(byte)
      } else if byte == 0x0A || byte == 0x0D {
        if !line.isEmpty { lines.append(line) }
        line = []
        if lines.count == lineCount { return lines }
      } else {
        line.append(byte)
      }
      // A doubled quote inside a quoted cell ends and begins it.
      isAtStart = !isQuoted && (candidates.contains(byte) || byte == 0x0A || byte == 0x0D || byte == UInt8(ascii: "\""))
    }
    if isWhole || lines.isEmpty, !line.isEmpty, !isQuoted { lines.append(line) }
    return lines
  }

  /// The share of cells that hold no other candidate, or are a number with a decimal comma.
  private static func score(of candidate: UInt8, _ lines: [[UInt8]], among fit: [UInt8]) -> Double {
    let others = fit.filter { $0 != candidate }
    let decimal = NumberSyntax(decimal: UInt8(ascii: ","))
    var clean = 0, count = 0
    for cell in lines.lazy.flatMap({ $0.split(separator: candidate, omittingEmptySubsequences: false) }) {
      count += 1
      let isClean =
        !cell.contains(where: others.contains)
        || candidate != UInt8(ascii: ",")
          && cell.withUnsafeBufferPointer { cell in
            cell.baseAddress.flatMap { decimal.number($0, cell.count) } != nil
          }
      if isClean { clean += 1 }
    }
    return Double(clean) / Double(max(1, count))
  }
}

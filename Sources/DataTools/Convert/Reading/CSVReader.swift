import Basics
import Foundation

/// Reads comma-separated values record by record, by RFC 4180: quoted fields may hold commas, line breaks and doubled
/// quotes.
///
/// Beyond the RFC: lines may end in LF or CR alone, blank lines are passed over, and the text may be of any encoding.
final class CSVReader {
  /// The fields of a record, in memory that the next call of `next()` overwrites.
  struct Record {
    fileprivate let base: UnsafeMutablePointer<UInt8>
    fileprivate let bounds: UnsafeMutablePointer<(start: Int32, end: Int32)>
    let fieldCount: Int

    /// Where a field begins, blanks included.
    @inline(__always)
    func start(_ field: Int) -> UnsafePointer<UInt8> { UnsafePointer(base + Int(bounds[field].start)) }

    @inline(__always)
    func count(_ field: Int) -> Int { Int(bounds[field].end - bounds[field].start) }

    /// The bytes of a field without blanks around it.
    func cell(_ field: Int) -> UnsafeBufferPointer<UInt8> {
      var start = Int(bounds[field].start), end = Int(bounds[field].end)
      while start < end, base[start] == 0x20 || base[start] == 0x09 { start += 1 }
      while end > start, base[end - 1] == 0x20 || base[end - 1] == 0x09 { end -= 1 }
      if start < end, base[start] >= 0x80 || base[end - 1] >= 0x80 { trimUnicode(&start, &end) }
      return UnsafeBufferPointer(start: base + start, count: end - start)
    }

    /// Passes over blanks that are no ASCII.
    private func trimUnicode(_ start: inout Int, _ end: inout Int) {
      let text = String(decoding: UnsafeBufferPointer(start: base + start, count: end - start), as: UTF8.self)
      let blanks = CharacterSet.whitespaces
      start += text.unicodeScalars.prefix { blanks.contains($0) }.reduce(0) { $0 + String($1).utf8.count }
      guard start < end else { return }
      let tail = text.unicodeScalars.reversed().prefix { blanks.contains($0) }
      end -= tail.reduce(0) { $0 + String($1).utf8.count }
    }
  }

  let path: String
  /// The line on which the current record starts, from 1.
  private(set) var line = 0
  let delimiter: UInt8
  /// How it writes numbers.
  let numbers: NumberSyntax
  private let file: DecodedText
  private var buffer: UnsafeMutablePointer<UInt8>
  private var capacity = 1 << 18
  private var position = 0
  /// Bytes in the buffer, behind which stands a zero byte, and room for a look at eight bytes at once.
  private var limit = 0
  private var isAtEnd = false
  private var nextLine = 1
  private var bounds: UnsafeMutablePointer<(start: Int32, end: Int32)>
  private var boundCapacity = 64
  private var count = 0
  /// The fields that have doubled quotes.
  private var doubled: [Int] = []
  /// Not 0 for what may end a field that is not quoted: the delimiter, line ends and the zero byte.
  private let endsField: UnsafeMutablePointer<UInt8>
  /// The delimiter in each of eight bytes.
  private let delimiters: UInt64

  private static let padding = 16

  /// The greatest record; a quote that is never closed would take in the whole file.
  private static let greatestRecord = 64 << 20

  /// - Parameters:
  ///   - name: what errors call the file; nil for its path.
  ///   - share: the part of the reading that counts as progress.
  init(path: String, called name: String? = nil, options: TableOptions, share: Double = 1) throws {
    self.path = name ?? path
    numbers = options.numbers
    file = try DecodedText(path: path, encoding: options.encoding, called: name, share: share)
    buffer = .allocate(capacity: capacity + Self.padding)
    bounds = .allocate(capacity: boundCapacity)
    endsField = .allocate(capacity: 256)
    endsField.initialize(repeating: 0, count: 256)
    do {
      limit = try file.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: capacity))
    } catch {
      // A class that throws before all is set runs no deinit.
      buffer.deallocate()
      bounds.deallocate()
      endsField.deallocate()
      throw error
    }
    isAtEnd = limit < capacity
    buffer[limit] = 0
    delimiter =
      options.delimiter.byte ?? Delimiter.usual(for: name ?? path)
      ?? DelimiterSearch.delimiter(of: UnsafeBufferPointer(start: buffer, count: limit), isWhole: isAtEnd)
    delimiters = UInt64(delimiter) &* 0x0101_0101_0101_0101
    for byte in [delimiter, 0x0A, 0x0D, 0] { endsField[Int(byte)] = 1 }
  }

  deinit {
    buffer.deallocate()
    bounds.deallocate()
    endsField.deallocate()
  }

  /// The current record.
  var record: Record { Record(base: buffer, bounds: bounds, fieldCount: count) }

  /// The number of fields of the current record.
  var fieldCount: Int { count }

  /// The text of a field of the current record, without spaces around it.
  func text(_ field: Int) -> String { String(decoding: record.cell(field), as: UTF8.self) }

  /// The number in a field of the current record, or nil if it holds anything but one finite decimal number.
  func number(_ field: Int) -> Double? { numbers.number(record.start(field), record.count(field)) }

  /// What is said of a field that is no number, or one that no `Float` holds.
  func expectation(_ field: Int) -> String {
    "expected a finite number" + (number(field) == nil ? "" : " within float32, at most 3.4e+38")
  }

  /// Moves to the next record; false at the end of the file.
  ///
  /// - Throws: `Failure` for a quote that is never closed or that is followed by anything but a delimiter.
  func next() throws -> Bool {
    repeat {
      if position == limit {
        guard try refill() else { return false }
      }
      line = nextLine
      while try !scan() {
        nextLine = line
        guard try refill() else { throw unclosed(line: line) }
      }
      if !doubled.isEmpty { unquote() }
    } while count == 1 && bounds[0].start == bounds[0].end
    return true
  }

  // MARK: Scanning

  /// Finds the fields of the record at `position` and moves behind it; false where the buffer ends before the record.
  private func scan() throws -> Bool {
    let base = buffer, ends = endsField
    var place = position
    count = 0
    doubled.removeAll(keepingCapacity: true)
    while true {
      if count == boundCapacity { growBounds() }
      if base[place] == UInt8(ascii: "\"") {
        guard let end = try closingQuote(from: place) else { return false }
        bounds[count] = (Int32(place + 1), Int32(end))
        place = end + 1
        if ends[Int(base[place])] == 0 || base[place] == 0 && place < limit {
          throw Failure.data(
            "\(path): line \(nextLine): text follows a closing quote; a quote inside a quoted cell is doubled")
        }
      } else {
        let start = place
        place = fieldEnd(from: place)
        bounds[count] = (Int32(start), Int32(place))
      }
      count += 1
      let byte = base[place]
      if byte == delimiter {
        place += 1
        continue
      }
      if byte == 0 {
        guard place == limit else { throw zeroByte() }
        guard isAtEnd else { return false }
        position = place
        return true
      }
      place += 1
      if byte == 0x0D {
        if place == limit, !isAtEnd { return false }
        // Behind it comes the rest of the line's end, or where it ends lines by itself the next line.
        if base[place] == 0x0A, place < limit { place += 1 }
      }
      nextLine += 1
      position = place
      return true
    }
  }

  /// The place of the first byte from `place` on that ends a field: the delimiter, a line's end or the zero byte behind
  /// the last.
  ///
  /// Eight bytes at a time, in which the lowest bit that is set marks the first such byte (Warren, Hacker's Delight,
  /// 6-1).
  @inline(__always)
  private func fieldEnd(from place: Int) -> Int {
    let base = UnsafeRawPointer(buffer), pattern = delimiters
    let ones: UInt64 = 0x0101_0101_0101_0101, tops = ones << 7
    var place = place
    while true {
      let bytes = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      let others = bytes ^ pattern
      // Bytes equal to the delimiter, and those below 14, which are the line's ends, the zero byte and some more.
      let found = (others &- ones) & ~others & tops | (bytes &- ones &* 14) & ~bytes & tops
      guard found != 0 else {
        place += 8
        continue
      }
      place += found.trailingZeroBitCount >> 3
      if endsField[Int(buffer[place])] != 0 { return place }
      place += 1
    }
  }

  /// The place of the quote that closes the one at `opening`; nil where the buffer ends before it is known.
  private func closingQuote(from opening: Int) throws -> Int? {
    let opened = nextLine
    var place = opening + 1
    while true {
      switch buffer[place] {
      case UInt8(ascii: "\""):
        if place + 1 == limit, !isAtEnd { return nil }
        guard place + 1 < limit, buffer[place + 1] == UInt8(ascii: "\"") else { return place }
        if doubled.last != count { doubled.append(count) }
        place += 2
        continue
      case 0x0A: nextLine += 1
      case 0:
        guard place == limit else { throw zeroByte() }
        if isAtEnd { throw unclosed(line: opened) }
        return nil
      default: break
      }
      place += 1
    }
  }

  /// Makes one quote of two in the fields that have such.
  private func unquote() {
    for field in doubled {
      var target = Int(bounds[field].start), source = target
      while source < Int(bounds[field].end) {
        buffer[target] = buffer[source]
        source += buffer[source] == UInt8(ascii: "\"") ? 2 : 1
        target += 1
      }
      bounds[field].end = Int32(target)
    }
  }

  /// Moves what has not been read to the start of the buffer and fills it up; false where nothing is left to read.
  private func refill() throws -> Bool {
    guard !isAtEnd else { return false }
    let rest = limit - position
    guard rest < Self.greatestRecord else {
      throw Failure.data(
        "\(path): line \(line): a record of more than \(Self.greatestRecord >> 20) MiB; is a quote opened there that "
          + "is never closed?")
    }
    if rest > capacity / 2 {
      capacity *= 2
      let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity + Self.padding)
      larger.update(from: buffer + position, count: rest)
      buffer.deallocate()
      buffer = larger
    } else {
      memmove(buffer, buffer + position, rest)
    }
    let free = UnsafeMutableRawBufferPointer(start: buffer + rest, count: capacity - rest)
    let read = try file.read(into: free)
    isAtEnd = read < free.count
    (position, limit) = (0, rest + read)
    buffer[limit] = 0
    return read > 0
  }

  private func growBounds() {
    let larger = UnsafeMutablePointer<(start: Int32, end: Int32)>.allocate(capacity: boundCapacity * 2)
    larger.update(from: bounds, count: boundCapacity)
    bounds.deallocate()
    (bounds, boundCapacity) = (larger, boundCapacity * 2)
  }

  private func unclosed(line: Int) -> Failure {
    .data("\(path): line \(line): the quote opened here is never closed")
  }

  /// No text has one.
  private func zeroByte() -> Failure {
    .data(
      "\(path): line \(nextLine): a zero byte, expected text; the file is binary, damaged, or in an encoding such as "
        + "UTF-16 without a mark")
  }
}

import Basics
import Foundation

/// Reads comma-separated values record by record, by RFC 4180: quoted fields may hold commas, line breaks and doubled
/// quotes.
///
/// Beyond the RFC: lines may end in LF or CR alone, blank lines are passed over, and the text may be of any encoding.
final class CSVReader {
  let path: String
  /// The line on which the current record starts, from 1.
  private(set) var line = 0
  private let file: DecodedText
  private let delimiter: UInt8
  private let block: UnsafeMutableRawBufferPointer
  private var position = 0
  private var limit = 0
  private var nextLine = 1
  /// The bytes of the current record's fields, each followed by a zero byte, as `strtod` needs it.
  private var bytes: [UInt8] = []
  private var starts: [Int] = []

  /// - Parameter name: what errors call the file; nil for its path.
  init(path: String, called name: String? = nil, options: TableOptions) throws {
    self.path = name ?? path
    delimiter = options.delimiter.byte
    file = try DecodedText(path: path, encoding: options.encoding)
    block = .allocate(byteCount: 1 << 18, alignment: 16)
  }

  deinit { block.deallocate() }

  /// The number of fields of the current record.
  var fieldCount: Int { starts.count }

  /// The text of a field of the current record, without spaces around it.
  func text(_ field: Int) -> String {
    let end = field + 1 < starts.count ? starts[field + 1] : bytes.count
    return String(decoding: bytes[starts[field]..<(end - 1)], as: UTF8.self).trimmingCharacters(in: .whitespaces)
  }

  /// The number in a field of the current record, or nil if it holds anything but one finite decimal number.
  func number(_ field: Int) -> Double? {
    bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress?.advanced(by: starts[field]).assumingMemoryBound(to: CChar.self) else {
        return nil
      }
      var end: UnsafeMutablePointer<CChar>?
      let value = strtod(base, &end)
      guard var end, end != UnsafeMutablePointer(mutating: base), value.isFinite else { return nil }
      // strtod reads hexadecimal too, which no table means.
      if UnsafeBufferPointer(start: base, count: end - UnsafeMutablePointer(mutating: base)).contains(0x78) {
        return nil
      }
      while end.pointee == 0x20 || end.pointee == 0x09 { end += 1 }
      return end.pointee == 0 ? value : nil
    }
  }

  /// What is said of a field that is no number, or one that no `Float` holds.
  func expectation(_ field: Int) -> String {
    "expected a finite number" + (number(field) == nil ? "" : " within float32, at most 3.4e+38")
  }

  /// Moves to the next record; false at the end of the file.
  ///
  /// - Throws: `Failure` for a quote that is never closed or that is followed by anything but a delimiter.
  func next() throws -> Bool {
    repeat {
      guard try peek() != nil else { return false }
      try readRecord()
    } while starts.count == 1 && bytes.count == 1
    return true
  }

  private func readRecord() throws {
    bytes.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    starts.append(0)
    line = nextLine
    while let byte = try take() {
      if byte == UInt8(ascii: "\""), bytes.count == starts[starts.count - 1] {
        try readQuoted()
      } else if byte == delimiter {
        bytes.append(0)
        starts.append(bytes.count)
      } else if byte == UInt8(ascii: "\n") {
        break
      } else if byte == UInt8(ascii: "\r") {
        // Behind it comes the rest of the line's end, or where it ends lines by itself the next line.
        if try peek() == UInt8(ascii: "\n") { _ = try take() } else { nextLine += 1 }
        break
      } else {
        try append(byte)
      }
    }
    bytes.append(0)
  }

  /// - Throws: for a zero byte, which no text has, and behind which a number would end.
  private func append(_ byte: UInt8) throws {
    guard byte != 0 else {
      throw Failure.data(
        "\(path): line \(nextLine): a zero byte, expected text; the file is binary, damaged, or in an encoding such as "
          + "UTF-16 without a mark")
    }
    bytes.append(byte)
  }

  /// Reads the rest of a quoted field, its opening quote already taken.
  private func readQuoted() throws {
    let opening = nextLine
    while let byte = try take() {
      guard byte == UInt8(ascii: "\"") else {
        try append(byte)
        continue
      }
      guard try peek() == UInt8(ascii: "\"") else {
        let follower = try peek()
        guard follower == nil || follower == delimiter || follower == 0x0A || follower == 0x0D else {
          throw Failure.data(
            "\(path): line \(nextLine): text follows a closing quote; a quote inside a quoted cell is doubled")
        }
        return
      }
      bytes.append(byte)
      _ = try take()
    }
    throw Failure.data("\(path): line \(opening): the quote opened here is never closed")
  }

  private func peek() throws -> UInt8? {
    if position == limit {
      limit = try file.read(into: block)
      position = 0
      if limit == 0 { return nil }
    }
    return block[position]
  }

  private func take() throws -> UInt8? {
    guard let byte = try peek() else { return nil }
    position += 1
    if byte == 0x0A { nextLine += 1 }
    return byte
  }
}

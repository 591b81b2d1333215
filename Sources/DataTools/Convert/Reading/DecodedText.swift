import Basics
import Foundation
public import Settings

/// How the bytes of a text file stand for characters: a name that iconv knows, such as `utf-8`, `latin1`,
/// `windows-1252` or `utf-16`.
public struct TextEncodingName: SettingValue, Equatable {
  public let name: String
  /// Whether it is UTF-8, of which a byte-order mark may still make UTF-16.
  var isUsual: Bool { ["utf-8", "utf8"].contains(name.lowercased()) }

  public init(_ name: String = "utf-8") { self.name = name }

  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> TextEncodingName {
    let name = try value.requireString(subject)
    guard let converter = Converter(from: name) else {
      throw value.mismatch(
        subject, "an encoding of text, such as utf-8, latin1, windows-1252, utf-16 or shift-jis (iconv -l lists them)")
    }
    _ = converter
    return TextEncodingName(name)
  }

  public func json(_ limits: NoLimits) -> JSONValue { .string(name) }
  public static func value(ofText text: String) -> JSONValue { .string(text) }
}

/// A text file in UTF-8, whatever its own encoding is: bytes that are no text of that encoding are an error, so that no
/// two texts become one.
final class DecodedText: ByteSource {
  let path: String
  let byteLimit = Int.max
  private let file: SourceFile
  private let encoding: TextEncodingName
  private let converter: Converter?
  /// What has been decoded and not been read.
  private var ready: [UInt8]
  private var next = 0
  /// The bytes of a character that is not whole yet.
  private var rest: [UInt8] = []
  private var line = 1
  private var place = 0
  private var isAtEnd: Bool

  /// - Parameters:
  ///   - name: what errors call the file; nil for its path.
  ///   - share: the part of the reading that counts as progress.
  /// - Throws: `Failure` if there is no such file.
  init(path: String, encoding: TextEncodingName, called name: String? = nil, share: Double = 1) throws {
    self.path = name ?? path
    file = try SourceFile(path: path, called: name, share: share)
    ready = try file.read(count: Self.blockSize)
    isAtEnd = ready.count < Self.blockSize
    var encoding = encoding
    if encoding.isUsual, ready.starts(with: [0xFF, 0xFE]) || ready.starts(with: [0xFE, 0xFF]) {
      encoding = TextEncodingName("utf-16")
    }
    if encoding.isUsual, ready.starts(with: [0xEF, 0xBB, 0xBF]) {
      ready.removeFirst(3)
      place = 3
    }
    self.encoding = encoding
    converter = encoding.isUsual ? nil : Converter(from: encoding.name)
    if converter == nil {
      try ready.withUnsafeBytes { try check($0) }
    } else {
      (rest, ready) = (ready, [])
      try decode()
    }
  }

  private static let blockSize = 1 << 18

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count {
      if next == ready.count {
        guard !isAtEnd || !rest.isEmpty && converter != nil else { break }
        if converter == nil {
          // UTF-8 is as it is wanted.
          let free = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
          let count = try file.read(into: free)
          isAtEnd = count < free.count
          try check(UnsafeRawBufferPointer(rebasing: free[..<count]))
          filled += count
          continue
        }
        if !isAtEnd {
          let block = try file.read(count: Self.blockSize)
          isAtEnd = block.count < Self.blockSize
          rest += block
        }
        try decode()
        if ready.isEmpty { continue }
      }
      let count = min(buffer.count - filled, ready.count - next)
      ready[next..<next + count].withUnsafeBytes {
        UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + count]).copyMemory(from: $0)
      }
      filled += count
      next += count
    }
    return filled
  }

  /// Moves what is text from `rest` to `ready`.
  private func decode() throws {
    guard let converter else { return }
    next = 0
    let (text, count, isWhole) = converter.convert(rest)
    ready = text
    line += ready.lazy.filter { $0 == 0x0A }.count
    // A character may go on in the next block, of which there has to be one.
    guard count == rest.count || isWhole && !isAtEnd else { throw failure(rest[count], at: place + count) }
    place += count
    rest.removeFirst(count)
  }

  /// - Throws: where the bytes, behind those that were checked before, are no UTF-8.
  private func check(_ bytes: UnsafeRawBufferPointer) throws {
    var start = 0
    if !rest.isEmpty {
      // The character that the block before began.
      while start < bytes.count, UTF8Text.isPrefix(rest[...]), UTF8Text.validCount(rest) == 0 {
        rest.append(bytes[start])
        start += 1
      }
      guard UTF8Text.validCount(rest) == rest.count || UTF8Text.isPrefix(rest[...]) && !isAtEnd else {
        throw failure(rest[0], at: place)
      }
      guard UTF8Text.validCount(rest) == rest.count else { return }
      place += rest.count
      rest = []
    }
    let count = UTF8Text.validCount(UnsafeRawBufferPointer(rebasing: bytes[start...]))
    line += UTF8Text.newlineCount(UnsafeRawBufferPointer(rebasing: bytes[start..<start + count]))
    place += count
    let tail = bytes[(start + count)...]
    guard let first = tail.first else { return }
    guard tail.count < 4, UTF8Text.isPrefix([UInt8](tail)[...]), !isAtEnd else { throw failure(first, at: place) }
    rest = [UInt8](tail)
  }

  private func failure(_ byte: UInt8, at place: Int) -> Failure {
    let value = "0x" + String(byte, radix: 16, uppercase: true)
    return Failure.data(
      "\(path): line \(line): byte \(value) (byte \(place) of the file) is no "
        + "\(encoding.isUsual ? "UTF-8" : encoding.name) text; name the encoding "
        + "that the file has with --encoding, such as latin1, windows-1252 or utf-16")
  }
}

/// What bytes are as UTF-8.
private enum UTF8Text {
  static func validCount(_ bytes: [UInt8]) -> Int { bytes.withUnsafeBytes { validCount($0) } }

  /// The number of bytes at the start that are whole characters: eight at a time where all are ASCII.
  static func validCount(_ bytes: UnsafeRawBufferPointer) -> Int {
    var place = 0
    while place < bytes.count {
      while place + 8 <= bytes.count,
        bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
      { place += 8 }
      // Up to the next eight that may be ASCII.
      let end = min(bytes.count, place + 64)
      while place < end {
        guard bytes[place] >= 0x80 else {
          place += 1
          continue
        }
        let length = characterLength(bytes, at: place)
        guard length > 0 else { return place }
        place += length
      }
    }
    return place
  }

  /// The bytes of the character at `place` by table 3-7 of the Unicode Standard; 0 where there is none.
  private static func characterLength(_ bytes: UnsafeRawBufferPointer, at place: Int) -> Int {
    let first = bytes[place]
    let length = (0xF0..<0xF5).contains(first) ? 4 : (0xE0..<0xF0).contains(first) ? 3 : first >= 0xC2 ? 2 : 0
    guard length > 0, first < 0xF5, place + length <= bytes.count else { return 0 }
    let second = bytes[place + 1]
    let least: UInt8 = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80
    let greatest: UInt8 = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF
    guard second >= least, second <= greatest else { return 0 }
    for next in bytes[place + 2..<place + length] where next & 0xC0 != 0x80 { return 0 }
    return length
  }

  /// Whether bytes can begin a character.
  static func isPrefix(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let first = bytes.first else { return true }
    let length = (0xF0..<0xF5).contains(first) ? 4 : (0xE0..<0xF0).contains(first) ? 3 : first >= 0xC2 ? 2 : 0
    return bytes.count < length && bytes.dropFirst().allSatisfy { $0 & 0xC0 == 0x80 }
  }

  static func newlineCount(_ bytes: UnsafeRawBufferPointer) -> Int {
    var count = 0, place = 0
    guard let base = bytes.baseAddress else { return 0 }
    while place < bytes.count, let found = memchr(base + place, 0x0A, bytes.count - place) {
      count += 1
      place = base.distance(to: found) + 1
    }
    return count
  }
}

/// iconv from one encoding to UTF-8.
private final class Converter {
  private let handle: iconv_t

  /// Nil for an encoding that it does not know.
  init?(from encoding: String) {
    let failed = iconv_t(bitPattern: -1)
    guard let handle = iconv_open("UTF-8", encoding), handle != failed else { return nil }
    self.handle = handle
  }

  deinit { iconv_close(handle) }

  /// - Returns: the text, how many bytes became it, and whether those behind may be the start of a character.
  func convert(_ bytes: [UInt8]) -> (text: [UInt8], count: Int, isWhole: Bool) {
    var input = bytes.map(CChar.init(bitPattern:))
    // Three bytes of UTF-8 are the most that a byte becomes, four of two.
    var output = [CChar](repeating: 0, count: input.count * 4 + 16)
    var inputLeft = input.count
    var outputLeft = output.count
    var code: Int32 = 0
    input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        var from = input.baseAddress
        var to = output.baseAddress
        if iconv(handle, &from, &inputLeft, &to, &outputLeft) == Int(bitPattern: UInt.max) { code = errno }
      }
    }
    let text = output[..<(output.count - outputLeft)].map(UInt8.init(bitPattern:))
    return (text, bytes.count - inputLeft, code == EINVAL)
  }
}

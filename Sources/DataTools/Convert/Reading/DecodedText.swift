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
  private var ready: [UInt8] = []
  private var next = 0
  /// The bytes of a character that is not whole yet.
  private var rest: [UInt8]
  private var line = 1
  private var place = 0
  private var isAtEnd = false

  /// - Throws: `Failure` if there is no such file.
  init(path: String, encoding: TextEncodingName) throws {
    self.path = path
    file = try SourceFile(path: path)
    rest = try file.read(count: Self.blockSize)
    isAtEnd = rest.count < Self.blockSize
    var encoding = encoding
    if encoding.isUsual, rest.starts(with: [0xFF, 0xFE]) || rest.starts(with: [0xFE, 0xFF]) {
      encoding = TextEncodingName("utf-16")
    }
    if encoding.isUsual, rest.starts(with: [0xEF, 0xBB, 0xBF]) {
      rest.removeFirst(3)
      place = 3
    }
    self.encoding = encoding
    converter = encoding.isUsual ? nil : Converter(from: encoding.name)
    try decode()
  }

  private static let blockSize = 1 << 18

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count {
      if next == ready.count {
        guard !isAtEnd || !rest.isEmpty else { break }
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
    next = 0
    let count: Int
    let isWhole: Bool
    if let converter {
      (ready, count, isWhole) = converter.convert(rest)
    } else {
      count = Self.validCount(rest)
      ready = Array(rest[..<count])
      isWhole = rest.count - count < 4 && Self.isPrefix(rest[count...])
    }
    line += ready.lazy.filter { $0 == 0x0A }.count
    // A character may go on in the next block, of which there has to be one.
    guard count == rest.count || isWhole && !isAtEnd else { throw failure(rest[count], at: place + count) }
    place += count
    rest.removeFirst(count)
  }

  private func failure(_ byte: UInt8, at place: Int) -> Failure {
    let value = "0x" + String(byte, radix: 16, uppercase: true)
    return Failure.data(
      "\(path): line \(line): byte \(value) (byte \(place) of the file) is no "
        + "\(encoding.isUsual ? "UTF-8" : encoding.name) text; name the encoding "
        + "that the file has with --encoding, such as latin1, windows-1252 or utf-16")
  }

  /// The number of bytes at the start that are whole characters of UTF-8.
  private static func validCount(_ bytes: [UInt8]) -> Int {
    var decoder = UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var count = 0
    while case .valid(let scalar) = decoder.parseScalar(from: &iterator) { count += scalar.count }
    return count
  }

  /// Whether bytes can begin a character of UTF-8.
  private static func isPrefix(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let first = bytes.first else { return true }
    let length = (0xF0..<0xF5).contains(first) ? 4 : (0xE0..<0xF0).contains(first) ? 3 : first >= 0xC2 ? 2 : 0
    return bytes.count < length && bytes.dropFirst().allSatisfy { $0 & 0xC0 == 0x80 }
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

import Basics
internal import CZlib
import HDF5Storage

/// The first 512 bytes of a checkpoint file, HDF5's user block: by them a file proves whole before the HDF5 library,
/// which a damaged file can crash, sees any of it.
///
/// ```text
/// ddp-train checkpoint
/// seal 1
/// bytes 118272
/// checksum 0d4a11718f3c5b2d90e1a647
/// block 5e1f09c3
/// ```
///
/// Then zeros. `bytes` is the size of the whole file. The checksum is of all that follows the block: CRC-32 (ISO 3309),
/// then the sum of its little-endian 64-bit words, the last one filled up with zeros. `block` is the CRC-32 of the
/// lines above it.
///
/// Every change of one or two bits, of 32 neighbouring ones, or of the file's length is found; any other that is not
/// meant to deceive goes unseen with a probability of less than 10⁻²⁰.
struct CheckpointSeal {
  /// Bytes of the block.
  static let byteCount = 512
  private static let title = "ddp-train checkpoint\n"

  /// The newest version of the block that this program knows.
  private static let newestVersion = 1

  private let version: Int
  /// Of the whole file.
  private let fileByteCount: Int
  /// Of what follows the block, in hexadecimal.
  private let checksum: String

  /// The seal of a file whose bytes behind the block are `content`.
  init(_ content: UnsafeRawBufferPointer) {
    version = Self.newestVersion
    fileByteCount = Self.byteCount + content.count
    checksum = Self.checksum(of: content)
  }

  /// The block's bytes.
  var block: [UInt8] {
    let text = "\(Self.title)seal \(version)\nbytes \(fileByteCount)\nchecksum \(checksum)\n"
    let bytes = Array((text + "block \(Self.crc(of: Array(text.utf8)))\n").utf8)
    return bytes + [UInt8](repeating: 0, count: max(0, Self.byteCount - bytes.count))
  }

  /// Reads the block that a file begins with.
  ///
  /// - Parameter fileByteCount: the size that the file has.
  /// - Throws: where the block is damaged, of a newer program, or of a file of another size.
  init(_ block: UnsafeRawBufferPointer, fileByteCount: Int, in path: String) throws {
    func damaged() -> Failure { corrupted(path, "its first \(Self.byteCount) bytes are damaged") }
    guard block.count == Self.byteCount else { throw corrupted(path, "truncated: it has only \(block.count) bytes") }
    let lines = String(decoding: block.prefix { $0 != 0 }, as: UTF8.self).split(separator: "\n")
    func value(_ line: Int, _ name: String) throws -> Substring {
      guard lines.count > line, lines[line].hasPrefix(name + " ") else { throw damaged() }
      return lines[line].dropFirst(name.count + 1)
    }
    guard let version = Int(try value(1, "seal")), let count = Int(try value(2, "bytes")) else { throw damaged() }
    (self.version, self.fileByteCount) = (version, count)
    checksum = String(try value(3, "checksum"))
    guard block.elementsEqual(self.block) else { throw damaged() }
    guard version <= Self.newestVersion else {
      throw Failure.data("\(path): it was written by a newer ddp-train; use that one")
    }
    guard count <= fileByteCount else {
      throw corrupted(path, "truncated: it has \(fileByteCount) bytes, expected \(count)")
    }
    guard count == fileByteCount else {
      throw corrupted(path, "it has \(fileByteCount) bytes, expected \(count)")
    }
  }

  /// - Throws: where `content` is not what followed the block when it was written.
  func check(_ content: UnsafeRawBufferPointer, in path: String) throws {
    let found = FileReading.call("read", path, byteCount: content.count) { Self.checksum(of: content) }
    guard found == checksum else {
      throw corrupted(path, "the checksum of its contents is \(found), expected \(checksum)")
    }
  }

  /// What a file begins with.
  enum Head {
    /// The block of a sealed file, as far as it goes.
    case seal
    /// An HDF5 file without a user block, as the first format of checkpoints was.
    case plainHDF5
    case other
  }

  static func head(_ bytes: UnsafeRawBufferPointer) -> Head {
    if bytes.prefix(8).elementsEqual([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]) { return .plainHDF5 }
    // Damaged as it may be, a title is known by half of its letters.
    let same = zip(bytes, title.utf8).count { $0 == $1 }
    return 2 * same > min(bytes.count, title.utf8.count) ? .seal : .other
  }

  private static func checksum(of bytes: UnsafeRawBufferPointer) -> String {
    var sum: UInt64 = 0
    for index in 0..<bytes.count / 8 {
      sum &+= UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
    }
    for (index, byte) in bytes.suffix(bytes.count % 8).enumerated() { sum &+= UInt64(byte) << (8 * index) }
    return crc(of: bytes) + hexadecimal(sum)
  }

  private static func crc(of bytes: UnsafeRawBufferPointer) -> String {
    hexadecimal(UInt32(crc32_z(0, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)))
  }

  private static func crc(of bytes: [UInt8]) -> String { bytes.withUnsafeBytes(crc) }

  private static func hexadecimal<T: FixedWidthInteger & UnsignedInteger>(_ value: T) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: T.bitWidth / 4 - digits.count) + digits
  }
}

/// What is wrong with a checkpoint that is not what was written.
func corrupted(_ path: String, _ reason: String) -> Failure {
  .data("\(path): corrupted: \(reason); use another checkpoint, or --resume auto, which takes the newest that is whole")
}

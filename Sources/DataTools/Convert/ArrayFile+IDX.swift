import Basics
import HDF5Storage

extension ArrayFile {
  /// Opens an IDX file, the format of MNIST (Y. LeCun, "The MNIST database", yann.lecun.com/exdb/mnist), plain or gzip.
  ///
  /// Header: two zero bytes, one byte for the element type, one for the rank, then each size as a big-endian 32-bit
  /// number. Elements are big-endian too.
  ///
  /// - Throws: `Failure` if the header is none of IDX or the file ends inside it.
  static func openIDX(path: String) throws -> ArrayFile {
    let file = try SourceFile(path: path)
    let magic = try file.read(count: 4)
    guard magic.count == 4, magic[0] == 0, magic[1] == 0, let elementType = idxElementType(magic[2]), magic[3] > 0
    else {
      let found = magic.isEmpty ? "an empty file" : magic.map { hexadecimal($0) }.joined(separator: " ")
      throw Failure.data(
        "\(path): not an IDX file: it should begin with 00 00 08 and its rank (as in 00 00 08 03), found \(found)")
    }
    let rank = Int(magic[3])
    let sizes = try file.read(count: 4 * rank)
    guard sizes.count == 4 * rank else { throw Failure.data("\(path): truncated inside its header of \(4 + 4 * rank) bytes") }
    let shape = (0..<rank).map { axis in sizes[4 * axis..<4 * axis + 4].reduce(0) { $0 << 8 | Int($1) } }
    guard shape.dropFirst().allSatisfy({ $0 > 0 }), byteCount(of: shape, elementType) != nil else {
      throw Failure.data("\(path): its header announces the impossible shape \(shape); the file is damaged")
    }
    return try ArrayFile(
      file: file, shape: shape, elementType: elementType, isBigEndian: true, isColumnMajor: false)
  }

  /// The number of bytes of an array, or nil if no such array can exist in memory.
  static func byteCount(of shape: [Int], _ elementType: ElementType) -> Int? {
    var count = elementType.byteCount
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow, size >= 0 else { return nil }
      count = product
    }
    return count
  }
}

private func idxElementType(_ code: UInt8) -> ElementType? {
  switch code {
  case 0x08: .uint8
  case 0x09: .int8
  case 0x0B: .int16
  case 0x0C: .int32
  case 0x0D: .float32
  case 0x0E: .float64
  default: nil
  }
}

private func hexadecimal(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

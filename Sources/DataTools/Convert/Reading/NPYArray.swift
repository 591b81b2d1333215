import Basics
import Foundation
import HDF5Storage

/// An array that NumPy saved.
enum NPYArray {
  /// Numbers, whose rows are read from front to back.
  case numbers(ArrayFile)
  /// A list of texts, read whole.
  case texts([String], path: String)

  var path: String {
    switch self {
    case .numbers(let array): array.path
    case .texts(_, let path): path
    }
  }

  var rowCount: Int {
    switch self {
    case .numbers(let array): array.rowCount
    case .texts(let texts, _): texts.count
    }
  }

  /// Opens a NumPy `.npy` file of format version 1, 2 or 3 (NumPy Enhancement Proposal 1), plain or gzip.
  ///
  /// Integers of 8 to 64 bits, float16 (as float32), float32, float64 and bool (as uint8), of either byte order, row-
  /// or column-major; lists of texts (`U` and `S`).
  ///
  /// - Throws: `Failure` if the header is damaged, or the element type is one that a data set cannot have.
  static func open(path: String) throws -> NPYArray { try open(SourceFile(path: path)) }

  /// The same of what is in an archive.
  static func open(_ file: any ByteSource) throws -> NPYArray {
    let path = file.path
    let preamble = try file.read(count: 8)
    guard preamble.count == 8, preamble.prefix(6).elementsEqual([0x93] + Array("NUMPY".utf8)) else {
      let found = KnownFile.remedy(preamble) ?? "it should begin with \\x93NUMPY; write it with numpy.save"
      throw Failure.data("\(path): not an npy file: \(found)")
    }
    guard (1...3).contains(preamble[6]) else {
      throw Failure.data("\(path): npy format version \(preamble[6]), expected 1, 2 or 3")
    }
    let lengthSize = preamble[6] == 1 ? 2 : 4
    let lengthBytes = try file.read(count: lengthSize)
    let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    guard lengthBytes.count == lengthSize, length <= 1 << 20 else {
      throw Failure.data("\(path): damaged npy header")
    }
    let bytes = try file.read(count: length)
    guard bytes.count == length else { throw Failure.data("\(path): truncated inside its npy header") }
    let header = String(decoding: bytes, as: UTF8.self)
    guard let description = NPYHeader(header) else {
      guard header.firstMatch(of: /'descr'\s*:\s*\[/) == nil else {
        throw Failure.data(
          "\(path): its elements are records; make columns of them with "
            + "numpy.lib.recfunctions.structured_to_unstructured, or write each field as an array of its own")
      }
      throw Failure.data("\(path): unreadable npy header \(header.trimmingCharacters(in: .whitespacesAndNewlines))")
    }
    let code = description.typeCode.dropFirst()
    if let kind = code.first, "USa".contains(kind), let size = Int(code.dropFirst()) {
      return .texts(try texts(file, description, isUnicode: kind == "U", size: size), path: path)
    }
    guard let elementType = npyElementType(code) else {
      let remedy =
        switch code.first {
        case "O": "Python objects are no array; give the array a type, such as y.astype('int64')"
        case "M", "m": "times become numbers with x.astype('int64')"
        case "c": "store real and imaginary parts as features of their own"
        case "V": "write each field as an array of its own"
        default: "convert with x.astype('float32')"
        }
      throw Failure.data(
        "\(path): elements of NumPy type '\(description.typeCode)', expected integers, floating-point numbers or bool; "
          + "\(remedy) before saving")
    }
    guard !description.shape.isEmpty, description.shape.dropFirst().allSatisfy({ $0 > 0 }),
      ArrayFile.byteCount(of: description.shape, elementType) != nil
    else {
      throw Failure.data(
        "\(path): an array of shape \(description.shape), expected at least one axis and no axis of size 0")
    }
    return .numbers(
      try ArrayFile(
        file: file, shape: description.shape, elementType: elementType,
        isBigEndian: description.typeCode.hasPrefix(">"), isColumnMajor: description.isColumnMajor,
        isHalf: code == "f2"))
  }

  /// Reads a list of texts, each of `size` characters of four bytes or of `size` bytes, filled up with zeros.
  private static func texts(
    _ file: any ByteSource, _ header: NPYHeader, isUnicode: Bool, size: Int
  ) throws -> [String] {
    let path = file.path
    // A column is a list too.
    guard let count = header.shape.first, header.shape.dropFirst().allSatisfy({ $0 == 1 }) else {
      throw Failure.data("\(path): texts of shape \(header.shape), expected a list of them, one a row")
    }
    let (width, overflow) = size.multipliedReportingOverflow(by: isUnicode ? 4 : 1)
    guard !overflow, (1...1 << 20).contains(width), count <= file.byteLimit / width else {
      throw Failure.data(
        "\(path): its header announces \(count) texts of \(size) characters, more than it can hold or fewer than "
          + "one; fetch or copy it again")
    }
    let isBig = header.typeCode.hasPrefix(">")
    var texts: [String] = []
    let blockRows = max(1, (1 << 20) / max(1, width))
    for start in stride(from: 0, to: count, by: blockRows) {
      let rows = min(blockRows, count - start)
      let bytes = try file.read(count: rows * width)
      guard bytes.count == rows * width else { throw Failure.data("\(path): truncated inside its texts") }
      for row in 0..<rows {
        let own = bytes[row * width..<(row + 1) * width]
        texts.append(isUnicode ? unicodeText(own, isBig) : byteText(own))
      }
    }
    guard try file.skipToEnd() == 0 else {
      throw Failure.data("\(path): bytes follow the \(count) texts that its header announces; the file is damaged")
    }
    return texts
  }

  private static func unicodeText(_ bytes: ArraySlice<UInt8>, _ isBig: Bool) -> String {
    var scalars: [Unicode.Scalar] = []
    for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: 4) {
      let code = bytes[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      scalars.append(Unicode.Scalar(isBig ? code : code.byteSwapped) ?? "\u{FFFD}")
    }
    while scalars.last == "\0" { scalars.removeLast() }
    return String(String.UnicodeScalarView(scalars))
  }

  /// UTF-8 or, where it is none, Latin-1.
  private static func byteText(_ bytes: ArraySlice<UInt8>) -> String {
    var bytes = bytes
    while bytes.last == 0 { bytes.removeLast() }
    return String(validating: bytes, as: UTF8.self)
      ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }
}

/// The three entries of an npy header, the text of a Python dictionary: `{'descr': '<f4', 'fortran_order': False,
/// 'shape': (3, 4), }`.
private struct NPYHeader {
  /// Byte order (`<`, `>`, `|` or `=`), kind and size, such as `<f4`.
  let typeCode: String
  let isColumnMajor: Bool
  let shape: [Int]

  init?(_ text: String) {
    guard let typeMatch = text.firstMatch(of: /'descr'\s*:\s*'([<>|=]?[a-zA-Z?][0-9]*)'/),
      let orderMatch = text.firstMatch(of: /'fortran_order'\s*:\s*(True|False)/),
      let shapeMatch = text.firstMatch(of: /'shape'\s*:\s*\(([0-9L, ]*)\)/)
    else { return nil }
    let code = String(typeMatch.1)
    typeCode = code.first.map { "<>|=".contains($0) } == true ? code : "|" + code
    isColumnMajor = orderMatch.1 == "True"
    // Python 2 wrote sizes as `3L`.
    let sizes = shapeMatch.1.split { " ,L".contains($0) }
    shape = sizes.compactMap { Int($0) }
    guard shape.count == sizes.count else { return nil }
  }
}

private func npyElementType(_ code: Substring) -> ElementType? {
  switch code {
  case "u1", "b1": .uint8
  case "u2": .uint16
  case "u4": .uint32
  case "u8": .uint64
  case "i1": .int8
  case "i2": .int16
  case "i4": .int32
  case "i8": .int64
  case "f2", "f4": .float32
  case "f8": .float64
  default: nil
  }
}

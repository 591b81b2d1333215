import Basics
import Foundation
import HDF5Storage
public import Settings

/// Arrays saved by NumPy.
public struct NPYFormat: DataFormat {
  public static let name = "npy"
  public static let operands = "X.npy Y.npy [TEST_X.npy TEST_Y.npy]"
  public static let summary = "arrays saved by NumPy, in their own type"
  public static let discussion = "The options name the sources instead of their order."
  public static let options = [
    Option("--features", \NPYFormat.features, "X.npy", "x of the training split"),
    Option("--labels", \NPYFormat.labels, "Y.npy", "y of the training split"),
    Option("--test-features", \NPYFormat.testFeatures, "X.npy", "x of the test split"),
    Option("--test-labels", \NPYFormat.testLabels, "Y.npy", "y of the test split"),
  ]

  public var features: String?
  public var labels: String?
  public var testFeatures: String?
  public var testLabels: String?

  public init() {}

  public func sources(_ words: [String]) throws -> [String] {
    let named = [features, labels, testFeatures, testLabels]
    if named.allSatisfy({ $0 == nil }) { return words }
    guard words.isEmpty, features != nil, labels != nil, (testFeatures == nil) == (testLabels == nil) else {
      throw Failure.usage(
        "data convert npy: give --features with --labels and, for a test split, --test-features with --test-labels, "
          + "or the files in that order without options")
    }
    return named.compactMap(\.self)
  }

  public func write(_ sources: [String], to file: OutputFile) throws {
    guard sources.count == 2 || sources.count == 4 else {
      throw Failure.usage(
        "data convert npy: \(sources.count) sources, expected features and labels, "
          + "or also features and labels to test on"
      )
    }
    for (split, pair) in zip(["train", "test"], stride(from: 0, to: sources.count, by: 2)) {
      try file.copy(.openNPY(path: sources[pair]), .openNPY(path: sources[pair + 1]), split: split)
    }
  }
}

extension ArrayFile {
  /// Opens a NumPy `.npy` file of format version 1, 2 or 3 (NumPy Enhancement Proposal 1), plain or gzip.
  ///
  /// Integers of 8 to 64 bits, float16 (as float32), float32, float64 and bool (as uint8), of either byte order, row-
  /// or column-major.
  ///
  /// - Throws: `Failure` if the header is damaged, or the element type is one that a data set cannot have.
  static func openNPY(path: String) throws -> ArrayFile { try openNPY(SourceFile(path: path)) }

  /// The same of what is in an archive.
  static func openNPY(_ file: any ByteSource) throws -> ArrayFile {
    let path = file.path
    let preamble = try file.read(count: 8)
    guard preamble.count == 8, preamble.prefix(6).elementsEqual([0x93] + Array("NUMPY".utf8)) else {
      throw Failure.data("\(path): not an npy file: it should begin with \\x93NUMPY; write it with numpy.save")
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
        throw Failure.data("\(path): its elements are records; write each field as an array of its own")
      }
      throw Failure.data("\(path): unreadable npy header \(header.trimmingCharacters(in: .whitespacesAndNewlines))")
    }
    let code = description.typeCode.dropFirst()
    guard let elementType = npyElementType(code) else {
      let remedy =
        switch code.first {
        case "U", "S", "a": "names become numbers with names, y = numpy.unique(names, return_inverse=True)"
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
      byteCount(of: description.shape, elementType) != nil
    else {
      throw Failure.data(
        "\(path): an array of shape \(description.shape), expected at least one axis and no axis of size 0")
    }
    return try ArrayFile(
      file: file, shape: description.shape, elementType: elementType,
      isBigEndian: description.typeCode.hasPrefix(">"), isColumnMajor: description.isColumnMajor,
      isHalf: code == "f2")
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

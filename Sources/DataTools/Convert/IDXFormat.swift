import Basics
import Foundation
import HDF5Storage
public import Settings

/// IDX, the format of MNIST and its successors, plain or gzip.
public struct IDXFormat: DataFormat {
  public static let name = "idx"
  public static let operands = "DIRECTORY | IMAGES LABELS [IMAGES LABELS]"
  public static let summary = "MNIST and its successors, plain or gzip"
  public static let discussion =
    "x and y are as stored. Files are told apart by name: train, t10k or test; images, labels."
  public static let options: [Option<IDXFormat>] = []

  public init() {}

  public func write(_ sources: [String], to file: OutputFile) throws {
    for pair in try MNISTFiles(sources: sources).pairs {
      try file.copy(.openIDX(path: pair.images), .openIDX(path: pair.labels), split: pair.split)
    }
  }
}

/// Which IDX file is which part of a data set: told by the names that MNIST and its successors use, or by rank.
struct MNISTFiles {
  /// The features and labels of one split.
  struct Pair {
    let split: String
    let images: String
    let labels: String
  }

  /// The training split, then the test split if there is one.
  let pairs: [Pair]

  /// - Parameter sources: A directory, or files in any order: two (one split) or four.
  /// - Throws: `Failure` if the files are not features and labels of a training split and, perhaps, of a test split.
  init(sources: [String]) throws {
    let paths = try Self.files(of: sources)
    guard !paths.isEmpty else {
      throw Failure.usage("data convert idx needs its source files, or the directory that holds them")
    }
    var parts: [Part: String] = [:]
    for path in paths {
      let part = try Part(path: path)
      if let other = parts[part] {
        throw Failure.usage(
          "\(other) and \(path) both look like the \(part); name the files after MNIST's, such as \(part.usualName)")
      }
      parts[part] = path
    }
    // A pair that stands alone is a data set without a test split, whatever it is called.
    if parts.count == 2, parts.keys.allSatisfy({ $0.split == "test" }) {
      parts = Dictionary(uniqueKeysWithValues: parts.map { (Part(split: "train", isLabels: $0.isLabels), $1) })
    }
    var pairs: [Pair] = []
    for split in ["train", "test"] {
      let images = parts[Part(split: split, isLabels: false)]
      let labels = parts[Part(split: split, isLabels: true)]
      switch (images, labels) {
      case (let images?, let labels?): pairs.append(Pair(split: split, images: images, labels: labels))
      case (let images?, nil):
        throw Failure.usage(
          "\(images) has no labels beside it, such as \(Part(split: split, isLabels: true).usualName)")
      case (nil, let labels?):
        throw Failure.usage(
          "\(labels) has no images beside it, such as \(Part(split: split, isLabels: false).usualName)")
      case (nil, nil):
        if split == "train" { throw Failure.usage("no training images and labels among the \(paths.count) IDX files") }
      }
    }
    self.pairs = pairs
  }

  /// The files named by `sources`; a directory stands for the IDX files in it, uncompressed ones first.
  private static func files(of sources: [String]) throws -> [String] {
    guard sources.count == 1, let entries = try? FileManager.default.contentsOfDirectory(atPath: sources[0]) else {
      return sources
    }
    let names = entries.filter { $0.lowercased().contains("idx") }.sorted()
    // Someone who unpacked the files may have kept the compressed ones beside them.
    let chosen = names.filter { name in !(name.hasSuffix(".gz") && names.contains(String(name.dropLast(3)))) }
    guard !chosen.isEmpty else {
      throw Failure.data("\(sources[0]): no IDX files in this directory, such as train-images-idx3-ubyte.gz")
    }
    return chosen.map { sources[0].hasSuffix("/") ? sources[0] + $0 : sources[0] + "/" + $0 }
  }
}

/// One of the four files of MNIST.
private struct Part: Hashable, CustomStringConvertible {
  let split: String
  let isLabels: Bool

  init(split: String, isLabels: Bool) {
    self.split = split
    self.isLabels = isLabels
  }

  init(path: String) throws {
    let name = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
    split = !name.contains("train") && (name.contains("t10k") || name.contains("test")) ? "test" : "train"
    if name.contains("images") || name.contains("idx3") {
      isLabels = false
    } else if name.contains("labels") || name.contains("idx1") {
      isLabels = true
    } else {
      isLabels = try ArrayFile.openIDX(path: path).shape.count == 1
    }
  }

  var description: String { "\(split == "train" ? "training" : "test") \(isLabels ? "labels" : "images")" }

  var usualName: String {
    (split == "train" ? "train" : "t10k") + (isLabels ? "-labels-idx1-ubyte" : "-images-idx3-ubyte")
  }
}

// MARK: The format

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
    guard sizes.count == 4 * rank else {
      throw Failure.data("\(path): truncated inside its header of \(4 + 4 * rank) bytes")
    }
    let shape = (0..<rank).map { axis in sizes[4 * axis..<4 * axis + 4].reduce(0) { $0 << 8 | Int($1) } }
    guard shape.dropFirst().allSatisfy({ $0 > 0 }), byteCount(of: shape, elementType) != nil else {
      throw Failure.data("\(path): its header announces the impossible shape \(shape); the file is damaged")
    }
    return try ArrayFile(
      file: file, shape: shape, elementType: elementType, isBigEndian: true, isColumnMajor: false)
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

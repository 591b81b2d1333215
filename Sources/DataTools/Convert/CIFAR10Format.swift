import Basics
import Foundation
public import Settings

/// CIFAR-10's binary version.
public struct CIFAR10Format: DataFormat {
  public static let name = "cifar10"
  public static let operands = "DIRECTORY | BATCH.bin…"
  public static let summary = "the binary version of CIFAR-10"
  public static let discussion = "test_batch.bin becomes the test split; x is uint8 [N, 3, 32, 32]."
  public static let options: [Option<CIFAR10Format>] = []

  public init() {}

  public func write(_ sources: [String], to file: OutputFile) throws {
    var paths = sources
    if sources.count == 1, let entries = try? FileManager.default.contentsOfDirectory(atPath: sources[0]) {
      let names = entries.filter { $0.contains("_batch") && ($0.hasSuffix(".bin") || $0.hasSuffix(".bin.gz")) }.sorted()
      guard !names.isEmpty else {
        throw Failure.data(
          "\(sources[0]): no batches of CIFAR-10's binary version in this directory, such as data_batch_1.bin")
      }
      paths = names.map { sources[0] + "/" + $0 }
    }
    let isTest = { (path: String) in path.split(separator: "/").last?.contains("test") ?? false }
    let splits = [("train", paths.filter { !isTest($0) }), ("test", paths.filter(isTest))]
    guard !splits[0].1.isEmpty else {
      throw Failure.usage("data convert cifar10: only test batches, no batch to train on")
    }
    for (split, paths) in splits where !paths.isEmpty {
      var batches: [CIFARFile] = []
      for path in paths { batches.append(try CIFARFile(path: path)) }
      let count = batches.reduce(0) { $0 + $1.recordCount }
      let images = try file.create("/\(split)/x", shape: [count] + CIFARFile.imageShape, elementType: .uint8)
      let labels = try file.create("/\(split)/y", shape: [count], elementType: .uint8)
      var row = 0
      for batch in batches {
        try batch.forEachBlock { imageBytes, labelBytes throws in
          let rows = row..<(row + labelBytes.count)
          try images.write(rows: rows, from: imageBytes)
          try labels.write(rows: rows, from: labelBytes)
          row = rows.upperBound
        }
      }
      try file.setLines("classes", CIFARFile.classNames, of: "/\(split)/y")
    }
  }
}

/// A batch of CIFAR-10's binary version (A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009):
/// records of one label byte and 3072 pixel bytes, red, green, blue plane of 32×32.
struct CIFARFile {
  static let imageShape = [3, 32, 32]
  static let imageByteCount = 3072
  static let classNames = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]

  let path: String
  let recordCount: Int

  /// - Throws: `Failure` if the file is not a whole number of records.
  init(path: String) throws {
    let recordByteCount = 1 + Self.imageByteCount
    let byteCount = try SourceFile(path: path, counts: false).skipToEnd()
    guard byteCount > 0, byteCount % recordByteCount == 0 else {
      throw Failure.data(
        "\(path): \(byteCount) bytes are no whole number of CIFAR-10 records of \(recordByteCount) bytes; "
          + "expected a file of the binary version, whole")
    }
    self.path = path
    recordCount = byteCount / recordByteCount
  }

  /// Passes on blocks of images [rows, 3, 32, 32] and their labels [rows], in the order of the file.
  ///
  /// - Throws: `Failure` for a label above 9, or what `body` throws.
  func forEachBlock(
    _ body: (_ images: UnsafeRawBufferPointer, _ labels: UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let file = try SourceFile(path: path)
    let blockRows = 256
    var record = 0
    while record < recordCount {
      let rows = min(blockRows, recordCount - record)
      let bytes = try file.read(count: rows * (1 + Self.imageByteCount))
      var images: [UInt8] = []
      images.reserveCapacity(rows * Self.imageByteCount)
      var labels: [UInt8] = []
      for start in stride(from: 0, to: bytes.count, by: 1 + Self.imageByteCount) {
        guard bytes[start] < Self.classNames.count else {
          throw Failure.data(
            "\(path): record \(record + labels.count): label \(bytes[start]), expected 0 to 9; "
              + "is this the binary version of CIFAR-10?")
        }
        labels.append(bytes[start])
        images.append(contentsOf: bytes[(start + 1)...(start + Self.imageByteCount)])
      }
      guard labels.count == rows, images.count == rows * Self.imageByteCount else {
        throw Failure.data("\(path): became shorter while it was read")
      }
      try images.withUnsafeBufferPointer { images throws in
        try labels.withUnsafeBufferPointer { labels throws in
          try body(UnsafeRawBufferPointer(images), UnsafeRawBufferPointer(labels))
        }
      }
      record += rows
    }
  }
}

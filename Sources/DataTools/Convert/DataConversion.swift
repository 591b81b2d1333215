import Basics
import Foundation
import HDF5Storage

/// Converts data sets of other formats to HDF5: `/train/x`, `/train/y` and, where the sources have one, `/test/x`, `/test/y`.
public enum DataConversion {
  /// Converts `sources` to the file `output`, which appears only when it is complete.
  ///
  /// | format | sources | x | y |
  /// |---|---|---|---|
  /// | idx | a directory, or images and labels of a training split and perhaps of a test split, in any order | as stored, [N, …] | as stored, [N] |
  /// | cifar10 | a directory, or batches; `test_batch` is the test split | uint8 [N, 3, 32, 32] | uint8 [N] |
  /// | csv | one file | float32 [N, D] | int32 classes, int64 or float32 [N] |
  /// | text-csv | one file | words by number, [N, length] | int32 classes [N] |
  /// | npy | features, labels and perhaps features, labels of the test split, in that order | as stored | as stored |
  /// | text | one file of UTF-8 | characters by number, [N, context] | the character behind each, [N, context] |
  ///
  /// Text has `/train` and `/val` splits, and its alphabet in the attribute `vocabulary` of x.
  ///
  /// - Throws: `Failure`: `.usage` for sources or options that do not fit the format, `.data` for a file that is
  ///   missing, damaged, or of another length than its partner.
  @discardableResult
  public static func convert(
    format: SourceFormat, sources: [String], output: String, options: ConversionOptions = ConversionOptions()
  ) throws -> ConversionSummary {
    guard !sources.isEmpty else { throw Failure.usage("data convert \(format.rawValue): no source file is named") }
    if let source = (sources + [options.testFile, options.like].compactMap(\.self)).first(where: { $0 == output }) {
      throw Failure.usage("--output \(output): would replace the source \(source)")
    }
    let file = try OutputFile(path: output, gzip: options.gzip)
    switch format {
    case .idx:
      for pair in try MNISTFiles(sources: sources).pairs {
        try copy(.openIDX(path: pair.images), .openIDX(path: pair.labels), split: pair.split, to: file)
      }
    case .npy:
      guard sources.count == 2 || sources.count == 4 else {
        throw Failure.usage(
          "data convert npy: \(sources.count) sources, expected features and labels, or also features and labels to test on"
        )
      }
      for (split, pair) in zip(["train", "test"], stride(from: 0, to: sources.count, by: 2)) {
        try copy(.openNPY(path: sources[pair]), .openNPY(path: sources[pair + 1]), split: split, to: file)
      }
    case .cifar10:
      try convertCIFAR(sources, to: file)
    case .csv:
      guard sources.count == 1 else {
        throw Failure.usage("data convert csv: \(sources.count) sources, expected one; name the test split's with --test-file")
      }
      try convertCSV(sources[0], options, to: file)
    case .textCSV:
      guard sources.count == 1 else {
        throw Failure.usage(
          "data convert text-csv: \(sources.count) sources, expected one; name the test split's with --test-file")
      }
      try convertTextCSV(sources[0], options, to: file)
    case .text:
      guard sources.count == 1 else {
        throw Failure.usage("data convert text: \(sources.count) sources, expected one; join them first")
      }
      try convertText(sources[0], options, to: file)
    }
    let names = sources.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    try file.file.setAttribute("source", to: "\(format.rawValue): \(names.joined(separator: ", "))")
    return try file.commit()
  }

  /// Streams one split's features and labels into the file.
  private static func copy(_ features: ArrayFile, _ labels: ArrayFile, split: String, to file: OutputFile)
    throws
  {
    guard features.rowCount == labels.rowCount else {
      throw Failure.data(
        "\(features.path) has \(features.rowCount) rows and \(labels.path) \(labels.rowCount); they must be of equal number"
      )
    }
    guard features.rowCount > 0 else { throw Failure.data("\(features.path): no rows") }
    guard features.shape.count > 1 else {
      throw Failure.data(
        "\(features.path): shape \(features.shape), expected rows of features; are features and labels exchanged?")
    }
    try file.copy(features, to: "/\(split)/x")
    try file.copy(labels, to: "/\(split)/y")
  }

  private static func convertCIFAR(_ sources: [String], to file: OutputFile) throws {
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
    guard !splits[0].1.isEmpty else { throw Failure.usage("data convert cifar10: only test batches, no batch to train on") }
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

extension OutputFile {
  /// Stores a list of names as one text attribute, a line each; line breaks inside a name become spaces.
  func setLines(_ name: String, _ lines: [String], of object: String) throws {
    try file.setAttribute(name, to: lines.map(\.onOneLine).joined(separator: "\n"), of: object)
  }
}

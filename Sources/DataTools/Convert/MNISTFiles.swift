import Basics
import Foundation

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
        throw Failure.usage("\(images) has no labels beside it, such as \(Part(split: split, isLabels: true).usualName)")
      case (nil, let labels?):
        throw Failure.usage("\(labels) has no images beside it, such as \(Part(split: split, isLabels: false).usualName)")
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

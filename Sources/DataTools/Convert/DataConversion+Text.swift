import Basics
import Foundation
import HDF5Storage

/// A text as whole numbers: each character (Unicode scalar) by its place in the sorted alphabet of the text.
struct EncodedText {
  /// Each character of the text once, in ascending order.
  let vocabulary: [Unicode.Scalar]
  let indices: [Int]

  /// - Throws: `Failure` if the file is missing or not UTF-8, or holds more characters than an attribute can list.
  init(path: String) throws {
    let source = try SourceFile(path: path)
    var bytes: [UInt8] = []
    while true {
      let block = try source.read(count: 1 << 22)
      bytes += block
      if block.count < 1 << 22 { break }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure.data("\(path): is not UTF-8 text; convert it first, for instance with iconv")
    }
    vocabulary = Set(text.unicodeScalars).sorted { $0.value < $1.value }
    guard !vocabulary.contains("\0") else { throw Failure.data("\(path): holds null characters, expected text") }
    // HDF5 stores an attribute of up to 64 KiB with its object.
    guard vocabulary.reduce(0, { $0 + UTF8.width($1) }) < 60_000 else {
      throw Failure.data("\(path): has \(vocabulary.count) different characters, too many for a model of characters")
    }
    let places = Dictionary(uniqueKeysWithValues: zip(vocabulary, 0...))
    indices = text.unicodeScalars.map { places[$0] ?? 0 }
  }
}

extension DataConversion {
  /// Cuts a text into windows: x holds `context` characters, y those that follow each of them. The last part of the text, in its
  /// order, is the validation split.
  static func convertText(
    _ path: String, _ options: ConversionOptions, to file: OutputFile
  ) throws {
    let stride = options.stride ?? options.context
    guard options.context >= 1, stride >= 1 else {
      throw Failure.usage("data convert text: --context \(options.context) and --stride \(stride), expected numbers from 1 on")
    }
    guard (0..<1).contains(options.validationFraction) else {
      throw Failure.usage("--validation \(options.validationFraction): expected a fraction from 0 up to 1")
    }
    let text = try EncodedText(path: path)
    let cut = text.indices.count - Int(Double(text.indices.count) * options.validationFraction)
    var parts = [("train", 0..<cut)]
    if cut < text.indices.count { parts.append(("val", cut..<text.indices.count)) }
    for (split, range) in parts {
      guard range.count > options.context else {
        throw Failure.data(
          "\(path): the \(split) split has \(range.count) characters, too few for a window of \(options.context) and its "
            + "successor; give a smaller --context\(split == "val" ? ", or --validation 0" : "")")
      }
      let starts = Array(Swift.stride(from: range.lowerBound, to: range.upperBound - options.context, by: stride))
      for (name, shift) in [("x", 0), ("y", 1)] {
        let shape = [starts.count, options.context]
        let windows = starts.lazy.map { text.indices[$0 + shift..<$0 + shift + options.context] }.joined()
        if text.vocabulary.count <= 256 {
          try file.write("/\(split)/\(name)", shape: shape, windows.map { UInt8($0) })
        } else {
          try file.write("/\(split)/\(name)", shape: shape, windows.map { UInt16($0) })
        }
      }
      let vocabulary = String(String.UnicodeScalarView(text.vocabulary))
      try file.file.setAttribute("vocabulary", to: vocabulary, of: "/\(split)/x")
    }
  }
}

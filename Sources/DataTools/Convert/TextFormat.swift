import Basics
public import DataPipeline
import Foundation
import HDF5Storage
public import Settings

/// Plain text, for models that predict the next character.
public struct TextFormat: RepeatableFormat {
  public static let name = "text"
  public static let operands = "FILE.txt"
  public static let summary = "windows of characters, for models that predict the next one"
  public static let discussion = """
    Writes /train and /val: x is windows of characters by number, y the character behind each; the alphabet is the \
    attribute 'vocabulary' of x.
    """
  public static let options = [
    Option("--context", \TextFormat.context, "N", .atLeast(1), "characters of a window"),
    Option(
      "--stride", \TextFormat.stride, "N", .atLeast(1), default: "the context",
      "from the start of one window to the next"),
    Option(
      "--encoding", \TextFormat.encoding, "NAME",
      "how bytes stand for characters: latin1, windows-1252, utf-16 or any other that iconv knows"),
    Option(
      "--validation", \TextFormat.validation, "FRACTION", .halfOpen(0, 1), default: "0.1, or 0 with --like",
      "the end of the text that becomes the validation split"),
  ]

  /// Characters of a window.
  public var context = 64
  /// Characters from the start of one window to the next; nil for `context`, so that windows do not overlap.
  public var stride: Int?
  /// How the file's bytes stand for characters.
  public var encoding = TextEncodingName()
  /// The fraction at the end of the text that becomes the validation split; nil for a tenth, or nothing where earlier
  /// data are followed.
  public var validation: Double?
  /// The alphabet of earlier data.
  private var alphabet: (characters: [Unicode.Scalar], owner: String)?

  public init() {}

  public static func reads(_ path: String) -> Bool { path.hasSuffix(".txt") }

  /// Takes the alphabet and the context.
  public mutating func follow(_ preparation: JSONValue, _ names: DataNames, of owner: String) throws {
    guard let context = try preparation["context"]?.requireInteger("context"), context > 0,
      let alphabet = names.characters
    else { throw Failure.data("\(owner): was not made by data convert text: it has no alphabet") }
    self.context = context
    self.alphabet = (Array(alphabet.unicodeScalars), owner)
  }

  /// Cuts a text into windows: x holds `context` characters, y those that follow each of them. The last part of the
  /// text, in its order, is the validation split.
  public func write(_ sources: [String], to file: OutputFile) throws {
    try requireOne(sources, "join them first")
    let path = sources[0]
    let text = try EncodedText(
      path: path, encoding: encoding, vocabulary: alphabet?.characters, of: alphabet?.owner ?? "")
    let cut = text.indices.count - Int(Double(text.indices.count) * (validation ?? (alphabet == nil ? 0.1 : 0)))
    var parts = [(alphabet == nil ? "train" : "test", 0..<cut)]
    if cut < text.indices.count { parts.append(("val", cut..<text.indices.count)) }
    for (split, range) in parts {
      guard range.count > context else {
        throw Failure.data(
          "\(path): the \(split) split has \(range.count) characters, too few for a window of \(context) and its "
            + "successor; give a smaller --context\(split == "val" ? ", or --validation 0" : "")")
      }
      let starts = Array(Swift.stride(from: range.lowerBound, to: range.upperBound - context, by: stride ?? context))
      for (name, shift) in [("x", 0), ("y", 1)] {
        let shape = [starts.count, context]
        let windows = starts.lazy.map { text.indices[$0 + shift..<$0 + shift + context] }.joined()
        if text.vocabulary.count <= 256 {
          try file.write("/\(split)/\(name)", shape: shape, windows.map { UInt8($0) })
        } else {
          try file.write("/\(split)/\(name)", shape: shape, windows.map { UInt16($0) })
        }
      }
      let vocabulary = String(String.UnicodeScalarView(text.vocabulary))
      try file.file.setAttribute("vocabulary", to: vocabulary, of: "/\(split)/x")
      try file.setPreparation(["format": .string(name), "context": .integer(context)], of: "/\(split)/x")
    }
  }
}

/// A text as whole numbers: each character (Unicode scalar) by its place in the sorted alphabet of the text.
struct EncodedText {
  /// Each character of the text once, in ascending order.
  let vocabulary: [Unicode.Scalar]
  let indices: [Int]

  /// - Parameter given: the alphabet of the file `owner`; nil for that of the text.
  /// - Throws: `Failure` if the file is missing or not text of `encoding`, or holds more characters than an attribute
  ///   can list, or one that is not in the alphabet.
  init(path: String, encoding: TextEncodingName, vocabulary given: [Unicode.Scalar]?, of owner: String) throws {
    let source = try DecodedText(path: path, encoding: encoding)
    var bytes: [UInt8] = []
    while true {
      let block = try source.read(count: 1 << 22)
      bytes += block
      if block.count < 1 << 22 { break }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure.data("\(path): is not UTF-8 text")
    }
    vocabulary = given ?? Set(text.unicodeScalars).sorted { $0.value < $1.value }
    guard !vocabulary.contains("\0") else { throw Failure.data("\(path): holds null characters, expected text") }
    // HDF5 stores an attribute of up to 64 KiB with its object.
    guard vocabulary.reduce(0, { $0 + UTF8.width($1) }) < 60_000 else {
      throw Failure.data("\(path): has \(vocabulary.count) different characters, too many for a model of characters")
    }
    let places = Dictionary(zip(vocabulary, 0...), uniquingKeysWith: { first, _ in first })
    indices = try text.unicodeScalars.enumerated().map { position, scalar in
      if let place = places[scalar] { return place }
      throw Failure.data(
        "\(path): character \(position), '\(scalar.escaped(asASCII: false))', is not in the alphabet of \(owner); "
          + "remove it, or train on a text that has it")
    }
  }
}

import Basics
public import DataPipeline
import Foundation
import HDF5Storage
public import Settings

/// A format of files that `data convert` turns into HDF5: `/train/x`, `/train/y` and, where the sources have one,
/// `/test/x`, `/test/y`.
public protocol DataFormat: DataRecipe {
  /// The files to convert, where some may be given as options. Default: those between the options.
  func sources(_ words: [String]) throws -> [String]
  /// Files beside the sources that are read too. Default: none.
  var companions: [String] { get }
  /// Writes the data sets of `sources`, at least one.
  ///
  /// - Throws: `Failure`: of usage for sources or options that do not fit the format, of data for a file that is
  ///   missing, damaged, or of another length than its partner.
  func write(_ sources: [String], to file: OutputFile) throws
}

/// A format whose outputs say how they were made, so that other inputs can be made alike.
public protocol RepeatableFormat: DataFormat {
  /// Whether a path that is given as data, such as `new.csv` or a directory of pictures, is of this format by its name
  /// and kind.
  static func reads(_ path: String) -> Bool

  /// Takes on the rules by which earlier data were made. Sources may then lack labels, and become the split `test`;
  /// classes have the numbers that their names have in those data.
  ///
  /// - Parameters:
  ///   - preparation: what this format has stored with `OutputFile.setPreparation`.
  ///   - names: of the columns, targets and classes of those data.
  ///   - owner: the file of those data or of the model that was trained on them, for messages.
  /// - Throws: where options say otherwise, or the preparation is damaged.
  mutating func follow(_ preparation: JSONValue, _ names: DataNames, of owner: String) throws

  /// Whether targets are not wanted, so that inputs count whose targets are still to come, such as the last windows of
  /// a
  /// series. Default: it makes no difference.
  var isForPrediction: Bool { get set }
}

extension RepeatableFormat {
  public var isForPrediction: Bool {
    get { false }
    set {}
  }
}

public enum DataFormats {
  /// In the order of `--help`.
  public static let all: [any DataFormat.Type] = [
    IDXFormat.self, CIFAR10Format.self, CSVFormat.self, TextCSVFormat.self, NPYFormat.self, NPZFormat.self,
    TextFormat.self, ImagesFormat.self, AudioFormat.self,
  ]

  /// The formats that take on the rules of earlier data.
  public static var repeatable: [any RepeatableFormat.Type] { all.compactMap { $0 as? any RepeatableFormat.Type } }
}

extension DataFormat {
  /// Takes on the rules by which earlier data were made, whose file is then not to be replaced.
  ///
  /// - Throws: where those are of another format, or say nothing of how they were made.
  public mutating func follow(_ earlier: DataPreparation) throws {
    guard earlier.format == name else {
      let known = DataFormats.repeatable.contains { $0.name == earlier.format }
      throw Failure.usage(
        "--like \(earlier.owner): was made by data convert \(earlier.format.shownName)"
          + (known ? "; give that format instead of \(name)" : ", which this program does not know"))
    }
    guard var format = self as? any RepeatableFormat else {
      throw Failure.usage("--like \(earlier.owner): data convert \(name) has no rules to follow; leave it out")
    }
    try format.follow(earlier.json, earlier.names, of: earlier.owner)
    if let followed = format as? Self { self = followed }
  }

  public func sources(_ words: [String]) throws -> [String] { words }
  public var companions: [String] { [] }

  /// Converts `words`, the sources, to the file `output`, which appears only when it is complete.
  ///
  /// - Parameters:
  ///   - inputs: files beside the sources that the output may not replace either.
  ///   - gzip: level 1 to 9 of the output, with the shuffle filter, in chunks of whole rows; 0 stores the arrays
  ///     contiguous and uncompressed, which is fastest to read in shards.
  ///   - progress: is given the share of the sources that has been read.
  @discardableResult
  public func convert(
    _ words: [String], output: String, inputs: [String] = [], gzip: Int = 0,
    progress: @escaping (Double) -> Void = { _ in }
  ) throws -> WrittenData {
    try check()
    let sources = try sources(words)
    guard !sources.isEmpty else { throw Failure.usage("data convert \(name): no source file is named") }
    let file = try OutputFile(path: output, inputs: sources + companions + inputs, gzip: gzip)
    try WorkProgress.watching(total: Self.byteCount(sources), progress) { try write(sources, to: file) }
    let names = sources.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    try file.file.setAttribute("source", to: "\(name): \(names.joined(separator: ", "))")
    return try file.commit()
  }

  /// Bytes of the sources, those of files in directories included; 0 where one is no file, such as a pipe.
  private static func byteCount(_ sources: [String]) -> Double {
    let files = sources.flatMap { source in
      (try? FileManager.default.contentsOfDirectory(atPath: source))?.map { source + "/" + $0 } ?? [source]
    }
    let sizes = files.map { file -> Double in
      var status = stat()
      return stat(file, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Double(status.st_size) : 0
    }
    return sizes.contains(0) ? 0 : sizes.reduce(0, +)
  }

  /// - Throws: `Failure` where there is not one source; `advice` says what to do about more.
  func requireOne(_ sources: [String], _ advice: String) throws {
    guard sources.count != 1 else { return }
    throw Failure.usage("data convert \(name): \(sources.count) sources, expected one; \(advice)")
  }
}

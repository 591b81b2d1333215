import Foundation

/// A file that a command is asked to write, and what has to hold before it begins its work: the name is one for what is
/// written, the file can be written there, and it is none of the files that the command reads.
public struct OutputTarget: Sendable {
  /// What is written.
  public enum Kind: Sendable {
    case hdf5, png, svg, html, json, jsonLines, csv, safetensors, onnx

    /// How names of such files end.
    var suffixes: [String] {
      switch self {
      case .hdf5: ["h5", "hdf5"]
      case .png: ["png"]
      case .json: ["json"]
      case .safetensors: ["safetensors"]
      case .onnx: ["onnx"]
      case .html: ["html"]
      case .svg: ["svg"]
      case .csv: ["csv"]
      case .jsonLines: ["jsonl"]
      }
    }

    var noun: String {
      switch self {
      case .hdf5: "an HDF5 file"
      case .png: "a PNG picture"
      case .json: "a JSON file"
      case .safetensors: "a safetensors file"
      case .onnx: "an ONNX model"
      case .html: "an HTML page"
      case .svg: "an SVG picture"
      case .csv: "a CSV file"
      case .jsonLines: "a JSON Lines file"
      }
    }

    /// How names of such files end, in words: `.h5 or .hdf5`.
    public var suffixWords: String { suffixes.map { "." + $0 }.joined(separator: " or ") }

    /// Whether the name of a file is one for it.
    public func isName(_ path: String) -> Bool {
      let name = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
      return suffixes.contains { name.hasSuffix("." + $0) }
    }
  }

  /// Which option asks for it, such as `--output`.
  public let option: String
  public let path: String
  public let kind: Kind

  public init(_ option: String, _ path: String, _ kind: Kind) {
    (self.option, self.path, self.kind) = (option, path, kind)
  }

  /// Checks the outputs of a command.
  ///
  /// - Parameter inputs: the files that the command reads; of directories those that they hold and whose names do not
  ///   end in .h5 or .hdf5, which are outputs of others. Files that are not there are left to who reads them.
  /// - Throws: `Failure` of usage.
  public static func check(_ outputs: [OutputTarget], inputs: [String]) throws {
    let inputs = inputs.flatMap(files)
    for (index, output) in outputs.enumerated() {
      try output.checkName()
      try output.checkPlace()
      if let input = inputs.first(where: { isSameFile($0, output.path) }) {
        throw output.failure(
          "would replace \(output.path == input ? "what it is made of" : "the input \(input)"); give another name")
      }
      if let other = outputs[..<index].first(where: { isSamePlace($0.path, output.path) }) {
        throw output.failure("is the file of \(other.option) too; give two names")
      }
    }
  }

  private func failure(_ reason: String) -> Failure { .usage("\(option) \(path): \(reason)") }

  private func checkName() throws {
    guard !path.isEmpty else { throw Failure.usage("\(option): expected the name of a file, found an empty text") }
    guard !path.hasSuffix("/") else { throw failure("is a directory, expected the name of the file to write") }
    guard kind.isName(path) else {
      throw failure("\(kind.noun) is written, expected a name that ends in \(kind.suffixWords)")
    }
  }

  private func checkPlace() throws {
    var status = stat()
    if stat(path, &status) == 0 {
      switch status.st_mode & S_IFMT {
      case S_IFREG: break
      case S_IFDIR: throw failure("is a directory, expected the name of the file to write")
      default: throw failure("is no regular file, expected the name of the file to write")
      }
    }
    let directory = Self.directory(of: path)
    guard stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw failure("there is no directory \(directory); make it first")
    }
    let name = path.split(separator: "/").last ?? ""
    guard !directory.hasSuffix("/checkpoints") || !["step-", "latest.", "best."].contains(where: name.hasPrefix) else {
      throw failure("is the name of a run's checkpoint; give another name")
    }
    if let owner = ResultsKind.owner(of: String(name), in: directory) {
      throw failure("is a file of the \(owner.noun) in \(directory); give another name")
    }
    guard access(directory, W_OK | X_OK) == 0 else {
      throw failure("the directory \(directory) cannot be written to: \(String(cString: strerror(errno)))")
    }
  }

  private static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Whether two names are of one file, by whatever links and spellings. Not where there is none.
  public static func isSameFile(_ a: String, _ b: String) -> Bool {
    var (first, second) = (stat(), stat())
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_ino == second.st_ino
      && first.st_dev == second.st_dev
  }

  /// Whether an open file is still the one that has this name.
  public static func isFile(_ descriptor: Int32, at path: String) -> Bool {
    var (first, second) = (stat(), stat())
    return fstat(descriptor, &first) == 0 && lstat(path, &second) == 0 && first.st_ino == second.st_ino
      && first.st_dev == second.st_dev
  }

  /// The same for files that may not be there yet.
  private static func isSamePlace(_ a: String, _ b: String) -> Bool {
    isSameFile(a, b)
      || a.split(separator: "/").last == b.split(separator: "/").last && isSameFile(directory(of: a), directory(of: b))
  }

  private static func files(_ path: String) -> [String] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return [path] }
    return names.filter { name in !Kind.hdf5.suffixes.contains { name.lowercased().hasSuffix("." + $0) } }
      .map { path + "/" + $0 }
  }
}

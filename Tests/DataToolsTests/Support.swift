import Basics
import DataPipeline
import DataTools
import Foundation
import HDF5Storage
import Settings
import Testing

/// The path of a file that `Tests/Fixtures/make_import_fixtures.py` made.
func fixture(_ name: String) -> String {
  URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/import/\(name)").path
}

/// x[i, j, k] = 100 i + 10 j + k of shape [4, 3, 2], as in the fixtures.
let fixtureValues = (0..<4).flatMap { i in (0..<3).flatMap { j in (0..<2).map { k in 100 * i + 10 * j + k } } }

/// A format or a kind with the options of a command line.
func recipe<Recipe: DataRecipe>(_ type: Recipe.Type = Recipe.self, _ arguments: [String]) throws -> Recipe {
  let scanned = try ScannedArguments(arguments, of: "data", options: Recipe.optionHelp)
  return try Recipe(scanned.options, of: "data")
}

/// A format with the options of a command line, `--like` an earlier output among them.
func format<Format: RepeatableFormat>(_ type: Format.Type = Format.self, _ arguments: [String]) throws -> Format {
  guard let index = arguments.firstIndex(of: "--like") else { return try recipe(type, arguments) }
  var rest = arguments
  rest.removeSubrange(index...index + 1)
  var format = try recipe(type, rest)
  try format.follow(DataPreparation(ofData: arguments[index + 1]))
  return format
}

/// Makes a synthetic set with the options of a command line.
@discardableResult
func make(_ type: any SyntheticData.Type, _ arguments: [String], to output: String) throws -> WrittenData {
  // These two belong to the command; all others belong to the kind.
  var (rest, common) = (arguments, ["--seed": "0", "--test": "0.2"])
  for name in common.keys {
    guard let index = rest.firstIndex(of: name) else { continue }
    common[name] = rest[index + 1]
    rest.removeSubrange(index...index + 1)
  }
  let known = recipeOptions(SyntheticDataSets.all)
  let scanned = try ScannedArguments(rest, of: "data make", options: known)
  return try type.init(scanned.options, of: "data make").make(
    output: output, seed: #require(common["--seed"].flatMap { UInt64($0) }),
    testFraction: #require(common["--test"].flatMap { Double($0) }))
}

/// A directory that exists as long as the value is in use.
final class Scratch {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "import-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file here, written if `bytes` are given.
  func file(_ name: String, _ bytes: [UInt8]? = nil) throws -> String {
    let file = path + "/" + name
    if let bytes { try Data(bytes).write(to: URL(filePath: file)) }
    return file
  }

  func file(_ name: String, text: String) throws -> String { try file(name, Array(text.utf8)) }

  /// The path of a new directory here.
  func directory(_ name: String) throws -> String {
    try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
    return path + "/" + name
  }

  var contents: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }
}

/// The bytes of a file.
func bytes(of path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

/// The values of a data set as `Double`.
func values(_ path: String, _ dataset: String) throws -> [Double] {
  try HDF5File.open(path).dataset(dataset).readAll()
}

/// Expects `body` to fail with `exitCode` and a message of one line that contains each of `parts`.
func expectFailure(
  _ exitCode: ExitCode, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation,
  from body: () throws -> Void
) {
  do {
    try body()
    Issue.record("no error, expected one about \(parts)", sourceLocation: sourceLocation)
  } catch {
    guard let error = error as? any UserFacingError else {
      Issue.record("an error that no person can read: \(error)", sourceLocation: sourceLocation)
      return
    }
    #expect(error.exitCode == exitCode, "\(error)", sourceLocation: sourceLocation)
    #expect(!error.description.contains("\n"), sourceLocation: sourceLocation)
    for part in parts {
      #expect(error.description.contains(part), "'\(part)' in: \(error)", sourceLocation: sourceLocation)
    }
  }
}

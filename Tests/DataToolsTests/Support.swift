import DataTools
import Basics
import Foundation
import HDF5Storage
import Testing

/// The path of a file that `Tests/Fixtures/make_import_fixtures.py` made.
func fixture(_ name: String) -> String {
  URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/import/\(name)").path
}

/// x[i, j, k] = 100 i + 10 j + k of shape [4, 3, 2], as in the fixtures.
let fixtureValues = (0..<4).flatMap { i in (0..<3).flatMap { j in (0..<2).map { k in 100 * i + 10 * j + k } } }

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

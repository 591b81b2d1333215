import Foundation
import Testing

/// What holds for the files of the repository, whatever they say.
@Suite("The repository is in order")
struct RepositoryTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Paths of all files below `folder`, from the root, without build products.
  private static func files(in folder: String) throws -> [String] {
    let all = try #require(FileManager.default.enumerator(atPath: root.appending(path: folder).path))
    return all.compactMap { $0 as? String }.map { folder + "/" + $0 }.filter { !$0.contains("/.build/") }
  }

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  @Test("Links between files lead to files", arguments: ["README.md", "Sources/README.md"])
  func links(_ page: String) throws {
    let folder = Self.root.appending(path: page).deletingLastPathComponent()
    let targets = try Self.text(page).matches(of: /\]\(([^)#]+)\)/).map { String($0.output.1) }
      .filter { !$0.contains("://") }
    for target in targets {
      #expect(FileManager.default.fileExists(atPath: folder.appending(path: target).path), "\(target)")
    }
    #expect(!targets.isEmpty)
  }

  @Test("No line is over 120 columns")
  func columns() throws {
    let sources =
      try ["Sources", "Tests", "datasets"].flatMap(Self.files)
      .filter { path in [".swift", ".h"].contains { path.hasSuffix($0) } } + Self.files(in: "launch")
    var long: [String] = []
    for path in sources + ["Package.swift"] {
      guard let text = try? Self.text(path) else { continue }
      for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      where line.count > 120 { long.append("\(path):\(number + 1)") }
    }
    #expect(sources.count > 300)
    #expect(long == [])
  }

  @Test("No folder of sources has more than 15 files")
  func rooms() throws {
    let folders = try Dictionary(grouping: Self.files(in: "Sources").filter { $0.hasSuffix(".swift") }) { path in
      path.split(separator: "/").dropLast().joined(separator: "/")
    }
    #expect(folders.filter { $0.value.count > 15 }.keys.sorted() == [])
    #expect(folders.count > 30)
  }

  /// A name in a file may hold anything that a terminal obeys.
  @Test("Text reaches the terminal through Output alone")
  func output() throws {
    let words = /(^|[^.\w])print\(|standardOutput|standardError|fputs\(|STDOUT_FILENO|STDERR_FILENO/
    var found: [String] = []
    for folder in ["Basics", "DataPipeline", "DataTools", "HDF5Storage", "Checkpointing", "Training", "ddp-train"] {
      for path in try Self.files(in: "Sources/" + folder) where path.hasSuffix(".swift") {
        let lines = try Self.text(path).split(separator: "\n").filter {
          !$0.contains("case print(") && !$0.contains("(python3 -c ")
        }
        let speaks = lines.contains { $0.contains(words) }
        if speaks && path != "Sources/Basics/Text/Output.swift" { found.append(path) }
      }
    }
    #expect(found == [])
  }
}

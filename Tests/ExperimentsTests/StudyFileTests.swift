import Experiments
import Foundation
import Testing

/// The studies in `datasets/studies`.
@Suite("Study files")
struct StudyFileTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "datasets/studies")

  private static let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()

  @Test("Each reads as a comparison, with configurations that are in order")
  func reading() throws {
    #expect(Self.files.count == 12 && Self.files.allSatisfy { $0.hasSuffix(".json5") })
    for file in Self.files {
      do {
        let path = Self.folder.appending(path: file).path
        #expect(try CompareStudy(file: path, options: StudyOptions()).file == path)
      } catch {
        Issue.record("\(file): \(error)")
      }
    }
  }

  /// The line of the error that reading a study brings; nil for none.
  private func error(_ text: String, _ read: (String) throws -> Void) throws -> String? {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).json5").path
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    defer { unlink(file) }
    do { try read(file) } catch { return "\(error)" }
    return nil
  }

  @Test("The sentinel's rollback is refused where trials have no checkpoints to go back to")
  func rollback() throws {
    let why = "sentinel: rollback goes back to checkpoints, but this run writes none; give skip or stop"
    func compare(_ text: String) throws -> String? {
      try error(text) { _ = try CompareStudy(file: $0, options: StudyOptions()) }
    }
    func tune(_ sentinel: String, space: String = "epochs: [2, 4]", stopping: String) throws -> String? {
      let text = "{ base: { sentinel: \(sentinel) }, space: { \(space) }, stopping: '\(stopping)' }"
      return try error(text) { _ = try TuneStudy(file: $0, options: StudyOptions()) }
    }
    let rollback = "{ on_nonfinite: 'rollback' }"
    #expect(try compare("{ base: { sentinel: \(rollback) }, vary: { epochs: [2, 4] } }")?.contains(why) == true)
    #expect(try compare("{ vary: { 'sentinel.on_spike': ['none', 'rollback'] } }")?.contains(why) == true)
    #expect(try compare("{ vary: { 'sentinel.on_spike': ['none', 'skip'] } }") == nil)
    #expect(try tune(rollback, stopping: "median")?.contains(why) == true)
    #expect(
      try tune("{}", space: "'sentinel.on_nonfinite': ['skip', 'rollback']", stopping: "none")?.contains(why) == true)
    #expect(try tune("{ on_nonfinite: 'skip' }", stopping: "none") == nil)
    // Trials that go on in rounds keep checkpoints.
    #expect(try tune(rollback, stopping: "halving") == nil)
  }
}

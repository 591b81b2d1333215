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
}

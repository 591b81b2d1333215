import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// Words of tones, from their making to a model that tells them apart.
  @Suite struct SpeechTests {
    @Test("The configuration for tones learns from a small set")
    func tones() throws {
      try Sandbox.with { sandbox in
        let configuration = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
          .deletingLastPathComponent().appending(path: "datasets/speech.json5").path
        try sandbox.succeed(["data", "make", "tones", "--samples", "1000", "--seed", "1", "--output", "tones.h5"])
        try sandbox.succeed([configuration, "--run", "run", "--epochs", "10"], ranks: 2)
        let summary = try Sandbox.json(sandbox.text("run/summary.json"))
        let accuracy = try #require((summary["test"] as? [String: Any])?["accuracy"] as? Double)
        #expect(accuracy > 0.95, "of ten classes, most of which hold the same tones")
      }
    }
  }
}

import Foundation
import ProcessSupport
import Testing

extension Commands {
  @Suite("The story of the README works as it is written")
  struct StoryTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path

    /// The lines of the blocks that are marked as the story's.
    private static func commands() throws -> [String] {
      let text = try String(contentsOfFile: root + "/README.md", encoding: .utf8)
      return text.matches(of: /<!-- story -->\n```sh\n((?:.|\n)*?)```/).flatMap { block in
        block.output.1.split(separator: "\n").map(String.init)
      }
    }

    @Test("from a table to predictions and a model for other programs") func story() throws {
      let commands = try Self.commands()
      #expect(commands.count > 10)
      try Sandbox.with { sandbox in
        try FileManager.default.createSymbolicLink(
          atPath: sandbox.file("datasets"), withDestinationPath: Self.root + "/datasets")
        let programs = URL(filePath: builtExecutable("ddp-train")).deletingLastPathComponent().path
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let environment: [String: String?] = Sandbox.environment.merging([
          "PATH": programs + ":" + path, "OMPI_MCA_rmaps_base_oversubscribe": "1",
          "OMPI_MCA_hwloc_base_binding_policy": "none", "OMPI_ALLOW_RUN_AS_ROOT": "1",
          "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        ]) { _, new in new }
        var output = ""
        for command in commands {
          let result = try run("bash", ["-c", command], environment: environment, directory: sandbox.path)
          try #require(result.status == 0, "\(command)\n\(result)")
          output += result.output
        }
        #expect(output.contains("diagnosis  overfitting"))
        // A heading and a fifth of the 150 flowers; most of them are named rightly by the model of the search.
        let predictions = try sandbox.text("predictions.csv").split(separator: "\n")
        #expect(predictions.count == 31 && predictions[0].hasPrefix("row,class,"), "\(predictions)")
        #expect(output.contains("virginica"))
        for file in ["first.html", "both.html", "iris.onnx", "iris.safetensors"] { #expect(sandbox.exists(file)) }
        let summary = try Sandbox.json(sandbox.text("runs/best/summary.json"))
        let test = try #require(summary["test"] as? [String: Any])
        #expect(try #require(test["accuracy"] as? Double) > 0.8)
      }
    }
  }
}

import Foundation
import ProcessSupport
import Testing

extension Commands {
  @Suite("The stories of the README and of datasets/README.md work as they are written")
  struct StoryTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path

    /// The blocks of a file that are marked as a story's.
    private static func blocks(of file: String) throws -> [String] {
      let text = try String(contentsOfFile: root + "/" + file, encoding: .utf8)
      return text.matches(of: /<!-- story -->\n```sh\n((?:.|\n)*?)```/).map { String($0.output.1) }
    }

    /// Runs a script as a user would, with the program on the PATH.
    private func tell(_ script: String, in sandbox: Sandbox) throws -> String {
      if !sandbox.exists("datasets") {
        try FileManager.default.createSymbolicLink(
          atPath: sandbox.file("datasets"), withDestinationPath: Self.root + "/datasets")
      }
      // Its `mpirun` is that of the MPI of this build.
      let launcher = usesMPICH ? "mpirun() { \(mpiLauncher.joined(separator: " ")) \"$@\"; }\n" : ""
      let result = try run(
        "bash", ["-e", "-c", launcher + script], environment: Self.environment, directory: sandbox.path)
      try #require(result.status == 0, "\(script)\n\(result)")
      return result.output
    }

    /// `PYTHON` names the interpreter that `python3` of a story is to mean.
    private static let environment: [String: String?] = {
      let own = ProcessInfo.processInfo.environment
      func directory(_ program: String) -> String { URL(filePath: program).deletingLastPathComponent().path }
      let places = [directory(builtExecutable("ddp-train"))] + (own["PYTHON"].map { [directory($0)] } ?? [])
      return Sandbox.environment.merging([
        "PATH": (places + [own["PATH"] ?? ""]).joined(separator: ":"), "OMPI_MCA_rmaps_base_oversubscribe": "1",
        "OMPI_MCA_hwloc_base_binding_policy": "none", "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
      ]) { _, new in new }
    }()

    @Test("from a table to predictions and a model for other programs") func story() throws {
      let blocks = try Self.blocks(of: "README.md")
      #expect(blocks.count == 3)
      try Sandbox.with { sandbox in
        let output = try blocks.map { try tell($0, in: sandbox) }.joined()
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

    /// Stories of data begin with another program, whose Python modules are needed.
    @Test("from data of other programs to predictions with names", arguments: try blocks(of: "datasets/README.md"))
    func dataStory(_ script: String) throws {
      // All modules of a line, such as both of `import h5py, numpy as np`.
      let modules = script.matches(of: /(?m)^(?:import (.+)|from (\w+))/).flatMap { line in
        (line.output.1 ?? line.output.2 ?? "").split(separator: ",").compactMap { $0.split(separator: " ").first }
      }
      let check = try run(
        "bash", ["-c", "python3 -c 'import \(modules.joined(separator: ", "))'"], environment: Self.environment,
        directory: Self.root)
      // Where they are not installed, the story is not told.
      guard modules.isEmpty || check.status == 0 else { return }
      try Sandbox.with { sandbox in
        let output = try tell(script, in: sandbox)
        #expect(output.contains("predictions for") || output.contains("accuracy"), "\(script)\n\(output)")
      }
    }
  }
}

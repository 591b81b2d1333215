import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// The package in `datasets/examples`, built as its users build it.
  @Suite struct ExampleTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path

    @Test("The example package builds, and its program gives the same accuracy on one rank and on two")
    func learnedActivation() throws {
      let root = Self.root
      // A place of its own, kept between runs of the tests; without optimization it builds in a third of the time. The plan of the last
      // build would not know of files that have been added to the library since.
      let scratch = root + "/.build/examples"
      let built = try run(
        "swift",
        [
          "build", "--disable-build-manifest-caching", "--package-path", root + "/datasets/examples/LearnedActivation",
          "--scratch-path", scratch, "-c",
          "debug",
        ], timeout: .seconds(600))
      try #require(built.status == 0, "\(built)")
      try Sandbox.with { sandbox in
        var lines: [String] = []
        for ranks in [1, 2] {
          let result = try mpirun(
            ranks: ranks, scratch + "/debug/LearnedActivation",
            ["--learning-rate", "0.01", "--epochs", "8", "--quiet", "--run", "run\(ranks)"],
            environment: Sandbox.environment, directory: sandbox.path)
          try #require(result.status == 0, "\(result)")
          #expect(result.outputLines.count == 1, "\(result)")
          lines += result.outputLines
        }
        #expect(lines[0] == lines[1])
        #expect(try sandbox.arrays("run1/checkpoints/latest.h5") == sandbox.arrays("run2/checkpoints/latest.h5"))
        let parts = lines[0].split(separator: " ")
        let accuracy = try #require(parts.last.flatMap { Double($0) })
        #expect(parts.dropLast() == ["test", "accuracy"] && accuracy >= 0.93, "\(lines[0])")
        let test = try Sandbox.json(sandbox.text("run1/summary.json"))["test"] as? [String: Any]
        #expect(abs(try #require(test?["accuracy"] as? Double) - accuracy) < 1e-12)
      }
    }

    /// SwiftPM refuses compiler options, `unsafeFlags`, to dependencies of a tools version before 6.2, and says so when it
    /// plans the build. A library at the bottom is enough to make it plan.
    @Test("The example package takes a tagged version of this one, compiler options of the kernels included")
    func versionedDependency() throws {
      try Sandbox.with { sandbox in
        func succeed(_ command: String, _ arguments: [String]) throws {
          let result = try run(command, arguments, directory: sandbox.path, timeout: .seconds(300))
          try #require(result.status == 0, "\(result)")
        }
        func copy(_ path: String, to name: String) throws {
          try FileManager.default.copyItem(atPath: Self.root + "/" + path, toPath: sandbox.file(name))
        }
        try succeed("git", ["init", "--quiet", "ddp-train"])
        for name in ["Package.swift", "Sources", "Tests"] { try copy(name, to: "ddp-train/" + name) }
        let git = ["-C", "ddp-train", "-c", "user.name=test", "-c", "user.email=test@localhost"]
        try succeed("git", git + ["add", "."])
        try succeed("git", git + ["commit", "--quiet", "--message", "All of it"])
        try succeed("git", git + ["tag", "1.0.0"])

        try copy("datasets/examples/LearnedActivation", to: "example")
        let manifest = try sandbox.text("example/Package.swift")
        let versioned = manifest.replacing(
          #"name: "ddp-train", path: "../../..""#, with: "url: \"file://\(sandbox.path)/ddp-train\", from: \"1.0.0\"")
        try #require(versioned != manifest)
        try sandbox.write("example/Package.swift", Data(versioned.utf8))
        try succeed(
          "swift", ["build", "--disable-dependency-cache", "--package-path", "example", "--target", "Basics"])
        #expect(try sandbox.text("example/Package.resolved").contains(#""version" : "1.0.0""#))
        #expect(try sandbox.text("example/.build/debug.yaml").contains(#""-Xcc","-fno-math-errno""#))
      }
    }
  }
}

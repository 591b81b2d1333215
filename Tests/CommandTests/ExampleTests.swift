import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// The package in `datasets/examples`, with two programs, built as its users build it.
  @Suite struct ExampleTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path

    /// Where the programs of the package are, once they are built.
    ///
    /// A place of its own, kept between runs of the tests; without optimization it builds in a third of the time. The
    /// plan of the last build would not know of files that have been added to the library since.
    private func build() throws -> String {
      let scratch = Self.root + "/.build/examples"
      let built = try run(
        "swift",
        [
          "build", "--disable-build-manifest-caching", "--package-path", Self.root + "/datasets/examples",
          "--scratch-path", scratch, "-c", "debug",
        ], timeout: .seconds(600))
      try #require(built.status == 0, "\(built)")
      return scratch + "/debug/"
    }

    @Test("LearningRateSearch gives the same figures on one rank and on two, and writes nothing")
    func learningRateSearch() throws {
      let programs = try build()
      try Sandbox.with { sandbox in
        let outputs = try [1, 2].map { ranks in
          let result = try mpirun(
            ranks: ranks, programs + "LearningRateSearch", environment: Sandbox.environment, directory: sandbox.path)
          try #require(result.status == 0, "\(result)")
          return result.outputLines
        }
        #expect(outputs[0] == outputs[1] && outputs[0].count == 3, "\(outputs)")
        let words = outputs[0].map { $0.split { " :,".contains($0) } }
        #expect(words.map(\.first) == ["rate", "rate", "rate"] && words.map { $0[1] } == ["0.0003", "0.001", "0.003"])
        // The greatest rate learns; the least is too slow for three epochs.
        let figures = try words.map { (try #require(Double($0[3])), try #require(Double($0[5]))) }
        #expect(figures[2].0 > 0.9 && figures[2].1 > 0.8 && figures[0].0 < 0.8, "\(outputs[0])")
        #expect(try FileManager.default.contentsOfDirectory(atPath: sandbox.path) == [])
      }
    }

    @Test("LearnedActivation gives the same accuracy and checkpoint on one rank and on two")
    func learnedActivation() throws {
      let programs = try build()
      try Sandbox.with { sandbox in
        var lines: [String] = []
        for ranks in [1, 2] {
          let result = try mpirun(
            ranks: ranks, programs + "LearnedActivation",
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

    /// SwiftPM refuses compiler options, `unsafeFlags`, to dependencies of a tools version before 6.2, and says so when
    /// it plans the build. A library at the bottom is enough to make it plan.
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

        try copy("datasets/examples", to: "example")
        let manifest = try sandbox.text("example/Package.swift")
        let versioned = manifest.replacing(
          #"name: "ddp-train", path: "../..""#, with: "url: \"file://\(sandbox.path)/ddp-train\", from: \"1.0.0\"")
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

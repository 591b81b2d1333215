import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// The package in `datasets/examples`, built as its users build it.
  @Suite struct ExampleTests {
    @Test("The example package builds, and its program gives the same accuracy on one rank and on two")
    func learnedActivation() throws {
      let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
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
  }
}

import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// Text from a model of characters.
  @Suite struct GenerationTests {
    private let best = "run/checkpoints/best.h5"
    private static let layers =
      "model.layers=[{embedding:16},'positional_embedding',\(block),\(block),\(block),\(block),'layer_norm','dense']"
    private static let block = "{transformer_block:{heads:2,causal:true}}"

    private func train(_ sandbox: Sandbox) throws -> FinishedProcess {
      try sandbox.write("abc.txt", Data(String(repeating: "abcdefgh\n", count: 120).utf8))
      try sandbox.succeed(["data", "convert", "text", "abc.txt", "--context", "12", "--output", "abc.h5"])
      return try sandbox.succeed([
        "--data", "abc.h5", "--set", Self.layers, "--epochs", "10", "--batch-size", "8", "--learning-rate", "0.01",
        "--run",
        "run",
      ])
    }

    @Test("Text goes on from the prompt as the model has read it, one seed one text; repeated blocks are shown once")
    func text() throws {
      try Sandbox.with { sandbox in
        let training = try train(sandbox)
        #expect(training.outputLines.allSatisfy { $0.count <= 80 }, "\(training)")
        #expect(
          training.output.contains("  4 × transformer_block 2 heads → layer_norm 12×16 → dense 12×9\n"), "\(training)")

        let likeliest = ["generate", best, "--length", "20", "--temperature", "0", "--prompt"]
        // Both shorter and longer than the 12 characters that the model sees.
        #expect(try sandbox.succeed(likeliest + ["c"]).output == "cdefgh\nabcdefgh\nabcde\n")
        #expect(
          try sandbox.succeed(likeliest + ["fgh\nabcdefgh\nabc"]).output
            == "fgh\nabcdefgh\nabcdefgh\nabcdefgh\nabcde\n")
        let nothing = try sandbox.succeed(["generate", best, "--length", "0", "--prompt", "ab"])
        #expect(nothing.output == "ab\n")

        func drawn(_ seed: Int) throws -> String {
          try sandbox.succeed(["generate", best, "--length", "60", "--temperature", "5", "--seed", "\(seed)"]).output
        }
        let first = try drawn(1)
        #expect(first.count == 62 && first.hasPrefix("\n") && Set(first).isSubset(of: "abcdefgh\n"))
        #expect(try drawn(1) == first)
        #expect(try drawn(2) != first)
      }
    }

    @Test func mistakesAreOneLine() throws {
      try Sandbox.with { sandbox in
        _ = try train(sandbox)
        try sandbox.expectFailure(
          ["generate", best, "--prompt", "aéb"], status: 2,
          "--prompt: the character 'é' does not occur in the text that the model was trained on")
        try sandbox.expectFailure(
          ["generate", best, "--prompt", ""], status: 2, "--prompt: expected text that is not empty, found \"\"")
        try sandbox.expectFailure(["generate", "none.h5"], status: 3, "cannot open none.h5: there is no such file")
        try sandbox.makeBlobs()
        try sandbox.succeed(quickTraining + ["--run", "blobs"])
        try sandbox.expectFailure(
          ["generate", "blobs/checkpoints/best.h5"], status: 2,
          "blobs/checkpoints/best.h5: is not of a model of characters; train one on a file that data convert text "
            + "made, "
            + "with --model char-lstm")
        try sandbox.expectFailure(
          ["generate", "abc.h5"], status: 3, "abc.h5: this HDF5 file is not a checkpoint of ddp-train")
      }
    }
  }
}

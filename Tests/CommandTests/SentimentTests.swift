import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// Labelled texts, from a CSV file to predictions on new ones.
  @Suite struct SentimentTests {
    private static let datasets = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "datasets").path
    private let best = "run1/checkpoints/best.h5"

    @Test("The configuration that comes with the reviews tells praise from blame, alike on any number of ranks")
    func reviews() throws {
      try Sandbox.with { sandbox in
        try sandbox.succeed([
          "data", "convert", "text-csv", Self.datasets + "/reviews.csv", "--test", "0.2", "--output", "reviews.h5",
        ])
        for ranks in [1, 3] {
          try sandbox.succeed([Self.datasets + "/sentiment.json5", "--run", "run\(ranks)"], ranks: ranks)
        }
        #expect(try sandbox.metrics("run1") == sandbox.metrics("run3"))
        #expect(try sandbox.arrays("run1/checkpoints/latest.h5") == sandbox.arrays("run3/checkpoints/latest.h5"))
        let summary = try Sandbox.json(sandbox.text("run1/summary.json"))
        let accuracy = try #require((summary["test"] as? [String: Any])?["accuracy"] as? Double)
        #expect(accuracy > 0.95)
        let report = try Sandbox.json(sandbox.succeed(["evaluate", best, "--json"]).output)
        #expect(report["accuracy"] as? Double == accuracy)

        // Fewer texts than shards, under opinions that mean their opposite.
        let texts = "review\nThe film was not bad at all.\n\"Charming at first, but it was hardly a triumph!\"\n"
        try sandbox.write("new.csv", Data(texts.utf8))
        try sandbox.succeed(["data", "convert", "text-csv", "new.csv", "--like", "reviews.h5", "--output", "new.h5"])
        try sandbox.succeed(["predict", best, "--data", "new.h5", "--output", "p.h5"], ranks: 3)
        #expect(try HDF5File.open(sandbox.file("p.h5")).dataset("/classes").readAll(as: Int.self) == [1, 0])

        let padding = try HDF5File.open(sandbox.file(best)).dataset("/model/0.weight").readAll(as: Float.self).prefix(
          32)
        #expect(padding.allSatisfy { $0 == 0 }, "the padding's vector learns nothing")
      }
    }

    @Test func mistakesAreOneLine() throws {
      try Sandbox.with { sandbox in
        try sandbox.write("a.csv", Data("text,label\none two,x\nthree,y\none,x\nfour,y\n".utf8))
        try sandbox.succeed(["data", "convert", "text-csv", "a.csv", "--output", "a.h5"])
        try sandbox.expectFailure(
          ["data", "convert", "text-csv", "a.csv", "--output", "a.h5", "--text", "txt"], status: 2,
          "--text txt: no such column in a.csv, which has text, label; did you mean 'text'?")
        let quick = ["--data", "a.h5", "--epochs", "1", "--run", "run1"]
        try sandbox.expectFailure(
          quick + [
            "--set", "model.layers=[{embedding:{dimension:4,padding:6}},{gru:{units:2,sequence:false}},'dense']",
          ],
          status: 2, "model.layers[0].embedding.padding: expected one of the numbers 0 to 5, found 6")
        try sandbox.expectFailure(
          quick + ["--set", "model.layers=[{embedding:{dimension:4,size:3}},{gru:{units:2,sequence:false}},'dense']"],
          status: 3,
          "a.h5: /train/x row 0: expected whole numbers from 0 to 2 for the embedding, found uint8 from 0 to 5; give "
            + "the "
            + "embedding's size, or prepare the data with ddp-train data convert text or text-csv")
        try sandbox.makeBlobs()
        try sandbox.expectFailure(
          [
            "--data", "blobs.h5", "--set", "data.scaling='standard'", "--set",
            "model.layers=[{mask:0},{gru:2},'dense']",
          ],
          status: 2,
          "data.scaling: standard gives each feature its own zero, which the layer mask cannot find; give none, or "
            + "scale the "
            + "data before padding it")
        try sandbox.succeed(quick + ["--model", "sentiment"])
        let longer = "text,label\n" + (0..<9).map { "w\($0) v\($0),\($0 % 2)\n" }.joined()
        try sandbox.write("b.csv", Data(longer.utf8))
        try sandbox.succeed(["data", "convert", "text-csv", "b.csv", "--output", "b.h5"])
        try sandbox.expectFailure(
          ["predict", best, "--data", "b.h5", "--output", "p.h5"], status: 3,
          "b.h5: /train/x stands for other words than \(best): 2 is 'v0', expected 'one'; convert it with data convert "
            + "text-csv --like OTHER.h5, the file that it was trained on")
      }
    }
  }
}

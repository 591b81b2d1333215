import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// Models for images, from the file to the checkpoint.
  @Suite struct ImageTests {
    private static let layers =
      "model.layers=[{conv2d:{filters:9,padding:'same'}},'relu',{max_pool2d:2},{conv2d:{filters:16,stride:[2,1]}},"
      + "'tanh',{dense:8},'relu','dense']"
    private static let quick = ["--epochs", "5", "--batch-size", "12", "--learning-rate", "0.01", "--set", layers]

    /// 60 images of three channels in three classes, `/X` in the given layout.
    private func makeImages(_ sandbox: Sandbox, _ name: String, channelsFirst: Bool) throws {
      let (rows, channels, height, width) = (60, 3, 9, 10)
      var values = [UInt8](repeating: 0, count: rows * channels * height * width)
      for row in 0..<rows {
        for c in 0..<channels {
          for pixel in 0..<height * width {
            let index = channelsFirst ? c * height * width + pixel : pixel * channels + c
            let noise = ((row * 31 + c) * 7919 + pixel * 104_729) % 97
            values[row * channels * height * width + index] = UInt8((c == row % 3 ? 120 : 20) + noise)
          }
        }
      }
      let file = try HDF5File.create(sandbox.file(name))
      let sample = channelsFirst ? [channels, height, width] : [height, width, channels]
      try file.write("/X", shape: [rows] + sample, elements: values)
      try file.write("/y", shape: [rows], elements: Sandbox.labels(rows))
      try file.close()
    }

    @Test("Ranks, and the file's layout, leave the bits alone; the checkpoint evaluates")
    func sameBits() throws {
      try Sandbox.with { sandbox in
        try makeImages(sandbox, "first.h5", channelsFirst: true)
        try makeImages(sandbox, "last.h5", channelsFirst: false)
        try sandbox.succeed(Self.quick + ["--data", "first.h5", "--run", "a"])
        let expected = try sandbox.arrays("a/checkpoints/latest.h5")
        #expect(expected["/model/0.weight"]?.count == 9 * 3 * 3 * 3)
        for ranks in [2, 4] {
          try sandbox.succeed(Self.quick + ["--data", "first.h5", "--run", "a\(ranks)"], ranks: ranks)
          #expect(try sandbox.arrays("a\(ranks)/checkpoints/latest.h5") == expected)
        }
        try sandbox.succeed(Self.quick + ["--data", "last.h5", "--run", "b"])
        #expect(try sandbox.arrays("b/checkpoints/latest.h5") == expected)
        let last = try #require(try sandbox.metrics("a").last?["train_accuracy"] as? Double)
        #expect(last > 0.5, "the images can be learned")
        let report = try sandbox.succeed(["evaluate", "a/checkpoints/latest.h5", "--data", "last.h5", "--json"])
        let accuracy = try #require(Sandbox.json(report.output)["accuracy"] as? Double)
        #expect(accuracy > 0.5)
      }
    }

    @Test("A model of dense layers reads the features in the file's order")
    func rowsAreAsInTheFile() throws {
      try Sandbox.with { sandbox in
        try makeImages(sandbox, "first.h5", channelsFirst: true)
        let dense = ["--data", "first.h5", "--epochs", "1", "--set", "model.layers=[{dense:4},'relu','dense']"]
        try sandbox.succeed(dense + ["--run", "a"])
        try sandbox.succeed(dense + ["--run", "b", "--set", "data.layout=channels_last"])
        #expect(try sandbox.arrays("a/checkpoints/latest.h5") == sandbox.arrays("b/checkpoints/latest.h5"))
      }
    }

    @Test(arguments: [
      (
        "[{conv2d:{filters:4,kernel:12}},'dense']",
        "model.layers[0].conv2d: expected images that a window of 12×12 fits into, found 9×10×3 a sample"
      ),
      (
        "[{conv2d:{filters:4,groups:2}},'dense']",
        "model.layers[0].conv2d.groups: expected a divisor of the 3 input channels and the 4 filters, found 2"
      ),
      (
        "[{conv2d:{filters:4,kernel:2,padding:'same'}},'dense']",
        "model.layers[0].conv2d.padding: \"same\" needs a kernel of odd size, found 2×2; give a number"
      ),
      (
        "[{conv2d:{kernel:3}},'dense']",
        "model.layers[0].conv2d.filters: expected the number of filters, the channels of the output"
      ),
      (
        "[{max_pool2d:{size:2,padding:2}},'dense']",
        "model.layers[0].max_pool2d.padding: expected at most half of the size 2×2, found 2×2"
      ),
      ("['flatten',{conv2d:4},'dense']", "model.layers[1].conv2d: expected images (H × W × C), found 270 a sample"),
      (
        "['flatten',{reshape:{height:9,width:9}},'dense']",
        "model.layers[1].reshape: expected 81 elements for 9×9×1, found 270 a sample"
      ),
    ])
    func mistakes(layers: String, message: String) throws {
      try Sandbox.with { sandbox in
        try makeImages(sandbox, "first.h5", channelsFirst: true)
        try sandbox.expectFailure(["--data", "first.h5", "--set", "model.layers=\(layers)"], status: 2, message)
      }
    }
  }
}

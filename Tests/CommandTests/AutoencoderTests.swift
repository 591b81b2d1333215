import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// Models whose targets are their own features.
  @Suite struct AutoencoderTests {
    private static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    private static let best = "run/checkpoints/best.h5"

    /// The mean squared error that so many principal components leave on the bundled digits' test split.
    private func componentError(rank: Int) throws -> Double {
      let data = try Data(contentsOf: Self.project.appending(path: "Tests/Fixtures/numpy-pca.json"))
      let fixture = try Sandbox.json(String(decoding: data, as: UTF8.self))
      let cases = try #require(fixture["cases"] as? [[String: Any]])
      return try #require(cases.first { $0["rank"] as? Int == rank }?["test"] as? Double)
    }

    private func testLoss(_ sandbox: Sandbox, _ run: String = "run") throws -> Double {
      let test = try #require(Sandbox.json(sandbox.text(run + "/summary.json"))["test"] as? [String: Any])
      return try #require(test["loss"] as? Double)
    }

    /// 96 images of 6×4 pixels and three channels, channels first, without labels: bars at one of several places.
    private func makeImages(_ sandbox: Sandbox) throws -> [UInt8] {
      let pixels = (0..<96 * 72).map { index -> UInt8 in
        let (row, channel, y, x) = (index / 72, index / 24 % 3, index / 4 % 6, index % 4)
        return y == row % 6 || x == row / 6 % 4 ? UInt8(80 + 50 * channel) : UInt8(10 * channel)
      }
      let file = try HDF5File.create(sandbox.file("images.h5"))
      try file.write("/train/x", shape: [96, 3, 6, 4], elements: pixels)
      try file.close()
      return pixels
    }

    @Test(
      "The shipped configuration leaves less error on unseen digits than as many principal components"
    )
    func belowPrincipalComponents() throws {
      try Sandbox.with { sandbox in
        let configuration = Self.project.appending(path: "datasets/autoencoder.json5").path
        try sandbox.succeed([configuration, "--run", "run"], ranks: 2)
        let loss = try testLoss(sandbox)
        #expect(try loss < 0.75 * componentError(rank: 8))
        // The claim is about eight numbers: the code is the third of five dense layers.
        let checkpoint = try HDF5File.open(sandbox.file(Self.best))
        #expect(try checkpoint.dataset("/model/4.weight").shape == [8, 64])

        // The loss is that of what `predict` writes, in the units of the scaled features.
        let digits = Self.project.appending(path: "datasets/digits.h5").path
        try sandbox.succeed(["predict", Self.best, "--data", digits, "--output", "p.h5"], ranks: 2)
        let values = try HDF5File.open(sandbox.file("p.h5")).dataset("/values")
        #expect(values.shape == [360, 8, 8])
        let pixels = try HDF5File.open(digits).dataset("/test/x").readAll(as: Int.self)
        let squares = zip(try values.readAll(as: Float.self), pixels).map { pow(Double($0) - Double($1) / 16, 2) }
        #expect(abs(squares.reduce(0, +) / Double(squares.count) - loss) < 1e-9)
        let report = try Sandbox.json(sandbox.succeed(["evaluate", Self.best, "--json"]).output)
        let metrics = try #require(report["metrics"] as? [String: Any])
        #expect(abs(try #require(metrics["mse"] as? Double) - loss) < 1e-9)
        #expect(["rmse", "mae", "r2"].allSatisfy { metrics[$0] is Double } && report["accuracy"] is NSNull)
      }
    }

    @Test(
      "Images through convolutions, without labels, and from noise; the same bits on any number of ranks"
    )
    func convolutions() throws {
      try Sandbox.with { sandbox in
        let pixels = try makeImages(sandbox)
        let options = [
          "--data", "images.h5", "--epochs", "60", "--batch-size", "16", "--learning-rate", "0.02", "--set",
          "data.target=features", "--set",
          "model.layers=[{conv2d:{filters:12,padding:1}},'relu',{max_pool2d:2},"
            + "{conv_transpose2d:{filters:3,kernel:2,stride:2}}]",
        ]
        let denoising = ["--set", "data.augment=[{noise:{standard_deviation:0.1}},{cutout:{size:1}}]"]
        try sandbox.succeed(options + denoising + ["--run", "run"])
        try sandbox.succeed(options + denoising + ["--run", "again"], ranks: 3)
        #expect(try sandbox.arrays(Self.best) == sandbox.arrays("again/checkpoints/best.h5"))
        #expect(try sandbox.metrics("run") == sandbox.metrics("again"))
        try sandbox.succeed(
          ["predict", Self.best, "--data", "images.h5", "--split", "train", "--output", "p.h5"])
        let values = try HDF5File.open(sandbox.file("p.h5")).dataset("/values")
        #expect(values.shape == [96, 6, 4, 3], "channels last, as the model has them")
        let outputs = try values.readAll(as: Float.self)
        var error = 0.0, variance = 0.0
        let mean = pixels.reduce(0) { $0 + Double($1) / 255 } / Double(pixels.count)
        for index in outputs.indices {
          let (row, pixel, channel) = (index / 72, index / 3 % 24, index % 3)
          let target = Double(pixels[row * 72 + channel * 24 + pixel]) / 255
          error += pow(Double(outputs[index]) - target, 2)
          variance += pow(target - mean, 2)
        }
        #expect(error < 0.2 * variance, "\(error / variance)")
      }
    }

    @Test("Augmentation changes the input alone: noise of deviation 3 in the target would leave an error of 9")
    func targetsAreClean() throws {
      try Sandbox.with { sandbox in
        _ = try makeImages(sandbox)
        try sandbox.succeed([
          "--data", "images.h5", "--model", "autoencoder", "--epochs", "20", "--batch-size", "16", "--run", "run",
          "--set",
          "data.augment=[{noise:{standard_deviation:3}}]",
        ])
        let losses = try sandbox.metrics("run").map { try #require($0["train_loss"] as? Double) }
        #expect(losses.count == 20 && losses[19] < 1, "\(losses)")
      }
    }

    @Test("Binary cross-entropy of pixels from 0 to 1")
    func probabilities() throws {
      try Sandbox.with { sandbox in
        _ = try makeImages(sandbox)
        let options = [
          "--data", "images.h5", "--model", "autoencoder", "--loss", "binary_cross_entropy", "--run", "run",
        ]
        try sandbox.succeed(options + ["--epochs", "2"])
        try sandbox.succeed(["predict", Self.best, "--data", "images.h5", "--split", "train", "--output", "p.h5"])
        #expect(try HDF5File.open(sandbox.file("p.h5")).dataset("/probabilities").shape == [96, 72])
        try sandbox.expectFailure(
          options + ["--run", "other", "--set", "data.scaling=none"], status: 2,
          "images.h5: /train/x row 0: the features, scaled, go from 0.0 to 180.0, but binary_cross_entropy expects "
            + "targets "
            + "from 0 to 1; use --set data.scaling=min_max, or --loss mse")
      }
    }

    @Test func mistakesAreOneLine() throws {
      try Sandbox.with { sandbox in
        _ = try makeImages(sandbox)
        let options = ["--data", "images.h5", "--set", "data.target=features", "--run", "out"]
        func expect(_ more: [String], _ message: String) throws {
          try sandbox.expectFailure(options + more, status: 2, message)
        }
        try expect(
          ["--loss", "cross_entropy"],
          "loss: cross_entropy cannot be held against features; where the target is the features give one of "
            + "binary_cross_entropy, mse, mae, huber, log_cosh")
        for name in ["flip", "crop", "shift", "rotate"] {
          try expect(
            ["--set", "data.augment=['noise','\(name)']"],
            "data.augment: \(name) moves the pixels of a sample, but not the features that it is held against; leave "
              + "it out "
              + "(cutout and noise may stay)")
        }
        try expect(
          ["--set", "model.layers=[{embedding:{dimension:2,size:256}},'dense']"],
          "data.target: the model looks its features up in an embedding, where their numbers mean nothing; give labels "
            + "as "
            + "the target")
        try expect(
          ["--set", "model.layers=[{dense:8},'relu',{dense:70}]"],
          "model: the last layer gives 70 outputs, but the data and the loss need 72; leave the last dense layer's "
            + "size "
            + "out, or give 72")
        try expect(
          ["--set", "model.layers=[{reshape:{height:6,width:4,channels:3}},{conv2d:{filters:3,padding:1}}]"],
          "model: gives images of 6×4×3, but the features of a sample are 3×6×4, in another order; end the model with "
            + "\"flatten\" if it begins with a reshape")
      }
    }
  }
}

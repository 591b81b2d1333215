import CZlib
import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// `generate` for a GAN, and what a GAN is refused.
  @Suite struct GANGenerationTests {
    private let best = "run/checkpoints/best.h5"

    /// Trains the model `gan` for an epoch on images whose shape is `[channels, 8, 8]` or `[8, 8]`.
    private func withRun(
      channels: [UInt8]?, _ options: [String] = [], _ body: (Sandbox) throws -> Void
    ) throws {
      try Sandbox.with { sandbox in
        let file = try HDF5File.create(sandbox.file("images.h5"))
        var shape = [24, 8, 8]
        if let channels { shape.insert(channels.count, at: 1) }
        // Each channel constant, or a pattern that differs from sample to sample.
        var pixels: [UInt8] = []
        for sample in 0..<24 {
          let pattern = (0..<64).map { UInt8(($0 * 37 + sample * 11) % 256) }
          pixels += channels?.flatMap { [UInt8](repeating: $0, count: 64) } ?? pattern
        }
        try file.write("/train/x", shape: shape, elements: pixels)
        try file.close()
        try sandbox.succeed(
          ["--model", "gan", "--data", "images.h5", "--epochs", "1", "--batch-size", "8", "--run", "run"] + options)
        try body(sandbox)
      }
    }

    /// Grey, scaled by 255: the picture is the samples, rounded, in a grid of 3 by 2 with two pixels between.
    @Test func gridAndDataAreTheSameSamples() throws {
      try withRun(channels: nil) { sandbox in
        try sandbox.succeed(["generate", best, "--samples", "5", "--grid", "grid.png", "--output", "samples.h5"])
        let file = try HDF5File.open(sandbox.file("samples.h5"))
        let dataset = try file.dataset("/train/x")
        let samples = try dataset.readAll(as: Float.self)
        #expect(try dataset.shape == [5, 8, 8] && dataset.elementType == .float32)
        #expect(try file.doubleAttribute("valid_max", of: "/train/x") == 255)
        #expect(samples.allSatisfy { (0...255).contains($0) } && Set(samples).count > 64)

        let picture = try Picture(sandbox.bytes("grid.png"))
        #expect(picture.width == 32 && picture.height == 22 && picture.channels == 1)
        var expected = [UInt8](repeating: 0, count: 32 * 22)
        for index in samples.indices {
          let (sample, row, column) = (index / 64, index / 8 % 8, index % 8)
          expected[(2 + sample / 3 * 10 + row) * 32 + 2 + sample % 3 * 10 + column] = UInt8(samples[index].rounded())
        }
        #expect(picture.pixels == expected)

        // A sample depends on the seed and its number alone; and the file is read without options.
        try sandbox.succeed(["generate", best, "--samples", "70", "--output", "more.h5"])
        let more = try HDF5File.open(sandbox.file("more.h5")).dataset("/train/x").readAll(as: Float.self)
        #expect(more.prefix(320).elementsEqual(samples) && Set(more).count > 70 * 32)
        try sandbox.succeed(["generate", best, "--samples", "5", "--seed", "7", "--output", "other.h5"])
        #expect(try HDF5File.open(sandbox.file("other.h5")).dataset("/train/x").readAll(as: Float.self) != samples)
        let inspection = try sandbox.succeed(["data", "inspect", "samples.h5"])
        #expect(inspection.output.contains("5×8×8  float32"), "\(inspection)")
      }
    }

    /// `min_max` moves each constant channel by its own value and scales nothing: samples are that value plus 0 to 1.
    @Test func coloursKeepTheUnitsAndTheOrderOfTheFile() throws {
      try withRun(channels: [200, 50, 100], ["--set", "data.scaling=min_max"]) { sandbox in
        try sandbox.succeed(["generate", best, "--samples", "2", "--grid", "grid.png", "--output", "samples.h5"])
        let dataset = try HDF5File.open(sandbox.file("samples.h5")).dataset("/train/x")
        let samples = try dataset.readAll(as: Float.self)
        #expect(dataset.shape == [2, 3, 8, 8])
        let moved = samples.enumerated().map { index, value in value - [200, 50, 100][index / 64 % 3] }
        #expect(moved.allSatisfy { 0 < $0 && $0 < 1 })
        // The least value of the samples is black, the greatest white.
        let picture = try Picture(sandbox.bytes("grid.png"))
        #expect(picture.width == 22 && picture.height == 12 && picture.channels == 3)
        let (black, white) = (try #require(samples.min()), try #require(samples.max()))
        let errors = samples.enumerated().map { index, value in
          let (sample, channel, row, column) = (index / 192, index / 64 % 3, index / 8 % 8, index % 8)
          let pixel = picture.pixels[((2 + row) * 22 + 2 + sample * 10 + column) * 3 + channel]
          return abs(Float(pixel) - (value - black) * 255 / (white - black))
        }
        #expect(errors.allSatisfy { $0 <= 0.51 })
      }
    }

    @Test func whatDoesNotFitAGANIsOneLine() throws {
      try withRun(channels: nil) { sandbox in
        func fails(_ arguments: [String], _ message: String) throws {
          try sandbox.expectFailure(arguments, status: 2, message)
        }
        let advice =
          "is of a GAN, which makes samples and has no predictions to evaluate; use ddp-train generate with --grid or "
          + "--output"
        try fails(["evaluate", best], "\(best): \(advice)")
        try fails(["predict", best, "--data", "images.h5", "--output", "p.h5"], "\(best): \(advice)")
        try fails(
          ["generate", best], "generate: expected --grid FILE.png, --output OUT.h5 or both, for the samples of \(best)")
        try fails(
          ["generate", best, "--grid", "g.png", "--prompt", "a"],
          "--prompt: \(best) is of a GAN, which makes samples and no text; leave it out")
        try fails(["generate", best, "--samples", "0"], "--samples: expected from 1 to 100000, found 0")
        try fails(
          ["lr-find", "--model", "gan", "--data", "images.h5"],
          "lr-find: the losses of a GAN depend on both networks and suggest no rate; use it for a single model")
      }
    }

    @Test(arguments: [
      (["--loss", "mse"], "loss: a GAN has its own, binary cross-entropy on reals and fakes; leave it out"),
      (
        ["--set", "data.validation=0.1"],
        "data.validation: a GAN is trained on all samples and has no validation figures; set it to 0"
      ),
      (
        ["--set", "early_stopping.patience=3"],
        "early_stopping: the losses of a GAN do not tell when to stop; leave it out"
      ),
      (
        ["--set", "schedule.name=plateau"],
        "schedule: plateau follows a loss, but those of a GAN do not fall; give another name"
      ),
      (["--set", "data.target=features"], "data.target: a GAN has no targets; leave it out"),
      (
        ["--set", "data.augment=['mixup']"], "data.augment: mixup mixes targets, of which a GAN has none; leave it out"
      ),
      (
        ["--set", "data.scaling=standard"],
        "data.scaling: gan makes values from 0 to 1; give unit or min_max, or describe other networks"
      ),
      (["--set", "metrics=['f1_macro']"], "metrics: a GAN has no predictions to measure; leave it out"),
      (
        ["--model", "mlp", "--set", "generator_optimizer=sgd"],
        "generator_optimizer: is for a GAN alone, whose model has a generator; leave it out"
      ),
      (
        ["--set", "model={generator:['dense']}"],
        "model.discriminator: expected a list of layers in brackets, beside the generator"
      ),
      (
        ["--set", "model={generator:[{dense:3}],discriminator:['dense']}"],
        "model.generator: gives 3 a sample, but the data and the discriminator have 64"
      ),
      (
        ["--set", "model={generator:['dense'],discriminator:[{dense:4},{batch_norm:{sync:true}},'dense']}"],
        "model: batch_norm with sync: true is not for a GAN, whose networks take turns; leave sync out"
      ),
    ])
    func configuration(options: [String], message: String) throws {
      try Sandbox.with { try $0.expectFailure(["--model", "gan"] + options, status: 2, message) }
    }
  }
}

/// A picture read back from a PNG file whose rows have no filter, every checksum checked.
private struct Picture {
  var width = 0, height = 0, channels = 0
  var pixels: [UInt8] = []

  init(_ file: Data) throws {
    let bytes = [UInt8](file)
    try #require(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
    func number(_ start: Int) -> Int { bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
    var start = 8
    var types: [String] = []
    var compressed: [UInt8] = []
    while start < bytes.count {
      let end = start + 8 + number(start)
      let body = Array(bytes[start + 4..<end])
      #expect(number(end) == Int(crc32(0, body, UInt32(body.count))))
      types.append(String(decoding: body.prefix(4), as: UTF8.self))
      if types.last == "IHDR" {
        (width, height) = (number(start + 8), number(start + 12))
        #expect(bytes[start + 16] == 8 && bytes[start + 18..<end].allSatisfy { $0 == 0 })
        channels = bytes[start + 17] == 2 ? 3 : 1
      }
      if types.last == "IDAT" { compressed += body.dropFirst(4) }
      start = end + 4
    }
    #expect(types == ["IHDR", "IDAT", "IEND"])
    let rowSize = 1 + width * channels
    var size = UInt(height * rowSize)
    var rows = [UInt8](repeating: 0, count: Int(size))
    let status = uncompress(&rows, &size, compressed, UInt(compressed.count))
    try #require(status == Z_OK && Int(size) == rows.count)
    for row in 0..<height {
      #expect(rows[row * rowSize] == 0)
      pixels += rows[row * rowSize + 1..<(row + 1) * rowSize]
    }
  }
}

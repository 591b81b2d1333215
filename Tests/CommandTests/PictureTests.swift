import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// Pictures from files to predictions, and pictures of samples.
  @Suite struct PictureTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures").path

    private func add(_ fixture: String, to sandbox: Sandbox, as name: String) throws {
      let target = URL(filePath: sandbox.file(name))
      try FileManager.default.createDirectory(
        at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.copyItem(at: URL(filePath: "\(Self.fixtures)/\(fixture)"), to: target)
    }

    @Test("A model that was trained on folders of pictures names the classes of new files")
    func fromFilesToPredictions() throws {
      try Sandbox.with { sandbox in
        for index in 0..<12 {
          try add("pictures/rgb.png", to: sandbox, as: "old/waves/\(index).png")
          try add("pictures/cmyk.jpg", to: sandbox, as: "old/print/\(index).jpg")
        }
        try sandbox.succeed(["data", "convert", "images", "old", "--size", "12x8", "--output", "old.h5"])
        try sandbox.succeed([
          "--data", "old.h5", "--epochs", "6", "--batch-size", "8", "--run", "run", "--set",
          "model.layers=['flatten',{dense:2}]",
        ])
        try add("pictures/rgb444.jpg", to: sandbox, as: "new/b.jpg")
        try add("pictures/ycck.jpg", to: sandbox, as: "new/c.jpg")
        try add("pictures/cmyk.jpg", to: sandbox, as: "new/a.jpg")
        try sandbox.succeed(["predict", "run", "--data", "new", "--output", "new.csv", "--grid", "new.png"], ranks: 2)
        let lines = try sandbox.text("new.csv").split(separator: "\n").map { $0.split(separator: ",") }
        #expect(lines.dropFirst().map { $0[1] } == ["a.jpg", "b.jpg", "c.jpg"])
        #expect(lines[1][2] == "print" && lines[2][2] == "waves")
        #expect(try pixels(of: "new.png", in: sandbox).count > 10_000)
        try sandbox.succeed(["predict", "run", "--data", "new/b.jpg", "--output", "one.csv"])
        #expect(try sandbox.text("one.csv").contains("b.jpg,waves,"))
        // Class folders of which the first is missing.
        try add("pictures/rgb.png", to: sandbox, as: "tests/waves/1.png")
        let report = try sandbox.succeed(["evaluate", "run", "--data", "tests", "--json"])
        #expect(try #require(Sandbox.json(report.output)["accuracy"] as? Double) == 1)
      }
    }

    @Test("Samples are shown as pictures, with true boxes and predicted ones")
    func grids() throws {
      try Sandbox.with { sandbox in
        try add("checkpoints/detector/checkpoint.h5", to: sandbox, as: "checkpoint.h5")
        try add("checkpoints/data/shapes.h5", to: sandbox, as: "shapes.h5")
        try sandbox.succeed(["data", "inspect", "shapes.h5", "--grid", "truth.png"])
        try sandbox.succeed([
          "predict", "checkpoint.h5", "--data", "shapes.h5", "--output", "p.csv", "--grid", "found.png",
        ])
        let truth = try pixels(of: "truth.png", in: sandbox), found = try pixels(of: "found.png", in: sandbox)
        let (green, orange): ([UInt8], [UInt8]) = ([44, 200, 44], [255, 127, 14])
        #expect(truth.contains(green) && !truth.contains(orange))
        #expect(found.contains(orange) && !found.contains(green))
        try sandbox.makeBlobs()
        let result = try sandbox.train(["data", "inspect", "blobs.h5", "--grid", "blobs.png"])
        #expect(result.status == 2 && result.errorLines.first?.contains("are no pictures") == true, "\(result)")
        #expect(!sandbox.exists("blobs.png"))
      }
    }

    /// The pixels of a PNG, as the program reads it.
    private func pixels(of name: String, in sandbox: Sandbox) throws -> [[UInt8]] {
      try sandbox.succeed(
        ["data", "convert", "images", name, "--unlabelled", "--colour", "rgb", "--output", "\(name).h5"])
      let values = try HDF5File.open(sandbox.file("\(name).h5")).dataset("/train/x").readAll(as: UInt8.self)
      return stride(from: 0, to: values.count, by: 3).map { Array(values[$0..<$0 + 3]) }
    }
  }
}

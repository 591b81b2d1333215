import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// Outputs that would destroy what they are made of, or bear a name that says something else.
  @Suite struct OutputErrorTests {
    @Test func anOutputIsNoInput() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try sandbox.succeed(quickTraining + ["--epochs", "1", "--run", "run", "--quiet"])
        let checkpoint = "run/checkpoints/step-00000006.h5"
        let files = FileManager.default
        try files.createDirectory(atPath: sandbox.file("parts"), withIntermediateDirectories: false)
        try files.copyItem(atPath: sandbox.file("blobs.h5"), toPath: sandbox.file("parts/a.h5"))
        try files.createSymbolicLink(atPath: sandbox.file("link.h5"), withDestinationPath: "blobs.h5")
        try files.linkItem(atPath: sandbox.file("blobs.h5"), toPath: sandbox.file("hard.h5"))
        try files.createSymbolicLink(atPath: sandbox.file("model.h5"), withDestinationPath: checkpoint)
        try sandbox.write("list.txt", Data("blobs.h5\n".utf8))
        let before = try [checkpoint, "blobs.h5", "parts/a.h5"].map(sandbox.bytes)
        func refuse(_ arguments: [String], _ reason: String) throws {
          let result = try sandbox.train(arguments)
          #expect(result.status == 2 && result.errorLines.count == 1, "\(result)")
          #expect(result.errors.contains(reason), "\(result)")
        }
        for (data, output) in [
          ("blobs.h5", "./blobs.h5"), ("blobs.h5", "link.h5"), ("link.h5", "blobs.h5"), ("blobs.h5", "hard.h5"),
          ("list.txt", "blobs.h5"), ("b*.h5", "blobs.h5"), ("parts", "parts/a.h5"), ("blobs.h5", "model.h5"),
        ] {
          try refuse(["predict", "run", "--data", data, "--output", output], "--output \(output): would replace ")
        }
        // What the model was trained on, though it reads other data.
        try files.copyItem(atPath: sandbox.file("blobs.h5"), toPath: sandbox.file("more.h5"))
        try refuse(["predict", "run", "--data", "more.h5", "--output", "blobs.h5"], "would replace ")
        try refuse(["lr-find", "--data", "more.h5", "--output", "run/summary.json"], "is a file of the run in run")
        try refuse(
          ["predict", "run", "--data", "blobs.h5", "--output", "run/checkpoints/step-00000007.h5"],
          "is the name of a run's checkpoint")
        try refuse(
          ["predict", "run", "--data", "blobs.h5", "--output", "p.txt"],
          "the form follows the name, expected one that ends in .h5 or .hdf5, .csv, .jsonl")
        try refuse(
          ["data", "make", "moons", "--output", "p.csv"],
          "an HDF5 file is written, expected a name that ends in .h5 or .hdf5")
        for (output, reason) in [
          ("none/p.h5", "there is no directory none; make it first"), ("blobs.h5/p.h5", "there is no directory"),
          ("p.h5/", "is a directory"),
        ] {
          try refuse(["predict", "run", "--data", "blobs.h5", "--output", output], reason)
          try refuse(["data", "make", "moons", "--output", output], reason)
        }
        try sandbox.write("c.json", Data("{ epochs: 1 }".utf8))
        try refuse(
          ["lr-find", "c.json", "--data", "blobs.h5", "--output", "c.json"], "would replace what it is made of")
        try refuse(["lr-find", "--data", "blobs.h5", "--output", "c.h5"], "a JSON file is written")
        try files.createDirectory(atPath: sandbox.file("own"), withIntermediateDirectories: false)
        try files.moveItem(atPath: sandbox.file("c.json"), toPath: sandbox.file("own/config.json"))
        for options in [[], ["--resume", "auto"]] {
          try refuse(
            ["own/config.json", "--data", "blobs.h5", "--run", "own"] + options, "would replace its own input")
        }
        #expect(try sandbox.text("own/config.json") == "{ epochs: 1 }")
        try files.copyItem(atPath: sandbox.file("blobs.h5"), toPath: sandbox.file("run/d.h5"))
        try refuse(
          ["--run", "run", "--overwrite", "--data", "parts/../run/d.h5"], "--overwrite would move the data")
        let after = try [checkpoint, "blobs.h5", "parts/a.h5"].map(sandbox.bytes)
        #expect(after == before)
      }
    }
  }
}

import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// Runs that start from the weights of others, and files that take weights there and back.
  @Suite struct InitialWeightsTests {
    private static let layers = "model.layers=[{dense:8},'batch_norm','relu',{dense:6},'relu','dense']"

    /// Rows of four features about a point for each class; `classes` are their names, nil for none. All features are
    /// multiplied by `unit`.
    private func makeData(
      _ sandbox: Sandbox, _ name: String, classes: [String]?, places: [Float], unit: Float = 1
    ) throws {
      let rows = 60
      let labels = (0..<rows).map { Int64($0 % places.count) }
      let file = try HDF5File.create(sandbox.file(name))
      for (split, shift) in [("train", 0), ("test", 500)] {
        let features = (0..<rows * 4).map { index in
          (places[index / 4 % places.count] * Float(index % 4 + 1) + Float(((index + shift) * 7919) % 101) / 101) * unit
        }
        try file.write("/\(split)/x", shape: [rows, 4], elements: features)
        try file.write("/\(split)/y", shape: [rows], elements: labels)
        if let classes {
          try file.setAttribute("classes", to: classes.joined(separator: "\n"), of: "/\(split)/y")
        }
      }
      try file.close()
    }

    /// A run of five named classes, in `five`.
    private func makeFive(_ sandbox: Sandbox) throws {
      try makeData(sandbox, "five.h5", classes: ["a", "b", "c", "d", "e"], places: [-2, -1, 0, 1, 2])
      try sandbox.succeed([
        "train", "--data", "five.h5", "--epochs", "4", "--batch-size", "20", "--learning-rate", "0.02", "--set",
        Self.layers, "--run", "five", "--quiet", "--set", "ema_decay=0.9",
      ])
    }

    private func floats(_ sandbox: Sandbox, _ file: String, _ path: String) throws -> [Float] {
      try HDF5File.open(sandbox.file(file)).dataset(path).readAll()
    }

    @Test("A classifier of five classes becomes one of three, with a frozen layer, on any number of ranks")
    func story() throws {
      try Sandbox.with { sandbox in
        try makeFive(sandbox)
        try makeData(sandbox, "three.h5", classes: ["x", "y", "z"], places: [0.5, 1.5, -1.5])
        let options = [
          "train", "--data", "three.h5", "--init-from", "five", "--epochs", "4", "--batch-size", "20",
          "--learning-rate", "0.02", "--set", Self.layers, "--set", "freeze=['0','1']", "--set",
          "optimizer.groups=[{match:'5.*',rate_factor:3}]", "--set", "optimizer.weight_decay=0.1",
        ]
        let result = try sandbox.succeed(options + ["--run", "one"])
        let output = result.output.replacingOccurrences(of: "\n           ", with: "\n")
        for line in [
          "frozen     56 of 131 parameters: 0, 1", "groups     5.*: 2 arrays, learning rate 0.06", "weights    five",
          "8 of 10 tensors from it", "fresh, their shapes differ: 5.weight [5, 6] → [3, 6], 5.bias [5] → [3]",
        ] { #expect(output.contains(line + "\n"), "\(line) in \(output)") }
        let arrays = try sandbox.arrays("one/checkpoints/latest.h5")
        let before = try sandbox.arrays("five/checkpoints/best.h5")
        for name in ["0.weight", "0.bias", "1.weight", "1.bias"] {
          #expect(arrays["/model/\(name)"] == before["/optimizer/ema/\(name)"], "\(name)")
        }
        for name in ["1.running_mean", "1.running_var"] {
          #expect(arrays["/model/\(name)"] == before["/model/\(name)"], "\(name)")
        }
        #expect(arrays["/model/3.weight"] != before["/optimizer/ema/3.weight"])
        // Features are scaled as the first run's.
        #expect(
          try floats(sandbox, "one/checkpoints/latest.h5", "/data_transform/offset")
            == floats(sandbox, "five/checkpoints/latest.h5", "/data_transform/offset"))
        // Stopped and gone on with: the weights are not needed any more.
        try sandbox.succeed(
          options + ["--run", "two", "--quiet", "--set", "schedule=constant", "--epochs", "2"], ranks: 2)
        try sandbox.succeed(options + ["--run", "whole", "--quiet", "--set", "schedule=constant"])
        try FileManager.default.removeItem(atPath: sandbox.file("five"))
        try sandbox.succeed(["train", "--run", "two", "--resume", "auto", "--epochs", "4", "--quiet"], ranks: 3)
        #expect(try sandbox.arrays("two/checkpoints/latest.h5") == sandbox.arrays("whole/checkpoints/latest.h5"))
        try sandbox.expectFailure(
          ["train", "--run", "two", "--resume", "auto", "--init-from", "one", "--quiet"], status: 2,
          "two/checkpoints/step-00000012.h5: a resumed run keeps init.from, found init.from five → one; leave it out, "
            + "or start another run")
      }
    }

    @Test("Classes in another order are matched by name, and other classes get a new head")
    func classes() throws {
      try Sandbox.with { sandbox in
        try makeFive(sandbox)
        func begin(_ data: String, _ run: String, _ more: [String] = []) throws -> String {
          try sandbox.succeed(
            [
              "train", "--data", data, "--init-from", "five", "--epochs", "0", "--run", run, "--set", Self.layers,
              "--batch-size", "20",
            ] + more
          ).output
        }
        func logits(_ run: String, _ data: String) throws -> [Float] {
          try sandbox.succeed(["predict", run, "--data", data, "--output", "\(run).out.h5"])
          return try floats(sandbox, "\(run).out.h5", "/logits")
        }
        // The same samples and names; the labels number the classes the other way round.
        try makeData(sandbox, "turned.h5", classes: ["a", "b", "c", "d", "e"].reversed(), places: [2, 1, 0, -1, -2])
        #expect(try begin("turned.h5", "turned").contains("classes a, b, c, d, e\n"))
        let figures = try ["five", "turned"].map { run in
          try Sandbox.json(sandbox.succeed(["evaluate", run, "--data", "turned.h5", "--json"]).output)["accuracy"]
            as? Double
        }
        #expect(figures[0] != nil && figures[0] == figures[1])
        #expect(try logits("five", "turned.h5") == logits("turned", "turned.h5"))

        try makeData(sandbox, "others.h5", classes: ["a", "b", "c", "d", "f"], places: [-2, -1, 0, 1, 2])
        let others = try begin("others.h5", "others")
        #expect(
          others.contains("fresh: 5.weight, 5.bias: its classes are a, b, c, d, e, those of the data a, b, c, d, f"))
        #expect(try logits("others", "others.h5") != logits("five", "five.h5"))
        #expect(try begin("others.h5", "position", ["--set", "init.match_names=false"]).contains("10 of 10 tensors"))

        try makeData(sandbox, "nameless.h5", classes: nil, places: [-2, -1, 0, 1, 2])
        let nameless = try begin("nameless.h5", "nameless")
        #expect(nameless.contains("classes have no names in the data: the outputs are taken by position"))
        #expect(try logits("nameless", "five.h5") == logits("five", "five.h5"))
      }
    }

    @Test("Exported weights start a run that predicts the same, and the averaged ones are meant")
    func export() throws {
      try Sandbox.with { sandbox in
        try makeFive(sandbox)
        let said = try sandbox.succeed(["export", "five", "--output", "five.safetensors"]).output
        #expect(said.hasPrefix("five.safetensors: 145 parameters, averaged of five/checkpoints/best.h5  step 12  "))
        try sandbox.succeed(["export", "five", "--output", "averaged.safetensors", "--averaged"])
        try sandbox.succeed(["export", "five", "--output", "raw.safetensors", "--raw"])
        #expect(try sandbox.bytes("averaged.safetensors") == sandbox.bytes("five.safetensors"))
        #expect(try sandbox.bytes("raw.safetensors") != sandbox.bytes("five.safetensors"))
        try sandbox.succeed(["predict", "five", "--data", "five.h5", "--output", "expected.h5"])
        let expected = try floats(sandbox, "expected.h5", "/logits")
        for (file, isEqual) in [("five.safetensors", true), ("raw.safetensors", false)] {
          // Columns scaled to deviation 1 by the first run: the file says how.
          try sandbox.succeed([
            "train", "--data", "five.h5", "--init-from", file, "--epochs", "0", "--run", file + ".run", "--set",
            Self.layers, "--batch-size", "20", "--quiet",
          ])
          try sandbox.succeed(["predict", file + ".run", "--data", "five.h5", "--output", "found.h5"])
          #expect(try (floats(sandbox, "found.h5", "/logits") == expected) == isEqual, "\(file)")
        }
        // What goes wrong.
        try sandbox.expectFailure(
          ["export", "five", "--output", "five.txt"], status: 2,
          "--output five.txt: the form follows the name, expected one that ends in .onnx or .safetensors")
        try sandbox.expectFailure(
          ["export", "five", "--output", "a.safetensors", "--raw", "--averaged"], status: 2,
          "export: --averaged and --raw exclude each other; give one")
        try sandbox.expectFailure(
          ["export", "five.safetensors.run", "--output", "a.safetensors", "--averaged"], status: 2,
          "five.safetensors.run/checkpoints/best.h5: there are no averaged weights in it; leave --averaged out, or "
            + "train with ema_decay")
        try sandbox.expectFailure(
          ["export", "five", "--output", "no/a.safetensors"], status: 2,
          "--output no/a.safetensors: there is no directory no; make it first")
      }
    }

    @Test("Features and targets in other units are warned of with figures, alike on any number of ranks")
    func units() throws {
      try Sandbox.with { sandbox in
        try makeFive(sandbox)
        let begin = ["train", "--epochs", "0", "--set", Self.layers, "--batch-size", "20", "--init-from"]
        for (unit, isSeen) in [(Float(1), false), (3, false), (1_000, true), (0.001, true)] {
          try makeData(
            sandbox, "unit.h5", classes: ["a", "b", "c", "d", "e"], places: [-2, -1, 0, 1, 2], unit: unit)
          let warnings = try [1, 3].map { ranks in
            try sandbox.succeed(begin + ["five", "--data", "unit.h5", "--run", "\(unit)-\(ranks)"], ranks: ranks).errors
          }
          #expect(warnings[0] == warnings[1])
          #expect(
            warnings[0].contains(
              "features are not in the units of those that the weights of five/checkpoints/best.h5 were trained on: "
                + "column ") == isSeen, "\(unit): \(warnings[0])")
          #expect(warnings[0].contains("(and so 4 of 4 columns); give them in those units, or scale them") == isSeen)
        }
        for (name, unit) in [("value.h5", Float(1)), ("thousandth.h5", 1_000)] {
          let file = try HDF5File.create(sandbox.file(name))
          let features = (0..<160).map { Float($0 * 37 % 101) / 101 }
          try file.write("/train/x", shape: [40, 4], elements: features)
          try file.write("/train/y", shape: [40, 1], elements: (0..<40).map { features[$0 * 4] * unit })
          try file.close()
        }
        let value = ["train", "--set", "model.layers=[{dense:3},'relu','dense']", "--batch-size", "20", "--epochs"]
        try sandbox.succeed(value + ["1", "--data", "value.h5", "--run", "value", "--quiet"])
        let fitting = ["0", "--init-from", "value", "--data"]
        #expect(!(try sandbox.succeed(value + fitting + ["value.h5", "--run", "same"]).errors.contains("units")))
        let other = try sandbox.succeed(value + fitting + ["thousandth.h5", "--run", "other"])
        #expect(
          other.errors.contains("targets are not in the units of those that the weights of value/"), "\(other.errors)")
      }
    }

    @Test("A fresh head is not the one that the weights of an equal seed were trained beside")
    func freshHead() throws {
      try Sandbox.with { sandbox in
        try makeFive(sandbox)
        try makeData(sandbox, "others.h5", classes: ["v", "w", "x", "y", "z"], places: [-2, -1, 0, 1, 2])
        let train = [
          "train", "--data", "others.h5", "--epochs", "0", "--set", Self.layers, "--batch-size", "20", "--quiet",
        ]
        try sandbox.succeed(train + ["--run", "drawn"])
        for ranks in [1, 2] {
          try sandbox.succeed(train + ["--run", "begun\(ranks)", "--init-from", "five"], ranks: ranks)
        }
        let name = "/model/5.weight"
        let heads = try ["drawn", "begun1", "begun2"].map { try sandbox.arrays("\($0)/checkpoints/latest.h5")[name] }
        #expect(heads[0] != nil && heads[0] != heads[1] && heads[1] == heads[2])
      }
    }

    @Test("Folds that start from weights that have seen their samples are warned of")
    func folds() throws {
      try Sandbox.with { sandbox in
        try makeFive(sandbox)
        let result = try sandbox.succeed([
          "cross-validate", "--data", "five.h5", "--set", Self.layers, "--batch-size", "20", "--epochs", "1",
          "--set", "folds.count=2", "--run", "folds", "--init-from", "five",
        ])
        #expect(result.output.contains("weights     each fold starts from five\n"), "\(result.output)")
        #expect(result.errors.contains("which were trained on these very samples: all figures are too good"))
      }
    }

    @Test("What cannot start a run is one line")
    func errors() throws {
      try Sandbox.with { sandbox in
        try makeFive(sandbox)
        let train = ["train", "--data", "five.h5", "--quiet", "--run", "bad", "--init-from"]
        try sandbox.expectFailure(
          train + ["five", "--set", "model.layers=[{dense:9},'relu',{dense:6},'relu','dense']"], status: 3,
          "five/checkpoints/best.h5: these weights are of another architecture: 0 of the model's 6 tensors are in "
            + "there by name and shape, with 0 of 105 elements below the outputs, expected at least half; of other "
            + "shapes: 0.weight [8, 4] → [9, 4], 0.bias [8] → [9]; it has 0.bias, 0.weight, 1.bias, 1.running_mean, "
            + "1.running_var, 1.weight and 4 more, and the model 0.weight, 0.bias, 2.weight, 2.bias, 4.weight, 4.bias; "
            + "give the model that they were trained with, or map their names by init.map, or name in init.skip what "
            + "is to start fresh")
        let fitting = train + ["five", "--set", Self.layers, "--set"]
        for (setting, message) in [
          (
            "freeze=dense*",
            "freeze: 'dense*' matches no parameter (known: 0.weight, 0.bias, 1.weight, 1.bias, "
              + "3.weight, 3.bias, 5.weight, 5.bias)"
          ),
          (
            "freeze=['*']",
            "freeze: leaves none of the 8 parameters to learn; freeze fewer, or give --epochs 0 to keep "
              + "them all"
          ),
          (
            "init.skip=heads",
            "init.skip: 'heads' matches no tensor of the model (known: 0.weight, 0.bias, 1.weight, "
              + "1.bias, 3.weight, 3.bias, 5.weight, 5.bias, 1.running_mean, 1.running_var)"
          ),
          (
            "init.map={'0.wieght':'0.weight'}",
            "init.map: '0.wieght' is no tensor of five/checkpoints/best.h5 (did you "
              + "mean '0.weight'?)"
          ),
          (
            "optimizer.groups=[{match:'0'},{match:'*.weight'}]",
            "optimizer.groups[1].match: '0.weight' is in "
              + "optimizer.groups[0] already; a parameter is in one group"
          ),
        ] { try sandbox.expectFailure(fitting + [setting], status: 2, message) }
        try sandbox.write("half.safetensors", Data([9, 0, 0]))
        try sandbox.expectFailure(
          train + ["half.safetensors"], ranks: 2, status: 3,
          "half.safetensors: not a whole safetensors file: it has only 3 bytes; fetch or write it again")
        try sandbox.write("model.pt", Data([0x50, 0x4B, 3, 4, 0, 0]))
        try sandbox.expectFailure(
          train + ["model.pt"], ranks: 2, status: 3,
          "model.pt: an archive or pickled objects, as torch.save writes them, expected a checkpoint of ddp-train or a "
            + "safetensors file; in Python, safetensors.torch.save_file(model.state_dict(), \"model.safetensors\") "
            + "writes one")
        try sandbox.expectFailure(
          train + ["none.safetensors"], status: 3, "cannot open none.safetensors: there is no such file")
        #expect(!sandbox.exists("bad"))
        try sandbox.succeed(fitting + ["freeze=['*']", "--epochs", "0"])
      }
    }
  }
}

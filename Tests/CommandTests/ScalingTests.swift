import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// Data as people have them learn with nothing told, and what was decided is said.
  @Suite struct ScalingTests {
    private func save<X: HDF5Element, Y: HDF5Element>(
      _ x: [X], _ y: [Y], width: Int = 1, as name: String = "d.h5", in sandbox: Sandbox
    ) throws {
      let file = try HDF5File.create(sandbox.file(name))
      let rows = y.count / width
      try file.write("/train/x", shape: [rows, x.count / rows], elements: x)
      try file.write("/train/y", shape: width == 1 ? [rows] : [rows, width], elements: y)
      try file.close()
    }

    private func metrics(_ sandbox: Sandbox, _ options: [String] = []) throws -> [String: Double] {
      let report = try sandbox.succeed(["evaluate", "run/checkpoints/latest.h5", "--json"] + options)
      let json = try Sandbox.json(report.output)
      var metrics = try #require(json["metrics"] as? [String: Double])
      metrics["loss"] = json["loss"] as? Double
      return metrics
    }

    private static let quick = ["--data", "d.h5", "--model", "linear", "--run", "run", "--learning-rate", "0.02"]

    /// A line through times of 10⁹ beside fractions, for targets of any unit.
    @Test(arguments: [(1e6, 0.0), (1e-6, 0), (1, 1e5), (3, 1.7e9)])
    func targetsOfAnyScale(unit: Double, offset: Double) throws {
      try Sandbox.with { sandbox in
        let times: [Double] = (0..<400).map { Double($0 * 37 % 400) }
        let fractions: [Double] = (0..<400).map { Double($0 * 91 % 400) / 400 }
        let x: [Double] = zip(times, fractions).flatMap { [1.7e9 + $0, $1] }
        let y: [Double] = zip(times, fractions).map { offset + unit * ($0 / 100 - 2 * $1) }
        try save(x, y, in: sandbox)
        let result = try sandbox.succeed(Self.quick + ["--epochs", "60"], ranks: 2)
        #expect(result.output.contains("targets    scaled to deviation 1"), "\(result)")
        #expect(result.output.contains("standard: columns of a table"), "\(result)")
        let metrics = try metrics(sandbox)
        let deviation = unit * (Double(400 * 400 - 1) / 12).squareRoot() / 100
        #expect(try #require(metrics["r2"]) > 0.999, "\(metrics)")
        #expect(try #require(metrics["rmse"]) < 0.03 * deviation, "in the units of the data: \(metrics)")
        try sandbox.succeed(
          ["predict", "run/checkpoints/latest.h5", "--data", "d.h5", "--output", "p.h5"])
        let values: [Double] = try HDF5File.open(sandbox.file("p.h5")).dataset("/values").readAll()
        let errors = zip(values, y).map { abs($0 - $1) }
        let mean = errors.reduce(0, +) / Double(errors.count)
        #expect(abs(mean - (try #require(metrics["mae"]))) < 1e-3 * deviation, "\(mean) \(metrics)")
      }
    }

    @Test func anOptionLeavesTargetsAsTheyAre() throws {
      try Sandbox.with { sandbox in
        try save((0..<64).map { Float($0) }, (0..<64).map { 3 + Float($0) / 7 }, in: sandbox)
        let result = try sandbox.succeed(
          ["--data", "d.h5", "--run", "run", "--epochs", "2", "--set", "data.target_scaling=none"])
        #expect(result.output.contains("targets    values: numbers that are not all whole"), "\(result)")
        let metrics = try metrics(sandbox)
        #expect(abs(try #require(metrics["loss"]) - (try #require(metrics["mse"]))) < 1e-4, "\(metrics)")
        let file = try HDF5File.open(sandbox.file("run/checkpoints/latest.h5"))
        #expect(try !file.datasetPaths().contains { $0.hasPrefix("/target_transform") })
      }
    }

    @Test("A resumed run keeps its transforms, and takes no others")
    func resume() throws {
      try Sandbox.with { sandbox in
        try save((0..<64).map { Float($0) }, (0..<64).map { 300 + Float($0) / 7 }, in: sandbox)
        let options = ["--data", "d.h5", "--model", "linear", "--epochs", "4", "--quiet"]
        try sandbox.succeed(options + ["--run", "whole"])
        try sandbox.succeed(
          options + [
            "--run", "parts", "--resume", "whole/checkpoints/step-00000002.h5",
          ])
        for key in ["data.scaling", "data.target_scaling"] {
          let refused = try sandbox.train(
            options + ["--run", "others", "--set", "\(key)=none", "--resume", "whole/checkpoints/step-00000002.h5"])
          #expect(refused.status == 2 && refused.errors.contains("a resumed run keeps \(key)"), "\(refused)")
        }
        #expect(try sandbox.arrays("parts/checkpoints/latest.h5") == sandbox.arrays("whole/checkpoints/latest.h5"))
      }
    }

    private static func bits(_ rows: Int) -> (x: [Bool], y: [Int]) {
      var state: UInt64 = 7
      let y = (0..<rows).map { $0 % 2 }
      let x = y.flatMap { label in
        (0..<12).map { _ in
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          return Double(state >> 40) / Double(1 << 24) < (label == 1 ? 0.8 : 0.2)
        }
      }
      return (x, y)
    }

    @Test("Booleans train as the same numbers in float do")
    func booleans() throws {
      try Sandbox.with { sandbox in
        let (x, y) = Self.bits(240)
        let options = ["--model", "logistic", "--learning-rate", "0.05", "--epochs", "5", "--quiet"]
        try save(x.map { Float($0 ? 1 : 0) }, y.map { UInt8($0) }, as: "float.h5", in: sandbox)
        try sandbox.succeed(["--data", "float.h5", "--run", "float"] + options)
        try save(x.map { Int8($0 ? 1 : 0) }, y.map { UInt8($0) }, as: "bits.h5", in: sandbox)
        for scaling in ["auto", "unit", "standard", "min_max", "none"] {
          try sandbox.succeed(["--data", "bits.h5", "--run", scaling, "--set", "data.scaling=\(scaling)"] + options)
          #expect(try sandbox.metrics(scaling) == sandbox.metrics("float"), "\(scaling)")
        }
      }
    }

    @Test("What was scaled before, or was not, is refused")
    func anotherKind() throws {
      try Sandbox.with { sandbox in
        let pixels = (0..<64 * 48).map { UInt8($0 * 7919 % 256) }
        let y = (0..<48).map { UInt8($0 % 2) }
        try save(pixels, y, in: sandbox)
        try save(pixels.map { Float($0) / 255 }, y, as: "scaled.h5", in: sandbox)
        try sandbox.succeed(
          ["--data", "d.h5", "--model", "logistic", "--epochs", "1", "--run", "run", "--set", "data.scaling=standard"])
        try sandbox.expectFailure(
          ["predict", "run/checkpoints/latest.h5", "--data", "scaled.h5", "--output", "p.h5"], status: 3,
          "scaled.h5: /train/x row 0: the features are float32 from 0 to 1, but the model was trained on uint8 from 0 "
            + "to 255 and scales them itself; give features of the same kind, not scaled before")
        try sandbox.succeed(["--data", "scaled.h5", "--model", "logistic", "--epochs", "1", "--run", "other"])
        try sandbox.expectFailure(
          ["evaluate", "other/checkpoints/latest.h5", "--data", "d.h5"], status: 3,
          "d.h5: /train/x row 0: the features are uint8 from 0 to 255, but the model was trained on float32 from 0 to "
            + "1 and scales them itself; give features of the same kind, scaled as those were")
        // Floating point of either range.
        try save(pixels.map(Float.init), y, as: "floats.h5", in: sandbox)
        try sandbox.expectFailure(
          ["evaluate", "other/checkpoints/latest.h5", "--data", "floats.h5"], status: 3,
          "floats.h5: /train/x row 0: the features are float32 from 0 to 255, but the model was trained on float32 "
            + "from 0 to 1 and scales them itself; give features of the same kind, scaled as those were")
        try sandbox.succeed(["--data", "floats.h5", "--model", "logistic", "--epochs", "1", "--run", "third"])
        try sandbox.expectFailure(
          ["evaluate", "third/checkpoints/latest.h5", "--data", "scaled.h5"], status: 3,
          "scaled.h5: /train/x row 0: the features are float32 from 0 to 1, but the model was trained on float32 from "
            + "0 to 255 and scales them itself; give features of the same kind, not scaled before")
      }
    }

    // MARK: Targets

    private func blobs<Y: HDF5Element>(_ sandbox: Sandbox, width: Int = 1, _ label: (Int) -> [Y]) throws {
      let x: [Float] = (0..<120).flatMap { row -> [Float] in
        let first = Float(row % 3) * 10 + Float(row * 7 % 5) / 5
        return [first, Float(row * 3 % 7)]
      }
      let y: [Y] = (0..<120).flatMap { label($0 % 3) }
      try save(x, y, width: width, in: sandbox)
    }
    private static let options = [
      "--data", "d.h5", "--model", "logistic", "--learning-rate", "0.1", "--epochs", "40", "--run", "run",
    ]

    @Test func labelsThatCountFromOne() throws {
      try Sandbox.with { sandbox in
        try blobs(sandbox) { [Float($0 + 1)] }
        let result = try sandbox.succeed(Self.options + ["--set", "data.validation=0.25"])
        #expect(result.output.contains("3 classes"), "\(result)")
        #expect(result.output.contains("classes: 3 different whole numbers, 1 to 3; 1 is the first class"))
        #expect(result.output.contains("--loss mse takes them for values"), "\(result)")
        let inspection = try sandbox.succeed(["data", "inspect", "d.h5"])
        #expect(inspection.output.contains("classes: 3 different whole numbers, 1 to 3; 1 is"), "\(inspection)")
        #expect(inspection.output.contains("standard: columns of a table"), "\(inspection)")
        #expect(try #require(metrics(sandbox)["accuracy"]) == 1)
        try sandbox.succeed(
          ["predict", "run/checkpoints/latest.h5", "--data", "d.h5", "--split", "train", "--output", "p.h5"])
        let classes: [Int] = try HDF5File.open(sandbox.file("p.h5")).dataset("/classes").readAll()
        #expect(Set(classes) == [1, 2, 3])
      }
    }

    @Test func oneHotRows() throws {
      try Sandbox.with { sandbox in
        try blobs(sandbox, width: 3) { label in (0..<3).map { UInt8($0 == label ? 1 : 0) } }
        let result = try sandbox.succeed(Self.options)
        #expect(result.output.contains("classes in rows of 0 and 1: rows of 3 with one 1 each"), "\(result)")
        #expect(try #require(metrics(sandbox)["accuracy"]) == 1)
      }
    }

    @Test func severalOnesARow() throws {
      try Sandbox.with { sandbox in
        try blobs(sandbox, width: 3) { label in (0..<3).map { Float($0 <= label ? 1 : 0) } }
        let result = try sandbox.succeed(Self.options)
        #expect(result.output.contains("binary_cross_entropy"), "\(result)")
        #expect(result.output.contains("yes or no: rows of 3 times 0 or 1"), "\(result)")
      }
    }

    @Test func labelsMinusOneAndOne() throws {
      try Sandbox.with { sandbox in
        try blobs(sandbox) { [Int8($0 == 1 ? 1 : -1)] }
        try sandbox.succeed(
          Self.options + ["--quiet", "--set", "model.layers=[{dense:8},'relu',{dense:1}]"])
        #expect(try #require(metrics(sandbox)["accuracy"]) == 1)
        try sandbox.succeed(["predict", "run/checkpoints/latest.h5", "--data", "d.h5", "--output", "p.h5"])
        let classes: [Int] = try HDF5File.open(sandbox.file("p.h5")).dataset("/classes").readAll()
        #expect(classes == (0..<120).map { $0 % 3 == 1 ? 1 : -1 })
      }
    }

    @Test func optionsOfTheLossThatFits() throws {
      try Sandbox.with { sandbox in
        try blobs(sandbox) { [Int32($0)] }
        let result = try sandbox.succeed(Self.options + ["--set", "loss.class_weights=[1,2,3]", "--epochs", "1"])
        #expect(result.output.contains("cross_entropy"), "\(result)")
        try sandbox.expectFailure(
          ["--data", "d.h5", "--set", "loss.targets=probabilities", "--run", "out"], status: 2,
          "loss.targets: probabilities need a row of one number for each class, but d.h5: /train/y row 0 has one "
            + "number; leave it out, or set loss.targets=labels")
        try sandbox.expectFailure(
          ["--data", "d.h5", "--loss", "focal", "--set", "model.layers=[{dense:1}]", "--run", "out"], status: 2,
          "model: the last dense layer gives 1 output, but focal needs one for each class; leave its size out, or use "
            + "--loss binary_cross_entropy, which takes one output for two classes")
      }
    }
  }
}

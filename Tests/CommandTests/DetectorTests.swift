import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// One class and one box an image, from the drawing to the prediction.
  @Suite struct DetectorTests {
    private let best = "run/checkpoints/best.h5"

    private func makeShapes(_ sandbox: Sandbox, samples: Int, classes: Int = 2) throws {
      try sandbox.succeed([
        "data", "make", "shapes", "--output", "shapes.h5", "--samples", "\(samples)", "--classes", "\(classes)",
        "--noise", "0.02",
      ])
    }

    /// The intersection over union of boxes [x, y, width, height], from their edges.
    private func overlap(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double {
      let (a, b) = (Array(a), Array(b))
      func length(_ axis: Int) -> Double {
        let low = max(a[axis] - a[axis + 2] / 2, b[axis] - b[axis + 2] / 2)
        return max(0, min(a[axis] + a[axis + 2] / 2, b[axis] + b[axis + 2] / 2) - low)
      }
      let common = length(0) * length(1)
      return common / (max(0, a[2]) * max(0, a[3]) + b[2] * b[3] - common)
    }

    @Test(
      "The model learns where a shape is and which; figures are those of counting, bits those of any number of ranks")
    func learning() throws {
      try Sandbox.with { sandbox in
        try makeShapes(sandbox, samples: 2500)
        let options = [
          "--data", "shapes.h5", "--model", "detector", "--epochs", "9", "--batch-size", "16", "--learning-rate",
          "0.002",
          "--set", "data.validation=0.04", "--set", "metrics=['accuracy','mean_iou']", "--set",
          "loss={name:'detection',box_weight:5}",
        ]
        try sandbox.succeed(options + ["--run", "run"], ranks: 2)
        let last = try #require(try sandbox.metrics("run").last)
        #expect(last["val_mean_iou"] is Double)

        let reports = try [1, 2, 4].map { try sandbox.succeed(["evaluate", best, "--json"], ranks: $0).output }
        #expect(Set(reports).count == 1, "\(reports)")
        let report = try Sandbox.json(reports[0])
        let metrics = try #require(report["metrics"] as? [String: Any])
        let meanOverlap = try #require(metrics["mean_iou"] as? Double)
        let accuracy = try #require(report["accuracy"] as? Double)
        // A box in the middle of the image, of the mean size, has 0.33; a class at random 0.5.
        #expect(meanOverlap > 0.55 && accuracy > 0.75, "\(meanOverlap), \(accuracy)")
        let summary = try #require(Sandbox.json(sandbox.text("run/summary.json"))["test"] as? [String: Any])
        #expect(summary["mean_iou"] as? Double == meanOverlap && summary["accuracy"] as? Double == accuracy)
        let table = try sandbox.succeed(["evaluate", best]).output
        #expect(["mean_iou", "f1_macro", "detection", "label (row)"].allSatisfy(table.contains), "\(table)")

        try sandbox.succeed(["predict", best, "--data", "shapes.h5", "--output", "p.h5"], ranks: 2)
        let file = try HDF5File.open(sandbox.file("p.h5"))
        #expect(try file.datasetPaths() == ["/boxes", "/classes", "/logits", "/probabilities"])
        let boxes = try file.dataset("/boxes").readAll(as: Float.self).map(Double.init)
        let classes = try file.dataset("/classes").readAll(as: Int.self)
        let probabilities = try file.dataset("/probabilities").readAll(as: Float.self)
        let labels = try HDF5File.open(sandbox.file("shapes.h5")).dataset("/test/y").readAll(as: Float.self)
          .map(Double.init)
        #expect(boxes.count == 500 * 4 && classes.count == 500 && probabilities.count == 1000)
        let overlaps = (0..<500).map { overlap(boxes[4 * $0..<4 * $0 + 4], labels[5 * $0 + 1..<5 * $0 + 5]) }
        #expect(abs(overlaps.reduce(0, +) / 500 - meanOverlap) < 1e-9)
        #expect((0..<500).allSatisfy { (probabilities[2 * $0] < probabilities[2 * $0 + 1]) == (classes[$0] == 1) })
        #expect(Double((0..<500).count { Double(classes[$0]) == labels[5 * $0] }) / 500 == accuracy)
      }
    }

    @Test func sameBitsOnAnyNumberOfRanks() throws {
      try Sandbox.with { sandbox in
        try makeShapes(sandbox, samples: 150, classes: 3)
        let options = [
          "--data", "shapes.h5", "--loss", "detection", "--epochs", "2", "--batch-size", "32", "--set",
          "model.layers=[{conv2d:{filters:4,stride:4}},'relu',{dense:16},'relu','dense']", "--set",
          "data.augment=[{cutout:{size:4}},'noise']", "--set", "metrics=['mean_iou','roc_auc']", "--set",
          "data.validation=0.2",
        ]
        for ranks in [1, 3] { try sandbox.succeed(options + ["--run", "run\(ranks)"], ranks: ranks) }
        #expect(try sandbox.arrays("run1/checkpoints/latest.h5") == sandbox.arrays("run3/checkpoints/latest.h5"))
        #expect(try sandbox.metrics("run1") == sandbox.metrics("run3"))
        #expect(try HDF5File.open(sandbox.file("run1/checkpoints/latest.h5")).dataset("/model/4.bias").shape == [7])
      }
    }

    /// Row 30 of 48 rows is in shard 2 of 4, which the last of three ranks holds.
    @Test(arguments: [
      (0, Float(-1), "class -1.0 and the box [0.5, 0.5, 0.25, 0.25]; expected an integer from 0 on"),
      (0, 1.5, "class 1.5 and the box [0.5, 0.5, 0.25, 0.25]; expected an integer from 0 on"),
      (1, 16, "class 0.0 and the box [16.0, 0.5, 0.25, 0.25]; expected an integer from 0 on"),
      (2, .nan, "class 0.0 and the box [0.5, nan, 0.25, 0.25]; expected an integer from 0 on"),
      (3, 0, "class 0.0 and the box [0.5, 0.5, 0.0, 0.25]; expected an integer from 0 on"),
      (4, .infinity, "class 0.0 and the box [0.5, 0.5, 0.25, inf]; expected an integer from 0 on"),
    ])
    func unfitTargets(column: Int, value: Float, message: String) throws {
      try Sandbox.with { sandbox in
        try writeBoxes(sandbox) { $0[30 * 5 + column] = value }
        let options = ["--data", "boxes.h5", "--loss", "detection", "--set", "model.layers=['dense']", "--run", "out"]
        let line =
          "boxes.h5: /y row 30 has the \(message), a centre from 0 to 1 and a width and height above 0, relative to "
          + "the "
          + "image; repair or remove the row"
        try sandbox.expectFailure(options, status: 3, line)
        if value.isNaN { try sandbox.expectFailure(options, ranks: 3, status: 3, "[rank 1] " + line) }
        #expect(!sandbox.exists("out"))
      }
    }

    /// 48 rows of four features with boxes of two classes.
    private func writeBoxes(
      _ sandbox: Sandbox, columns: Int = 5, change: (inout [Float]) -> Void = { _ in }
    ) throws {
      let file = try HDF5File.create(sandbox.file("boxes.h5"))
      try file.write("/X", shape: [48, 2, 2], elements: (0..<192).map { Float($0 % 101) / 101 })
      var labels = (0..<48).flatMap { row -> [Float] in
        let label: [Float] = [Float(row % 2), 0.5, 0.5, 0.25, 0.25]
        return Array(label.prefix(columns))
      }
      change(&labels)
      try file.write("/y", shape: [48, columns], elements: labels)
      try file.close()
    }

    @Test func mistakesAreOneLine() throws {
      try Sandbox.with { sandbox in
        try writeBoxes(sandbox, columns: 4)
        let options = ["--data", "boxes.h5", "--loss", "detection", "--run", "out"]
        try sandbox.expectFailure(
          options, status: 3,
          "boxes.h5: /y row 0: detection expects rows of [class, x centre, y centre, width, height], found 4; give "
            + "other data "
            + "or another --loss")
        try writeBoxes(sandbox)
        for name in ["flip", "crop", "shift", "rotate"] {
          try sandbox.expectFailure(
            options + ["--set", "data.augment=['\(name)']"], status: 2,
            "data.augment: \(name) moves the pixels of a sample, but not the box that it is held against; leave it out "
              + "(cutout "
              + "and noise may stay)")
        }
        try sandbox.expectFailure(
          options + ["--set", "data.augment=['mixup']"], status: 2,
          "data.augment: mixup needs targets that can be mixed, which those of detection cannot; use cross_entropy")
        try sandbox.expectFailure(
          options + ["--set", "model.layers=[{dense:4}]"], status: 2,
          "model: the last dense layer gives 4 outputs, but detection needs one for each class and 4 for the box; "
            + "leave its "
            + "size out")
        try sandbox.expectFailure(
          options + ["--set", "model.layers=[{dense:5}]"], status: 3,
          "boxes.h5: /y row 1 has the class 1.0 and the box [0.5, 0.5, 0.25, 0.25]; expected an integer from 0 to 0, a "
            + "centre "
            + "from 0 to 1 and a width and height above 0, relative to the image; repair or remove the row")
        try sandbox.expectFailure(
          options + ["--loss", "mse", "--set", "metrics=['mean_iou']"], status: 2,
          "metrics: mean_iou is no metric of mse with 5 outputs; leave it out (evaluate prints all that there are)")
      }
    }
  }
}

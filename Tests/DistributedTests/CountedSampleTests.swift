import HDF5Storage
import NumericCore
import Testing

extension DistributedTests {
  /// Equal bits where samples do not all count the same.
  @Suite(.serialized) struct CountedSampleTests {
    /// Rows with weights, every fifth 0, and labels of which some stand for no class.
    private func data(_ scratch: Scratch, classes: Int, ignoring ignored: Int32? = nil, steps: Int? = nil) throws
      -> String
    {
      let file = try HDF5File.create(scratch.path + "/data.h5")
      var generator = RandomSource.Generator(source: RandomSource(seed: 29).stream(.synthesis, classes))
      for (split, count) in [("train", 203), ("val", 61)] {
        let labels = (0..<count).map { _ in Int32(generator.next(upperBound: classes)) }
        let width = steps ?? 6
        let features = labels.flatMap { label in
          (0..<width).map { Float(generator.normal() + Double(Int(label) * ($0 % 2))) }
        }
        if let steps {
          // Sequences of one feature, padded by zeros.
          let values = features.enumerated().map { $0 % steps >= 2 + ($0 / steps) % (steps - 1) ? 0 : $1 }
          try file.write("/\(split)/x", shape: [count, steps, 1], elements: values)
          let targets = (0..<count * steps).map { $0 % 7 == 0 ? ignored ?? 0 : Int32($0 % classes) }
          try file.write("/\(split)/y", shape: [count, steps], elements: targets)
        } else {
          try file.write("/\(split)/x", shape: [count, width], elements: features)
          try file.write(
            "/\(split)/y", shape: [count], elements: labels.enumerated().map { $0 % 7 == 0 ? ignored ?? $1 : $1 })
        }
        try file.write("/\(split)/weight", shape: [count], elements: (0..<count).map { Float($0 % 5) / 3 })
      }
      try file.close()
      return scratch.path + "/data.h5"
    }

    private func expectEqualBits(_ scratch: Scratch, _ data: String, _ configuration: String) throws -> RunRecord {
      let file = try scratch.file("run.json5", text: configuration)
      let one = try train(ranks: 1, [file, "--data", data], run: scratch.path + "/one")
      for ranks in [2, 4] {
        let record = try train(ranks: ranks, [file, "--data", data], run: scratch.path + "/\(ranks)")
        #expect(record.differences(from: one) == [], "\(ranks) ranks")
      }
      return one
    }

    @Test func weightsBalancedClassesAndBestByAMetric() throws {
      let scratch = try Scratch()
      let record = try expectEqualBits(
        scratch, try data(scratch, classes: 3, ignoring: -100),
        """
        { model: { layers: [{ dense: 8 }, "relu", "dense"] }, epochs: 3, batch_size: 32, shards: 4,
          loss: { name: "cross_entropy", class_weights: "balanced", ignore_index: -100 },
          checkpoint: { best_by: "roc_auc" }, early_stopping: { metric: "f1_macro", patience: 2 },
          schedule: { name: "plateau", metric: "log_loss", patience: 0 } }
        """)
      #expect(record.progress["best_metric_roc_auc"] != nil && record.metrics.allSatisfy { $0.contains("val_roc_auc") })
    }

    @Test func thresholdsByTheF1OfWeightedSamples() throws {
      let scratch = try Scratch()
      let record = try expectEqualBits(
        scratch, try data(scratch, classes: 2),
        """
        { model: { layers: [{ dense: 8 }, "relu", "dense"] }, epochs: 3, batch_size: 32, shards: 4,
          loss: "binary_cross_entropy", decision: { threshold: "f1" }, checkpoint: { best_by: "f1" } }
        """)
      #expect(record.metrics.allSatisfy { $0.contains("decision_threshold") })
    }

    @Test func paddedSequencesWithLabelsOfNoClass() throws {
      let scratch = try Scratch()
      let path = try data(scratch, classes: 3, ignoring: 9, steps: 6)
      let record = try expectEqualBits(
        scratch, path,
        """
        { model: { layers: ["mask", { lstm: { units: 5, sequence: true } }, { dense: 3 }] }, epochs: 2, batch_size: 32,
          shards: 4, data: { scaling: "none" }, loss: { name: "cross_entropy", ignore_index: 9 },
          metrics: ["f1_macro"] }
        """)
      // What stands behind the end of a sequence has no say: other labels there are the same run.
      let file = try HDF5File.open(path)
      let x = try file.dataset("/train/x").readAll(as: Float.self)
      var y = try file.dataset("/train/y").readAll(as: Int32.self)
      let copy = try HDF5File.create(scratch.path + "/other.h5")
      var changed = 0
      for row in 0..<203 {
        let end = (0..<6).last { x[row * 6 + $0] != 0 }.map { $0 + 1 } ?? 1
        for step in end..<6 where step < 6 {
          y[row * 6 + step] = (y[row * 6 + step] + 1) % 3
          changed += 1
        }
      }
      #expect(changed > 100)
      for split in ["train", "val"] {
        let rows = split == "train" ? 203 : 61
        let features: [Float] = try file.dataset("/\(split)/x").readAll(as: Float.self)
        let labels: [Int32] = split == "train" ? y : try file.dataset("/val/y").readAll(as: Int32.self)
        let weights: [Float] = try file.dataset("/\(split)/weight").readAll(as: Float.self)
        try copy.write("/\(split)/x", shape: [rows, 6, 1], elements: features)
        try copy.write("/\(split)/y", shape: [rows, 6], elements: labels)
        try copy.write("/\(split)/weight", shape: [rows], elements: weights)
      }
      try copy.close()
      let other = try train(
        ranks: 1, [scratch.path + "/run.json5", "--data", scratch.path + "/other.h5"], run: scratch.path + "/other")
      #expect(other.arrays == record.arrays)
    }
  }
}

import Basics
import Collectives
import DataPipeline
import NeuralNetwork
import NumericCore
import Settings

/// What the layers do on a few fixed samples when the run is over: how large the gradient of each weight is, and which
/// rectified units are never above 0.
///
/// The samples are the first of shard 0 in its first epoch, as the model sees them in training, in micro-batches as in
/// training: a function of the seed and the data, whatever the ranks. Gradients and statistics go where the next step
/// overwrites them, so that nothing of the run changes.
struct ModelProbe {
  let gradients: [Gradient]
  let activity: [UnitActivity.LayerActivity]
  let samples: Int

  /// Of a parameter with at least two axes: a weight.
  struct Gradient {
    /// The parameter's.
    let name: String
    let shape: Shape
    /// The layer's type, such as `Dense`.
    let type: String
    /// Root mean square of ∂(mean loss)/∂weight, and of the weight.
    let gradient: Double
    let weight: Double
  }

  /// About how many samples are looked at, and in how many micro-batches at most.
  static let sampleLimit = 128
  static let stepLimit = 16

  /// In the order of the model; `material` of the report.
  var json: JSONValue {
    let weights = gradients.map { item -> JSONValue in
      [
        "name": .string(item.name), "type": .string(item.type), "shape": .string("\(item.shape)"),
        // A gradient of exactly 0 is that of a weight that is not trained.
        "gradient_rms": .finite(item.gradient > 0 ? item.gradient : nil), "weight_rms": .finite(item.weight),
        "network": .string(Self.network(item.name)),
      ]
    }
    let units = activity.map { layer -> JSONValue in
      [
        "name": .string(layer.name), "type": "ReLU", "units": .integer(layer.isActive.count),
        "dead_units": .integer(layer.isActive.count { !$0 }), "observations": .integer(layer.observations),
        "network": .string(Self.network(layer.name)),
      ]
    }
    return ["samples": .integer(samples), "layers": .array(weights + units)]
  }

  /// Of names such as `generator.0.weight` the first part; layers of a single network begin with their number.
  private static func network(_ name: String) -> String {
    let first = name.prefix { $0 != "." }
    return Int(first) == nil ? String(first) : ""
  }
}

extension Trainer {
  /// Looks at the layers with the parameters that evaluation takes. Collective, like a step; nil off rank 0.
  func probe() throws -> ModelProbe? {
    guard let (learner, group) = try makeProbe() else { return nil }
    let random = random.stream(.dropout, 1), seed = configuration.seed
    let feed = store.feed { plan.order(epoch: 0, shard: $0, seed: seed) }
    var values = Array(groupValues[0].prefix(max(1, group.count)))
    for index in values.indices { values[index].parameters = self.values.parameters }
    var activity = UnitActivity()
    var samples = 0
    for step in 0..<min(plan.stepsPerEpoch, ModelProbe.stepLimit) where samples < ModelProbe.sampleLimit {
      for (slot, index) in group.enumerated() {
        let shard = exchange.shards.lowerBound + index
        try learner.load(
          microBatch(ofShard: shard, step: step), ofShard: shard, from: feed, slot: slot, random: random)
      }
      try learner.forward(values, random: random)
      for slot in group.indices { _ = learner.loss(slot: slot) }
      for workspace in learner.workspaces(ofSlot: 0) { workspace.note(in: &activity) }
      try learner.backward(samples == 0 ? .overwrite : .add) { _ in }
      samples += microBatch(ofShard: 0, step: step).count
    }
    guard exchange.shards.contains(0), let gradients = values.first?.gradients, samples > 0 else { return nil }
    return ModelProbe(
      gradients: weightGradients(gradients, values[0].parameters, samples: samples), activity: activity.layers,
      samples: samples)
  }

  /// The places of the first micro-step of a step.
  private func microBatch(ofShard shard: Int, step: Int) -> Range<Int> {
    let range = plan.positions(shard: shard, step: step)
    return range.lowerBound..<range.lowerBound + range.count / configuration.accumulate
  }

  private func weightGradients(
    _ gradients: BufferView<Float>, _ parameters: BufferView<Float>, samples: Int
  ) -> [ModelProbe.Gradient] {
    let layers = model.summary
    func rootMeanSquare(_ view: BufferView<Float>) -> Double {
      (view.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(max(1, view.count))).squareRoot()
    }
    return model.parameterLayout.entries.filter { $0.shape.rank >= 2 }.map { entry in
      let layer = layers.filter { entry.name.hasPrefix($0.name + ".") }.max { $0.name.count < $1.name.count }
      return ModelProbe.Gradient(
        name: entry.name, shape: entry.shape, type: (layer?.type ?? "").replacing("Layer", with: ""),
        gradient: rootMeanSquare(gradients.view(entry.range)) / Double(samples),
        weight: rootMeanSquare(parameters.view(entry.range)))
    }
  }
}

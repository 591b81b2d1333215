import Foundation
import NeuralNetwork
import NumericCore

/// Rates at which normalization moves activations through memory, beside that of a copy, measured in turn.
enum NormalizationBench {
  private static let rounds = 15

  /// Prints a line for each case: bytes that a pass has to read and write over its time, the same of a copy, the ratio
  /// of the two.
  static func run() {
    print(LayerBench.table.line(["operation", "GB/s", "copy", "ratio"]))
    for (size, channels) in [(32, 16), (16, 32), (8, 64)] {
      let name = "batch norm with ReLU \(size)×\(size)×\(channels), "
      let layer = BatchNormLayer<Float>(shape: [size, size, channels], rectifies: true)
      measure(name, layer, forwardArrays: 3, backwardArrays: 5)
    }
    measure("layer norm 64×128, ", LayerNormLayer<Float>(shape: [64, 128]), forwardArrays: 2, backwardArrays: 3)
  }

  /// - Parameters:
  ///   - forwardArrays: how often forward moves an array of the layer's size through memory, each reading and each
  ///     writing counted.
  ///   - backwardArrays: the same of backward.
  private static func measure(_ name: String, _ layer: some Layer<Float>, forwardArrays: Int, backwardArrays: Int) {
    let samples = 32
    var builder = ModelBuilder<Float>()
    let model = builder.build(outputs: builder.add(layer, to: builder.input(layer.inputShapes[0]), name: "0"))
    let buffers = (0..<2).map { _ in FlatBuffer<Float>(count: model.parameterLayout.count) }
    let statistics = (0..<2).map { _ in FlatBuffer<Float>(count: model.statisticLayout.count) }
    let values = ModelValues(
      parameters: buffers[0].view, gradients: buffers[1].view, statistics: statistics[0].view,
      batchStatistics: statistics[1].view)
    let workspace = Workspace(model: model, capacity: samples, values: values, differentiatesInputs: true)
    let count = workspace.input().count
    let copied = (LayerBench.filled(count), LayerBench.filled(count))
    copy(copied.0.view, into: workspace.input())
    model.parameterLayout.initialize(buffers[0].view, seed: 1)
    func forward() {
      workspace.forward(samples: samples, mode: .training(random: RandomSource(seed: 1)), values: values)
    }
    forward()
    copy(copied.0.view, into: workspace.outputGradient())
    for (pass, arrays, operation) in [
      ("forward", forwardArrays, forward), ("backward", backwardArrays, { workspace.backward() }),
    ] {
      _ = time(3, operation)
      var own: [Double] = [], copies: [Double] = []
      for _ in 0..<rounds {
        own.append(Double(10 * arrays * count * 4) / time(10, operation))
        copies.append(Double(10 * 2 * count * 4) / time(10) { copy(copied.0.view, into: copied.1.view) })
      }
      print(LayerBench.row(name + pass, median(own), median(copies), median(zip(own, copies).map { $0 / $1 })))
    }
    withExtendedLifetime((buffers, statistics)) {}
  }
}

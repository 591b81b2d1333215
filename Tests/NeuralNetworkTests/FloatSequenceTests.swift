import NeuralNetwork
import NumericCore
import TestSupport
import Testing

/// In single precision sequences go through kernels of their own: packed products, vectors of gates, rows of scores.
@Suite("Sequence layers in single precision against double")
struct FloatSequenceTests {
  init() { BLAS.threads = 1 }

  /// The output, the parameters' gradients and the input's of a layer, for Σ y²/2 as the loss.
  func results<S: Scalar>(_ layer: some Layer<S>, samples: Int, lengths: [Double]) -> [Double] {
    var builder = ModelBuilder<S>()
    let inputs = layer.inputShapes.map { builder.input($0) }
    let model = builder.build(outputs: builder.add(layer, toAll: inputs, name: "0"))
    func values(_ count: Int, _ substream: Int, scale: Double) -> FlatBuffer<S> {
      FlatBuffer(clearOfZero(count, seed: 3, substream: substream).map { S(Float(scale * $0)) })
    }
    let parameters = values(model.parameterLayout.count, 1, scale: 0.3)
    let gradients = FlatBuffer<S>(count: parameters.count), statistics = FlatBuffer<S>(count: 0)
    let modelValues = ModelValues(parameters: parameters.view, gradients: gradients.view, statistics: statistics.view)
    let workspace = Workspace(model: model, capacity: samples + 1, values: modelValues, differentiatesInputs: true)
    let input = values(samples * layer.inputShapes[0].elementCount, 2, scale: 1)
    copy(input.view, into: workspace.input().view(first: input.count))
    if inputs.count > 1 { for sample in 0..<samples { workspace.input(1)[sample] = S(lengths[sample]) } }
    workspace.forward(samples: samples, mode: .evaluation, values: modelValues)
    copy(workspace.output(), into: workspace.outputGradient())
    workspace.backward(gradients: .overwrite)
    return [workspace.output(), gradients.view, workspace.inputGradient()].flatMap { $0.map { Double($0) } }
  }

  func compare(_ float: [Double], _ double: [Double]) {
    #expect(float.count == double.count)
    let scale = max(1, double.map(abs).max() ?? 0)
    let worst = zip(float, double).map { abs($0 - $1) }.max() ?? 0
    #expect(worst <= 2e-5 * scale, "\(worst) among values up to \(scale)")
    #expect(!float.contains { !$0.isFinite })
  }

  @Test(arguments: [1, 7, 16, 33], [0, 1, 9, 70])
  func recurrent(units: Int, samples: Int) {
    let lengths = (0..<samples).map { Double($0 % 5) }
    for isLSTM in [true, false] {
      for hasLengths in [true, false] {
        func layer<S: Scalar>() -> Recurrent<S> {
          Recurrent(
            isLSTM ? .lstm : .gru, inputShape: [4, 5], units: units, layers: 2, isBidirectional: true,
            hasLengths: hasLengths)
        }
        let float: Recurrent<Float> = layer(), double: Recurrent<Double> = layer()
        compare(
          results(float, samples: samples, lengths: lengths), results(double, samples: samples, lengths: lengths))
      }
    }
  }

  @Test(arguments: [1, 16, 17, 64], [0, 1, 3])
  func attention(positions: Int, samples: Int) {
    let lengths = (0..<samples).map { Double(1 + $0 % positions) }
    for isCausal in [true, false] {
      for hasLengths in [true, false] {
        func layer<S: Scalar>() -> MultiHeadAttentionLayer<S> {
          MultiHeadAttentionLayer(shape: [positions, 24], heads: 3, isCausal: isCausal, hasLengths: hasLengths)
        }
        let float: MultiHeadAttentionLayer<Float> = layer(), double: MultiHeadAttentionLayer<Double> = layer()
        compare(
          results(float, samples: samples, lengths: lengths), results(double, samples: samples, lengths: lengths))
      }
    }
  }
}

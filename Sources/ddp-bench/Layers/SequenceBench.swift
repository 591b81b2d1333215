import Training
import NeuralNetwork
import NumericCore
import Settings

/// Times sequence layers forward and backward on one core, and prints the rate of their matrix products as a share of
/// the rate of a 1024³ sgemm that is timed in turn with them.
enum SequenceBench {
  struct Case {
    let name: String
    let layer: any Layer<Float>
    let samples: Int
    /// Floating-point operations a sample of the products of one forward pass.
    let operations: Double
  }

  /// 64 sequences of 28 steps, as MNIST's rows, and the attention of a small language model.
  static var cases: [Case] {
    let (samples, steps, inputs, units) = (64, 28, 28, 128)
    // The first step has no state before it to multiply.
    func products(_ gates: Int, _ width: Int) -> Double {
      2 * Double(gates * units * (steps * width + (steps - 1) * units))
    }
    let embedding = 128, context = 64
    return [
      Case(
        name: "lstm", layer: Recurrent<Float>(.lstm, inputShape: [steps, inputs], units: units, givesSequence: false),
        samples: samples, operations: products(4, inputs)),
      Case(
        name: "gru", layer: Recurrent<Float>(.gru, inputShape: [steps, inputs], units: units, givesSequence: false),
        samples: samples, operations: products(3, inputs)),
      Case(
        name: "attention",
        layer: MultiHeadAttentionLayer<Float>(shape: [context, embedding], heads: 4, isCausal: true), samples: 12,
        operations: 2 * Double(context * (4 * embedding * embedding + 2 * context * embedding))),
    ]
  }

  /// Prints one JSON line a case.
  static func run() {
    BLAS.threads = 1
    for item in cases { print(measure(item).line) }
  }

  static func measure(_ item: Case) -> JSONValue {
    let product = SquareProduct(size: 1024)
    let pass = LayerTiming(item.layer, samples: item.samples)
    var ratios: [Double] = [], forward: [Double] = [], backward: [Double] = [], products: [Double] = []
    for _ in 0..<15 {
      products.append(time(4, product.run) / 4)
      forward.append(time(10, pass.forward) / 10)
      let both =
        time(10) {
          pass.forward()
          pass.backward()
        } / 10
      backward.append(both - forward[forward.count - 1])
      // A backward pass makes two products of the size of each forward one: for the weights and for what they were
      // applied to. The first layer's input gradient is not wanted, as in training; its share is not counted.
      let operations = Double(item.samples) * (3 * item.operations - pass.operationsNotRun)
      ratios.append(operations / both / (product.operations / products[products.count - 1]))
    }
    return [
      "layer": .string(item.name), "blas": .string("\(BLAS.version) \(BLAS.coreName)"),
      "forward_ms": .number(median(forward) * 1e3), "backward_ms": .number(median(backward) * 1e3),
      "sgemm_gflops": .number(product.operations / median(products) * 1e-9), "share_of_sgemm": .number(median(ratios)),
      "least": .number(ratios.min() ?? 0), "most": .number(ratios.max() ?? 0),
    ]
  }
}

/// A product of two square matrices: what the machine can do.
struct SquareProduct {
  let size: Int
  private let a: FlatBuffer<Float>, b: FlatBuffer<Float>, c: FlatBuffer<Float>

  init(size: Int) {
    self.size = size
    let values = (0..<size * size).map { Float($0 % 17) / 17 }
    (a, b, c) = (FlatBuffer(values), FlatBuffer(values), FlatBuffer(count: size * size))
  }

  var operations: Double { 2 * Double(size * size * size) }

  func run() {
    func matrix(_ buffer: FlatBuffer<Float>) -> Matrix<Float> { Matrix(buffer.view, rows: size, columns: size) }
    multiply(matrix(a), matrix(b), into: matrix(c))
  }
}

/// One layer as the first of a model, with all that it reads and writes.
final class LayerTiming {
  private let workspace: Workspace<Float>
  private let parameters: FlatBuffer<Float>, gradients: FlatBuffer<Float>, statistics: FlatBuffer<Float>
  private let values: ModelValues<Float>
  private let samples: Int
  /// Operations a sample of the products for the gradient of the model's input, which training leaves out.
  let operationsNotRun: Double

  init(_ layer: any Layer<Float>, samples: Int) {
    func makeModel(_ layer: some Layer<Float>) -> Model<Float> {
      var builder = ModelBuilder<Float>()
      let input = builder.input(layer.inputShapes[0])
      return builder.build(outputs: builder.add(layer, to: input, name: "0"))
    }
    let model = makeModel(layer)
    self.samples = samples
    parameters = FlatBuffer(count: model.parameterLayout.count)
    gradients = FlatBuffer(count: model.parameterLayout.count)
    statistics = FlatBuffer(count: model.statisticLayout.count)
    model.parameterLayout.initialize(parameters.view, seed: 1)
    values = ModelValues(parameters: parameters.view, gradients: gradients.view, statistics: statistics.view)
    workspace = Workspace(model: model, capacity: samples, values: values)
    for i in workspace.input().indices { workspace.input()[i] = Float(i % 23) / 23 - 0.5 }
    for sample in 0..<samples { workspace.sampleIDs[sample] = sample }
    let first = layer.parameters.first?.shape.elementCount ?? 0
    operationsNotRun = 2 * Double(first * layer.inputShapes[0].extents[0])
  }

  func forward() {
    workspace.forward(samples: samples, mode: .training(random: RandomSource(seed: 1)), values: values)
    workspace.outputGradient().update(repeating: 0.01)
  }

  func backward() { workspace.backward() }
}

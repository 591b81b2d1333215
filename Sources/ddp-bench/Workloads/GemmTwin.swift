import NumericCore

/// The matrix products of one rank's step and nothing else, in the order of the step.
struct GemmTwin {
  private struct Layer {
    let inputSize: Int
    let outputSize: Int
    let weight: FlatBuffer<Float>
    let weightGradient: FlatBuffer<Float>
    let input: FlatBuffer<Float>
    let output: FlatBuffer<Float>
  }

  private let layers: [Layer]
  private let microBatches: [Int]
  private let precision: ProductPrecision
  /// Floating-point operations of one pass: 2·m·n·k a product.
  let operations: Double

  /// - Parameter microBatches: samples of each of the rank's shards in a step.
  init(sizes: [Int], microBatches: [Int], precision: ProductPrecision) {
    (self.microBatches, self.precision) = (microBatches, precision)
    let rows = microBatches.max() ?? 0
    func filled(_ count: Int) -> FlatBuffer<Float> {
      FlatBuffer((0..<count).map { Float($0 % 17) * 0.01 - 0.08 })
    }
    layers = zip(sizes, sizes.dropFirst()).map { input, output in
      Layer(
        inputSize: input, outputSize: output, weight: filled(input * output), weightGradient: filled(input * output),
        input: filled(rows * input), output: filled(rows * output))
    }
    let products = zip(sizes, sizes.dropFirst()).enumerated().reduce(0) { sum, layer in
      sum + layer.element.0 * layer.element.1 * (layer.offset == 0 ? 2 : 3)
    }
    operations = 2 * Double(products) * Double(microBatches.reduce(0, +))
  }

  func run() {
    for rows in microBatches {
      for layer in layers {
        multiply(
          input(layer, rows), weight(layer.weight, layer).transposed, into: output(layer, rows), precision: precision)
      }
      for (index, layer) in layers.enumerated().reversed() {
        multiply(
          output(layer, rows).transposed, input(layer, rows), into: weight(layer.weightGradient, layer),
          precision: precision)
        if index > 0 {
          multiply(
            output(layer, rows), weight(layer.weight, layer), into: input(layer, rows), precision: precision)
        }
      }
    }
  }

  private func input(_ layer: Layer, _ rows: Int) -> Matrix<Float> {
    Matrix(layer.input.view, rows: rows, columns: layer.inputSize)
  }
  private func output(_ layer: Layer, _ rows: Int) -> Matrix<Float> {
    Matrix(layer.output.view, rows: rows, columns: layer.outputSize)
  }
  private func weight(_ buffer: FlatBuffer<Float>, _ layer: Layer) -> Matrix<Float> {
    Matrix(buffer.view, rows: layer.outputSize, columns: layer.inputSize)
  }
}

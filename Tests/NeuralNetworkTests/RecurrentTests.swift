import NeuralNetwork
import NumericCore
import TestSupport
import Testing

@Suite("Recurrent layers")
struct RecurrentTests {
  static let cells: [Recurrent<Double>.Cell] = [.lstm, .gru]
  let training = PassMode.training(random: RandomSource(seed: 5))

  @Test("Gradients against central differences", arguments: cells, [0, 1, 3])
  func gradients(_ cell: Recurrent<Double>.Cell, samples: Int) {
    let layer = Recurrent<Double>(cell, inputShape: [4, 3], units: 2)
    #expect(ModelUnderTest(singleLayerModel(layer), samples: samples, capacity: 4).mismatches() == [])
  }

  @Test("Gradients of a deep bidirectional stack", arguments: cells, [true, false])
  func stackGradients(_ cell: Recurrent<Double>.Cell, givesSequence: Bool) {
    let layer = Recurrent<Double>(
      cell, inputShape: [3, 2], units: 3, layers: 2, isBidirectional: true, givesSequence: givesSequence)
    #expect(ModelUnderTest(singleLayerModel(layer), samples: 2, capacity: 3).mismatches() == [])
  }

  @Test("Gradients under dropout between layers", arguments: cells)
  func dropoutGradients(_ cell: Recurrent<Double>.Cell) {
    let layer = Recurrent<Double>(cell, inputShape: [3, 2], units: 3, layers: 3, dropout: 0.4)
    let test = ModelUnderTest(singleLayerModel(layer), samples: 2, mode: training)
    #expect(test.mismatches() == [])
  }

  @Test("Gradients with lengths from nothing to all steps", arguments: cells, [true, false])
  func lengthGradients(_ cell: Recurrent<Double>.Cell, givesSequence: Bool) {
    let layer = Recurrent<Double>(
      cell, inputShape: [4, 2], units: 2, layers: 2, isBidirectional: true, givesSequence: givesSequence,
      hasLengths: true)
    let test = ModelUnderTest(singleLayerModel(layer), samples: 4)
    fill(test.input(1), [0, 4, 1, 3])
    #expect(test.mismatches(integerInputs: [1]) == [])
    test.forward()
    // Samples without steps give zeros.
    #expect(test.workspace.output().prefix(layer.outputShape.elementCount).allSatisfy { $0 == 0 })
  }

  @Test("A sequence of one step", arguments: cells)
  func singleStep(_ cell: Recurrent<Double>.Cell) {
    let layer = Recurrent<Double>(cell, inputShape: [1, 3], units: 2, isBidirectional: true, givesSequence: false)
    #expect(ModelUnderTest(singleLayerModel(layer), samples: 2).mismatches() == [])
  }

  @Test("What stands in the padding has no influence", arguments: cells)
  func paddingIsIgnored(_ cell: Recurrent<Double>.Cell) {
    let layer = Recurrent<Double>(
      cell, inputShape: [4, 2], units: 2, isBidirectional: true, givesSequence: false, hasLengths: true)
    let test = ModelUnderTest(singleLayerModel(layer), samples: 1)
    fill(test.input(1), [2])
    test.forward()
    let before = Array(test.workspace.output())
    for i in 4..<8 { test.input()[i] = 100 }
    test.forward()
    #expect(Array(test.workspace.output()) == before)
  }

  @Test("A dropout mask belongs to the sample, not to its place in the batch", arguments: cells)
  func maskIsKeyedBySample(_ cell: Recurrent<Double>.Cell) {
    let layer = Recurrent<Double>(cell, inputShape: [3, 2], units: 4, layers: 2, dropout: 0.5)
    func output(ids: [Int], inputs: [[Double]]) -> [[Double]] {
      let test = ModelUnderTest(singleLayerModel(layer), samples: ids.count, mode: training)
      for (index, id) in ids.enumerated() { test.workspace.sampleIDs[index] = id }
      fill(test.input(), inputs.flatMap(\.self))
      test.forward()
      let size = layer.outputShape.elementCount
      return ids.indices.map { Array(test.workspace.output()[$0 * size..<($0 + 1) * size]) }
    }
    let a = clearOfZero(6, substream: 1), b = clearOfZero(6, substream: 2)
    let both = output(ids: [11, 12], inputs: [a, b])
    let alone = output(ids: [12], inputs: [b])
    let renamed = output(ids: [13], inputs: [b])
    #expect(zip(both[1], alone[0]).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(renamed != alone)
  }

  @Test("Two runs with the same draws give the same bits, two steps' draws do not")
  func masksFollowTheStep() {
    let layer = Recurrent<Double>(.lstm, inputShape: [3, 2], units: 4, layers: 2, dropout: 0.5)
    func output(_ seed: UInt64) -> [Double] {
      let test = ModelUnderTest(
        singleLayerModel(layer), samples: 2, mode: .training(random: RandomSource(seed: seed)))
      test.forward()
      return Array(test.workspace.output())
    }
    #expect(output(1) == output(1))
    #expect(output(1) != output(2))
  }

  /// The equations, sample by sample and unit by unit, with exponentials of Foundation's precision through `Double`.
  func twin(_ cell: Recurrent<Double>.Cell, _ input: [Double], _ p: [[Double]], steps: Int, width: Int, units: Int)
    -> [Double]
  {
    func sigmoid(_ x: Double) -> Double { 1 / (1 + Double.exponential(-x)) }
    var h = [Double](repeating: 0, count: units), c = h, result: [Double] = []
    for t in 0..<steps {
      func fromInput(_ row: Int) -> Double {
        (0..<width).reduce(p[2][row]) { $0 + p[0][row * width + $1] * input[t * width + $1] }
      }
      let state = h
      func fromState(_ row: Int) -> Double { (0..<units).reduce(p[3][row]) { $0 + p[1][row * units + $1] * state[$1] } }
      for j in 0..<units {
        func both(_ gate: Int) -> Double { fromInput(gate * units + j) + fromState(gate * units + j) }
        switch cell {
        case .lstm:
          c[j] = sigmoid(both(1)) * c[j] + sigmoid(both(0)) * Double.hyperbolicTangent(both(2))
          h[j] = sigmoid(both(3)) * Double.hyperbolicTangent(c[j])
        case .gru:
          let n = Double.hyperbolicTangent(
            fromInput(2 * units + j) + sigmoid(both(0)) * fromState(2 * units + j))
          h[j] = (1 - sigmoid(both(1))) * n + sigmoid(both(1)) * state[j]
        }
      }
      result += h
    }
    return result
  }

  @Test(
    "Single precision agrees with the equations in double", arguments: [Recurrent<Float>.Cell.lstm, .gru], [1, 17, 33])
  func singlePrecision(_ cell: Recurrent<Float>.Cell, units: Int) throws {
    let (steps, width, samples) = (6, 5, 3)
    let layer = Recurrent<Float>(cell, inputShape: [steps, width], units: units)
    var builder = ModelBuilder<Float>()
    let input = builder.input([steps, width])
    let model = builder.build(outputs: builder.add(layer, to: input, name: "0"))
    let parameters = FlatBuffer<Float>(count: model.parameterLayout.count)
    model.parameterLayout.initialize(parameters.view, seed: 4)
    let values = ModelValues(parameters: parameters.view, statistics: FlatBuffer<Float>(count: 0).view)
    let workspace = Workspace(model: model, capacity: samples, values: values)
    fill(workspace.input(), clearOfZero(samples * steps * width).map(Float.init))
    workspace.forward(samples: samples, mode: .evaluation, values: values)
    let weights = model.parameterLayout.entries.map { parameters.view[$0.range].map(Double.init) }
    let twinCell = try #require(Recurrent<Double>.Cell(rawValue: cell.rawValue))
    for sample in 0..<samples {
      let size = steps * width
      let expected = twin(
        twinCell, workspace.input()[sample * size..<(sample + 1) * size].map(Double.init), weights, steps: steps,
        width: width, units: units)
      let actual = workspace.output()[sample * steps * units..<(sample + 1) * steps * units]
      // A few roundings of 6·10⁻⁸ in each of six steps.
      #expect(zip(actual, expected).allSatisfy { abs(Double($0) - $1) < 2e-6 })
    }
  }
}

import NeuralNetwork
import NumericCore
import TestSupport
import Testing

/// The product of two inputs, element by element: unlike a sum, its two input gradients differ.
private struct Product: Layer {
  let shape: Shape
  var inputShapes: [Shape] { [shape, shape] }
  var outputShape: Shape { shape }
  func forward(_ pass: LayerPass<Double>) { multiplyElements(pass.input(0), pass.input(1), into: pass.output) }
  func backward(_ pass: LayerPass<Double>) {
    if let gradient = pass.inputGradient(0) { multiplyElements(pass.outputGradient, pass.input(1), into: gradient) }
    if let gradient = pass.inputGradient(1) { multiplyElements(pass.outputGradient, pass.input(0), into: gradient) }
  }
}

@Suite("Gradients through graphs")
struct GraphGradientTests {
  @Test("A residual block: one node feeds a branch and the sum behind it", arguments: [0, 1, 3])
  func residual(samples: Int) {
    var builder = ModelBuilder<Double>()
    let input = builder.input([4])
    let first = builder.add(DenseLayer(inputSize: 4, outputSize: 4), to: input, name: "first")
    let active = builder.add(ActivationLayer(.tanh, shape: [4]), to: first, name: "active")
    let branch = builder.add(DenseLayer(inputSize: 4, outputSize: 4), to: active, name: "branch")
    let sum = builder.add(AddLayer(shape: [4]), to: branch, active, name: "sum")
    let model = builder.build(outputs: builder.add(DenseLayer(inputSize: 4, outputSize: 2), to: sum, name: "last"))
    #expect(ModelUnderTest(model, samples: samples).mismatches() == [])
  }

  @Test func sameNodeTwiceInOneLayer() {
    var builder = ModelBuilder<Double>()
    let hidden = builder.add(DenseLayer(inputSize: 3, outputSize: 3), to: builder.input([3]), name: "0")
    let model = builder.build(outputs: builder.add(Product(shape: [3]), to: hidden, hidden, name: "square"))
    #expect(ModelUnderTest(model, samples: 2).mismatches() == [])
  }

  @Test("Two inputs of one layer that both have other readers behind it")
  func twoAddingEdges() {
    var builder = ModelBuilder<Double>()
    let (left, right) = (builder.input([3]), builder.input([3]))
    let product = builder.add(Product(shape: [3]), to: left, right, name: "product")
    let sum = builder.add(AddLayer(shape: [3], inputCount: 3), to: left, right, product, name: "sum")
    #expect(ModelUnderTest(builder.build(outputs: sum), samples: 2).mismatches() == [])
  }

  @Test func sharedWeights() {
    var builder = ModelBuilder<Double>()
    let input = builder.input([3])
    let first = builder.add(DenseLayer(inputSize: 3, outputSize: 3), to: input, name: "0")
    let active = builder.add(ActivationLayer(.tanh, shape: [3]), to: first, name: "1")
    let second = builder.add(DenseLayer(inputSize: 3, outputSize: 3), to: active, name: "2", sharing: first)
    let model = builder.build(outputs: second)
    #expect(model.parameterLayout.entries.map(\.name) == ["0.weight", "0.bias"])
    #expect(model.summary.map(\.parameterCount) == [12, 0, 0])
    #expect(ModelUnderTest(model, samples: 2).mismatches() == [])
  }

  @Test("Two inputs, two outputs, one of which is read again on the way to the other")
  func severalInputsAndOutputs() {
    var builder = ModelBuilder<Double>()
    let (left, right) = (builder.input([3]), builder.input([2]))
    let a = builder.add(DenseLayer(inputSize: 3, outputSize: 4), to: left, name: "a")
    let b = builder.add(DenseLayer(inputSize: 2, outputSize: 4), to: right, name: "b")
    let joined = builder.add(AddLayer(shape: [4]), to: a, b, name: "joined")
    let active = builder.add(ActivationLayer(.sigmoid, shape: [4]), to: joined, name: "active")
    let model = builder.build(
      outputs: active, builder.add(DenseLayer(inputSize: 4, outputSize: 1), to: active, name: "c"))
    #expect(ModelUnderTest(model, samples: 3).mismatches() == [])
  }

  @Test("A layer that no output depends on has zero gradients")
  func deadEnd() {
    var builder = ModelBuilder<Double>()
    let input = builder.input([3])
    let used = builder.add(DenseLayer(inputSize: 3, outputSize: 2), to: input, name: "used")
    _ = builder.add(DenseLayer(inputSize: 3, outputSize: 2), to: input, name: "dead")
    let test = ModelUnderTest(builder.build(outputs: used), samples: 2)
    #expect(test.mismatches() == [])
    // What an earlier step left behind must not come back.
    #expect(test.mismatches() == [])
  }

  @Test("One model behind another, as a generator learns from its critic")
  func modelBehindModel() {
    func chain(_ sizes: [Int], seed: UInt64) -> ModelUnderTest {
      var builder = ModelBuilder<Double>()
      let input = builder.input([sizes[0]])
      let hidden = builder.add(DenseLayer(inputSize: sizes[0], outputSize: sizes[1]), to: input, name: "0")
      let active = builder.add(ActivationLayer(.leakyReLU(slope: 0.2), shape: [sizes[1]]), to: hidden, name: "1")
      let output = builder.add(DenseLayer(inputSize: sizes[1], outputSize: sizes[2]), to: active, name: "2")
      return ModelUnderTest(builder.build(outputs: output), samples: 3, seed: seed)
    }
    let generator = chain([2, 5, 4], seed: 1)
    let critic = chain([4, 3, 1], seed: 2)
    let objective = ModelUnderTest.Objective.loss(BinaryCrossEntropy(), targets: [1, 1, 1])

    func evaluate(differentiate: Bool) -> Double {
      generator.forward()
      copy(generator.workspace.output(), into: critic.input())
      return critic.evaluate(objective, differentiate: differentiate)
    }
    critic.learns = false
    _ = evaluate(differentiate: true)
    critic.workspace.backward()
    copy(critic.workspace.inputGradient(), into: generator.workspace.outputGradient())
    generator.workspace.backward()
    #expect(
      DifferenceQuotient.mismatches(
        of: "generator", in: generator.parameters.view, analytic: Array(generator.gradients.view)
      ) { evaluate(differentiate: false) } == [])
    #expect(critic.gradients.view.allSatisfy { $0 == 0 })
  }
}

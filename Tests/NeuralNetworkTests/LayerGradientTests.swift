import NeuralNetwork
import NumericCore
import TestSupport
import Testing

@Suite("Layer gradients against central differences")
struct LayerGradientTests {
  static let functions: [ActivationLayer<Double>.Function] = [.relu, .leakyReLU(slope: 0.1), .tanh, .sigmoid, .gelu]

  /// One layer behind one input for each of its input shapes.
  func model(_ layer: some Layer<Double>) -> Model<Double> {
    var builder = ModelBuilder<Double>()
    let inputs = layer.inputShapes.map { builder.input($0) }
    switch inputs.count {
    case 1: return builder.build(outputs: builder.add(layer, to: inputs[0], name: "0"))
    case 2: return builder.build(outputs: builder.add(layer, to: inputs[0], inputs[1], name: "0"))
    default: preconditionFailure("\(inputs.count) inputs")
    }
  }

  @Test(arguments: [0, 1, 3], [true, false])
  func dense(samples: Int, hasBias: Bool) {
    let layer = DenseLayer<Double>(inputShape: [4], outputSize: 3, hasBias: hasBias)
    #expect(ModelUnderTest(model(layer), samples: samples, capacity: 5).mismatches() == [])
  }

  @Test("Dense maps the last axis of a sequence")
  func denseOnSequence() {
    let model = model(DenseLayer<Double>(inputShape: [5, 4], outputSize: 3))
    #expect(model.outputShapes == [[5, 3]])
    #expect(ModelUnderTest(model, samples: 2).mismatches() == [])
  }

  @Test(arguments: functions, [0, 1, 3])
  func activation(_ function: ActivationLayer<Double>.Function, samples: Int) {
    let model = model(ActivationLayer<Double>(function, shape: [2, 5]))
    #expect(ModelUnderTest(model, samples: samples, capacity: 4).mismatches() == [])
  }

  @Test("An activation far from zero, where exponentials over- and underflow", arguments: functions)
  func saturatedActivation(_ function: ActivationLayer<Double>.Function) {
    let test = ModelUnderTest(model(ActivationLayer<Double>(function, shape: [6])), samples: 1)
    fill(test.input(), [-800, -40, -6, 6, 40, 800])
    #expect(test.mismatches() == [])
  }

  @Test(arguments: [0, 1, 4])
  func dropoutInTraining(samples: Int) {
    let test = ModelUnderTest(
      model(DropoutLayer<Double>(probability: 0.4, shape: [7])), samples: samples,
      mode: .training(random: RandomSource(seed: 5)))
    #expect(test.mismatches() == [])
  }

  @Test func dropoutInEvaluationPassesThrough() {
    let test = ModelUnderTest(model(DropoutLayer<Double>(probability: 0.4, shape: [7])), samples: 2)
    #expect(test.mismatches() == [])
    test.forward()
    #expect(Array(test.workspace.output()) == Array(test.input()))
  }

  @Test func sumOfTwoInputs() {
    #expect(ModelUnderTest(model(AddLayer<Double>(shape: [3])), samples: 2).mismatches() == [])
  }
}

@Suite("The gradient checker itself")
struct GradientCheckerTests {
  /// y = x² with a backward that is wrong in the way that `fault` says.
  struct FaultySquare: Layer {
    enum Fault: CaseIterable { case factor, doesNotWrite, addsToInput, overwritesParameter }
    let fault: Fault?
    var inputShapes: [Shape] { [[2]] }
    var outputShape: Shape { [2] }
    var parameters: [ParameterSpecification] { [ParameterSpecification("scale", shape: [2], initializer: .ones)] }

    func forward(_ pass: LayerPass<Double>) {
      for i in pass.output.indices { pass.output[i] = pass.input()[i] * pass.input()[i] * pass.parameter(0)[i % 2] }
    }
    func backward(_ pass: LayerPass<Double>) {
      guard let gradient = pass.inputGradient(), let parameterGradient = pass.parameterGradient(0) else { return }
      for i in gradient.indices {
        let x = pass.input()[i]
        let g = pass.outputGradient[i]
        let derivative = 2 * x * g * pass.parameter(0)[i % 2]
        switch fault {
        case .factor: gradient[i] = derivative * 1.00001
        case .doesNotWrite: break
        case .addsToInput: gradient[i] += derivative
        default: gradient[i] = derivative
        }
        if fault == .overwritesParameter {
          parameterGradient[i % 2] = x * x * g
        } else {
          parameterGradient[i % 2] += x * x * g
        }
      }
    }
  }

  func mismatches(_ fault: FaultySquare.Fault?) -> [GradientMismatch] {
    var builder = ModelBuilder<Double>()
    let input = builder.input([2])
    return ModelUnderTest(
      builder.build(outputs: builder.add(FaultySquare(fault: fault), to: input, name: "0")), samples: 2
    ).mismatches()
  }

  @Test func acceptsTheRightGradient() { #expect(mismatches(nil) == []) }

  @Test(arguments: FaultySquare.Fault.allCases)
  func finds(_ fault: FaultySquare.Fault) { #expect(!mismatches(fault).isEmpty) }

  @Test func reportsWhatAReaderNeeds() throws {
    let mismatch = try #require(mismatches(.factor).first)
    #expect(mismatch.variable == "input 0")
    for number in [mismatch.analytic, mismatch.numeric, mismatch.lower, mismatch.upper] {
      #expect("\(mismatch)".contains("\(number)"))
    }
  }
}

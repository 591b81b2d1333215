import NeuralNetwork
import NumericCore
import TestSupport
import Testing

/// One layer behind one input.
func model<S: Scalar>(of layer: some Layer<S>) -> Model<S> {
  var builder = ModelBuilder<S>()
  let input = builder.input(layer.inputShapes[0])
  return builder.build(outputs: builder.add(layer, to: input, name: "0"))
}

@Suite("Gradients of layers for images against central differences")
struct ConvolutionGradientTests {
  @Test("Stride, padding, dilation, groups, bias", arguments: [0, 1, 2], [true, false])
  func conv2D(samples: Int, hasBias: Bool) {
    let layers = [
      Conv2DLayer<Double>(inputShape: [4, 5, 2], filters: 3, kernel: 3, padding: 1, hasBias: hasBias),
      Conv2DLayer<Double>(inputShape: [5, 4, 2], filters: 2, kernel: 3, stride: 2, padding: 1, hasBias: hasBias),
      Conv2DLayer<Double>(
        inputShape: [5, 6, 1], filters: 2, kernel: Extents(height: 2, width: 3), stride: Extents(height: 1, width: 2),
        padding: Extents(height: 0, width: 2), dilation: Extents(height: 3, width: 2), hasBias: hasBias),
      Conv2DLayer<Double>(inputShape: [3, 3, 4], filters: 6, kernel: 2, groups: 2, hasBias: hasBias),
      Conv2DLayer<Double>(inputShape: [3, 3, 3], filters: 3, kernel: 3, padding: 1, groups: 3, hasBias: hasBias),
      Conv2DLayer<Double>(inputShape: [1, 1, 2], filters: 2, kernel: 1, hasBias: hasBias),
    ]
    for layer in layers {
      #expect(ModelUnderTest(model(of: layer), samples: samples, capacity: 3).mismatches() == [])
    }
  }

  @Test(arguments: [0, 1, 2])
  func conv1D(samples: Int) {
    let layer = Conv1DLayer<Double>(inputShape: [7, 2], filters: 3, kernel: 3, stride: 2, padding: 1)
    #expect(layer.outputShape == [4, 3])
    #expect(layer.parameters[0].shape == [3, 2, 3])
    #expect(ModelUnderTest(model(of: layer), samples: samples, capacity: 3).mismatches() == [])
  }

  @Test(arguments: [0, 1, 2])
  func convTranspose2D(samples: Int) {
    let layers = [
      ConvTranspose2DLayer<Double>(
        inputShape: [2, 3, 2], filters: 3, kernel: 3, stride: 2, padding: 1, outputPadding: 1),
      ConvTranspose2DLayer<Double>(inputShape: [3, 2, 4], filters: 2, kernel: 2, groups: 2, hasBias: false),
    ]
    #expect(layers[0].outputShape == [4, 6, 3])
    for layer in layers {
      #expect(ModelUnderTest(model(of: layer), samples: samples, capacity: 3).mismatches() == [])
    }
  }

  @Test(arguments: [0, 1, 2])
  func pooling(samples: Int) {
    func check(_ layer: some Layer<Double>) {
      #expect(ModelUnderTest(model(of: layer), samples: samples, capacity: 3).mismatches() == [])
    }
    check(MaxPool2DLayer<Double>(inputShape: [4, 5, 3], size: 2))
    check(MaxPool2DLayer<Double>(inputShape: [5, 4, 2], size: 3, stride: 1, padding: 1))
    check(AveragePool2DLayer<Double>(inputShape: [4, 5, 3], size: 2))
    check(AveragePool2DLayer<Double>(inputShape: [5, 4, 2], size: 3, stride: 2, padding: 1))
    check(AveragePool2DLayer<Double>(inputShape: [5, 4, 2], size: 3, stride: 2, padding: 1, countsPadding: false))
    check(GlobalAveragePoolLayer<Double>(inputShape: [3, 2, 4]))
    check(GlobalAveragePoolLayer<Double>(inputShape: [5, 2]))
    check(UpsampleLayer<Double>(inputShape: [2, 3, 2], scale: Extents(height: 3, width: 2)))
  }

  @Test("Flatten and Reshape", arguments: [0, 1, 2], ElementOrder.allCases)
  func reshaping(samples: Int, order: ElementOrder) {
    let flatten = FlattenLayer<Double>(inputShape: [2, 3, 4], order: order)
    #expect(ModelUnderTest(model(of: flatten), samples: samples, capacity: 3).mismatches() == [])
    let reshape = ReshapeLayer<Double>(outputShape: [2, 3, 4], order: order)
    #expect(ModelUnderTest(model(of: reshape), samples: samples, capacity: 3).mismatches() == [])
  }

  @Test("A maximum of equals is the first, NaN wins over all, and -infinity is a value")
  func maximaThatAreNotPlain() {
    let test = ModelUnderTest(model(of: MaxPool2DLayer<Double>(inputShape: [2, 6, 1], size: 2)), samples: 1)
    fill(test.input(), [3, 3, 1, .nan, -.infinity, -.infinity, 3, 3, .nan, 5, -.infinity, -.infinity])
    test.forward()
    let output = Array(test.workspace.output())
    #expect(output[0] == 3 && output[1].isNaN && output[2] == -.infinity)
    fill(test.workspace.outputGradient(), [1, 2, 4])
    test.workspace.backward()
    #expect(Array(test.workspace.inputGradient()) == [1, 0, 0, 2, 4, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test("Fan-in and fan-out are PyTorch's")
  func fans() {
    func law(_ fanIn: Int, _ fanOut: Int) -> Initializer { .xavierUniform(fanIn: fanIn, fanOut: fanOut) }
    let grouped = Conv2DLayer<Float>(inputShape: [5, 5, 4], filters: 6, kernel: 3, groups: 2, initializer: law)
    #expect(grouped.parameters[0].initializer == .xavierUniform(fanIn: 18, fanOut: 54))
    let transposed = ConvTranspose2DLayer<Float>(
      inputShape: [5, 5, 4], filters: 6, kernel: 3, groups: 2, initializer: law)
    #expect(transposed.parameters[0].initializer == .xavierUniform(fanIn: 27, fanOut: 36))
  }
}

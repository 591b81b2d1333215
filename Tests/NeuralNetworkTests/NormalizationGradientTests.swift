import NeuralNetwork
import NumericCore
import TestSupport
import Testing

@Suite("Normalization and channel layers against central differences")
struct NormalizationGradientTests {
  static let training = PassMode.training(random: RandomSource(seed: 4))

  /// One layer behind one input for each of its input shapes.
  func model(_ layer: some Layer<Double>) -> Model<Double> {
    var builder = ModelBuilder<Double>()
    let inputs = layer.inputShapes.map { builder.input($0) }
    return builder.build(outputs: builder.add(layer, toAll: inputs, name: "0"))
  }

  // ε is large where few values make a variance that may be small, for whose sake the third derivative would grow.

  @Test("Batch normalization of features: strips of eight columns and a rest", arguments: [0, 1, 2, 5], [true, false])
  func batchNormOfFeatures(samples: Int, trains: Bool) {
    let layer = BatchNormLayer<Double>(shape: [11], epsilon: 0.5)
    let test = ModelUnderTest(
      model(layer), samples: samples, mode: trains ? Self.training : .evaluation, capacity: 6)
    #expect(test.mismatches() == [])
  }

  @Test("Batch normalization of images", arguments: [0, 1, 3], [true, false])
  func batchNormOfImages(samples: Int, rectifies: Bool) {
    let layer = BatchNormLayer<Double>(shape: [3, 2, 9], epsilon: 0.1, rectifies: rectifies)
    for mode in [Self.training, .evaluation] {
      #expect(ModelUnderTest(model(layer), samples: samples, mode: mode, capacity: 4).mismatches() == [])
    }
  }

  @Test("Batch normalization over more rows than a block holds")
  func batchNormOfManyRows() {
    // 16 KiB hold 4,096 / 8 = 512 rows of 8 channels.
    let test = ModelUnderTest(
      model(BatchNormLayer<Double>(shape: [261, 8], rectifies: true)), samples: 2, mode: Self.training)
    #expect(test.mismatches() == [])
  }

  @Test("Batch normalization between layers, shared by two of them")
  func sharedBatchNorm() {
    var builder = ModelBuilder<Double>()
    let first = builder.add(DenseLayer(inputSize: 4, outputSize: 4), to: builder.input([4]), name: "0")
    let norm = builder.add(BatchNormLayer(shape: [4], epsilon: 0.1), to: first, name: "1")
    let second = builder.add(DenseLayer(inputSize: 4, outputSize: 4), to: norm, name: "2")
    let again = builder.add(BatchNormLayer(shape: [4], epsilon: 0.1), to: second, name: "3", sharing: norm)
    let model = builder.build(outputs: again)
    #expect(model.statisticLayout.entries.map(\.name) == ["1.running_mean", "1.running_var"])
    #expect(ModelUnderTest(model, samples: 6, mode: Self.training).mismatches() == [])
  }

  @Test("Layer normalization", arguments: [0, 1, 3], [[9], [2, 3], [4, 16]])
  func layerNorm(samples: Int, extents: [Int]) {
    let layer = LayerNormLayer<Double>(shape: Shape(extents), epsilon: 0.1)
    #expect(ModelUnderTest(model(layer), samples: samples, capacity: 4).mismatches() == [])
  }

  @Test(
    "Group normalization of features, sequences and images", arguments: [0, 1, 3],
    [([12], 3), ([5, 8], 2), ([3, 2, 6], 6), ([3, 2, 6], 1), ([2, 3, 18], 2)])
  func groupNorm(samples: Int, sizes: (extents: [Int], groups: Int)) {
    for isAffine in [true, false] {
      let layer = GroupNormLayer<Double>(
        shape: Shape(sizes.extents), groups: sizes.groups, epsilon: 0.1, isAffine: isAffine)
      #expect(ModelUnderTest(model(layer), samples: samples, capacity: 4).mismatches() == [])
    }
  }

  @Test("Group normalization gives a sample the same bits in any batch")
  func groupNormOfOneSample() {
    let layer = GroupNormLayer<Double>(shape: [4, 3, 10], groups: 5)
    let batch = ModelUnderTest(model(layer), samples: 3)
    batch.forward()
    fill(batch.workspace.outputGradient(), clearOfZero(360, seed: 6))
    batch.workspace.backward()
    for sample in 0..<3 {
      let range = 120 * sample..<120 * (sample + 1)
      let alone = ModelUnderTest(model(layer), samples: 1)
      fill(alone.input(), Array(batch.input()[range]))
      alone.forward()
      #expect(Array(alone.workspace.output()) == Array(batch.workspace.output()[range]))
      fill(alone.workspace.outputGradient(), Array(clearOfZero(360, seed: 6)[range]))
      alone.workspace.backward()
      #expect(Array(alone.workspace.inputGradient()) == Array(batch.workspace.inputGradient()[range]))
    }
  }

  @Test("Softmax of the last axis", arguments: [0, 1, 3], [[5], [2, 19]])
  func softmax(samples: Int, extents: [Int]) {
    #expect(
      ModelUnderTest(model(SoftmaxLayer<Double>(shape: Shape(extents))), samples: samples, capacity: 3).mismatches()
        == [])
  }

  @Test(arguments: [ActivationLayer<Double>.Function.elu(alpha: 0.7), .silu], [0, 1, 3])
  func activation(_ function: ActivationLayer<Double>.Function, samples: Int) {
    let test = ModelUnderTest(model(ActivationLayer<Double>(function, shape: [2, 5])), samples: samples, capacity: 4)
    #expect(test.mismatches() == [])
  }

  @Test("ELU and SiLU far from zero", arguments: [ActivationLayer<Double>.Function.elu(alpha: 0.7), .silu])
  func saturatedActivation(_ function: ActivationLayer<Double>.Function) {
    let test = ModelUnderTest(model(ActivationLayer<Double>(function, shape: [6])), samples: 1)
    fill(test.input(), [-800, -40, -6, 6, 40, 800])
    #expect(test.mismatches() == [])
    let single = output([Float](repeating: .nan, count: 4)) { output in
      withWindow([-800, -88.5, 88.5, 800] as [Float]) { input in
        if function == .silu {
          sigmoidLinearUnit(input, into: output)
        } else {
          exponentialLinearUnit(input, alpha: 0.7, into: output)
        }
      }
    }
    let low: Float = function == .silu ? 0 : -0.7
    #expect(abs(single[0] - low) < 1e-6 && abs(single[1] - low) < 1e-6 && single[2...] == [88.5, 800])
  }

  @Test(arguments: [0, 1, 4])
  func spatialDropout(samples: Int) {
    let test = ModelUnderTest(
      model(SpatialDropoutLayer<Double>(probability: 0.4, shape: [3, 7])), samples: samples, mode: Self.training,
      capacity: 5
    )
    #expect(test.mismatches() == [])
  }

  @Test("Spatial dropout drops a channel of a sample at every position or at none, and scales what it keeps")
  func spatialDropoutDropsChannels() {
    let (samples, positions, channels) = (40, 6, 10)
    let layer = SpatialDropoutLayer<Double>(probability: 0.25, shape: [2, 3, channels])
    let test = ModelUnderTest(model(layer), samples: samples, mode: Self.training)
    test.forward()
    let factors = zip(test.workspace.output(), test.input()).map { $0 / $1 }
    var dropped = 0
    for sample in 0..<samples {
      for channel in 0..<channels {
        let channelFactors = (0..<positions).map { factors[(sample * positions + $0) * channels + channel] }
        let isDropped = channelFactors[0] == 0
        dropped += isDropped ? 1 : 0
        #expect(channelFactors.allSatisfy { isDropped ? $0 == 0 : abs($0 - 4 / 3) < 1e-12 })
      }
    }
    // 400 draws at 0.25: mean 100, standard deviation 8.7.
    #expect((65...135).contains(dropped))
    // The draws belong to the sample, not to its place in the batch.
    let first = Array(factors[..<(positions * channels)])
    let moved = ModelUnderTest(model(layer), samples: samples, mode: Self.training)
    moved.workspace.sampleIDs[1] = moved.workspace.sampleIDs[0]
    moved.forward()
    let second = zip(moved.workspace.output(), moved.input()).map { $0 / $1 }[
      positions * channels..<2 * positions * channels]
    #expect(zip(first, second).allSatisfy { abs($0 - $1) < 1e-12 })
    let evaluation = ModelUnderTest(model(layer), samples: 2)
    evaluation.forward()
    #expect(Array(evaluation.workspace.output()) == Array(evaluation.input()))
  }

  @Test("Inputs side by side", arguments: [0, 1, 3])
  func concat(samples: Int) {
    let layer = ConcatLayer<Double>(inputShapes: [[2, 3], [2, 1], [2, 4]])
    #expect(layer.outputShape == [2, 8])
    let test = ModelUnderTest(model(layer), samples: samples, capacity: 4)
    #expect(test.mismatches() == [])
    test.forward()
    for row in 0..<2 * samples {
      let expected = [3, 1, 4].enumerated().flatMap { index, columns in
        test.input(index).view(row * columns..<(row + 1) * columns)
      }
      #expect(Array(test.workspace.output()[8 * row..<8 * row + 8]) == expected)
    }
  }
}

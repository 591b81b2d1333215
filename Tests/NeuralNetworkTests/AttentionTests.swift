import NeuralNetwork
import NumericCore
import TestSupport
import Testing

@Suite("Attention and embeddings")
struct AttentionTests {
  @Test("Gradients against central differences", arguments: [0, 1, 3], [true, false])
  func gradients(samples: Int, isCausal: Bool) {
    let layer = MultiHeadAttentionLayer<Double>(shape: [3, 4], heads: 2, isCausal: isCausal)
    #expect(ModelUnderTest(singleLayerModel(layer), samples: samples, capacity: 4).mismatches() == [])
  }

  /// As many as several stripes hold, whole and not.
  @Test("Gradients of many positions under a causal mask", arguments: [64, 65, 130], [0, 0.3])
  func longGradients(positions: Int, dropout: Double) {
    let layer = MultiHeadAttentionLayer<Double>(shape: [positions, 4], heads: 2, isCausal: true, dropout: dropout)
    let test = ModelUnderTest(
      singleLayerModel(layer), samples: 2, mode: .training(random: RandomSource(seed: 3)))
    #expect(test.mismatches() == [])
    // No position sees what is in stripes behind its own.
    test.forward()
    let before = Array(test.workspace.output()), last = (positions - 1) * 4
    for i in last..<last + 4 { test.input()[i] += 1 }
    test.forward()
    #expect(Array(test.workspace.output().prefix(last)) == Array(before.prefix(last)))
    #expect(Array(test.workspace.output()) != before)
  }

  @Test("Gradients under dropout of attention weights")
  func dropoutGradients() {
    let layer = MultiHeadAttentionLayer<Double>(shape: [4, 4], heads: 2, isCausal: true, dropout: 0.4)
    let test = ModelUnderTest(
      singleLayerModel(layer), samples: 2, mode: .training(random: RandomSource(seed: 3)))
    #expect(test.mismatches() == [])
    test.forward()
    let dropped = Array(test.workspace.output())
    let kept = ModelUnderTest(singleLayerModel(layer), samples: 2)
    kept.forward()
    #expect(Array(kept.workspace.output()) != dropped)
  }

  @Test("Under the causal mask no position sees a later one")
  func causality() {
    let layer = MultiHeadAttentionLayer<Double>(shape: [5, 4], heads: 1, isCausal: true)
    let test = ModelUnderTest(singleLayerModel(layer), samples: 1)
    test.forward()
    let before = Array(test.workspace.output())
    for i in 12..<20 { test.input()[i] += 1 }
    test.forward()
    #expect(Array(test.workspace.output().prefix(12)) == Array(before.prefix(12)))
    #expect(Array(test.workspace.output().suffix(8)) != Array(before.suffix(8)))
  }

  @Test("Gradients of a transformer block, with dropout in all its places", arguments: [0, 0.3])
  func blockGradients(dropout: Double) {
    var builder = ModelBuilder<Double>()
    let input = builder.input([3, 4])
    let block = builder.addTransformerBlock(to: input, name: "0", heads: 2, isCausal: true, dropout: dropout)
    let model = builder.build(outputs: block)
    #expect(model.outputShapes == [[3, 4]])
    let test = ModelUnderTest(model, samples: 2, mode: .training(random: RandomSource(seed: 3)))
    #expect(test.mismatches() == [])
  }

  @Test("The vectorised softmax agrees with its definition", arguments: [1, 7, 8, 9, 33], [true, false])
  func softmax(columns: Int, isCausal: Bool) {
    let scores = clearOfZero(columns * columns).map { 20 * $0 }
    let actual = output(scores) { attentionSoftmax($0, columns: columns, scale: 0.5, isCausal: isCausal) }
    for t in 0..<columns {
      let visible = isCausal ? t + 1 : columns
      let exponentials = scores[t * columns..<t * columns + visible].map { Double.exponential(0.5 * $0) }
      let sum = exponentials.reduce(0, +)
      for j in 0..<columns {
        let expected = j < visible ? exponentials[j] / sum : 0
        #expect(abs(actual[t * columns + j] - expected) < 1e-14)
      }
    }
  }

  @Test("The softmax survives scores that overflow an exponential")
  func largeScores() {
    let actual = output([1e4, -1e4, 0, 1e4] as [Float]) {
      attentionSoftmax($0, columns: 2, scale: 1, isCausal: false)
    }
    #expect(actual == [1, 0, 0, 1])
  }

  @Test(arguments: [0, 1, 3])
  func embedding(samples: Int) {
    let test = ModelUnderTest(
      singleLayerModel(EmbeddingLayer<Double>(inputShape: [3], size: 4, dimension: 2)), samples: samples)
    fill(test.input(), (0..<3 * samples).map { Double($0 * 3 % 4) })
    #expect(test.mismatches(integerInputs: [0]) == [])
    test.forward()
    for i in test.input().indices {
      let row = Int(test.input()[i])
      #expect(Array(test.workspace.output()[2 * i..<2 * i + 2]) == Array(test.parameters.view[2 * row..<2 * row + 2]))
    }
  }

  @Test(arguments: [0, 1, 3])
  func positions(samples: Int) {
    let test = ModelUnderTest(singleLayerModel(PositionalEmbeddingLayer<Double>(shape: [3, 2])), samples: samples)
    #expect(test.mismatches() == [])
    test.forward()
    for i in test.input().indices {
      #expect(test.workspace.output()[i] == test.input()[i] + test.parameters.view[i % 6])
    }
  }

  @Test("Initial values: normal and uniform draws have their moments, whatever the order they are asked in")
  func initialValues() {
    var layout = ParameterLayout()
    layout.append(name: "a", shape: [40_000], initializer: .normal(standardDeviation: 0.02))
    layout.append(name: "b", shape: [40_000], initializer: .uniform(bound: 0.5))
    let values = FlatBuffer<Double>(count: layout.count)
    layout.initialize(values.view, seed: 9)
    func moments(_ entry: Int) -> (mean: Double, variance: Double, fourth: Double) {
      let x = values.view[layout.entries[entry].range]
      let mean = x.reduce(0, +) / Double(x.count)
      let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
      let fourth = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) * ($1 - mean) * ($1 - mean) } / Double(x.count)
      return (mean, variance, fourth / (variance * variance))
    }
    // Five standard errors: σ/√n of the mean, σ²√(2/n) of a normal variance, √(24/n) of its kurtosis, 3.
    let normal = moments(0), uniform = moments(1)
    #expect(abs(normal.mean) < 5 * 0.02 / 200 && abs(normal.variance / 0.0004 - 1) < 0.036)
    #expect(abs(normal.fourth - 3) < 0.13)
    #expect(abs(uniform.mean) < 5 * 0.29 / 200 && abs(uniform.variance * 12 - 1) < 0.036)
    #expect(values.view[layout.entries[1].range].allSatisfy { abs($0) <= 0.5 })
  }
}

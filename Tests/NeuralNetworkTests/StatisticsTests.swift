import NeuralNetwork
import NumericCore
import TestSupport
import Testing

/// Subtracts the mean of the micro-batch in training, the running mean in evaluation: batch normalisation at its
/// smallest.
private struct Centering: Layer {
  let statisticMomentum: Double
  var inputShapes: [Shape] { [[2]] }
  var outputShape: Shape { [2] }
  var statistics: [ParameterSpecification] { [ParameterSpecification("mean", shape: [2], initializer: .zeros)] }
  func savedCount(samples: Int) -> Int { 2 }

  func forward(_ pass: LayerPass<Double>) {
    let mean = pass.saved
    copy(pass.statistic(0), into: mean)
    if case .training = pass.mode, pass.samples > 0 {
      mean.update(repeating: 0)
      addColumnSums(of: pass.input(), to: mean)
      if let sum = pass.batchStatistic(0) { add(mean, into: sum) }
      for j in mean.indices { mean[j] /= Double(pass.samples) }
    }
    for i in pass.output.indices { pass.output[i] = pass.input()[i] - mean[i % 2] }
  }
  func backward(_ pass: LayerPass<Double>) {
    guard let inputGradient = pass.inputGradient() else { return }
    copy(pass.outputGradient, into: inputGradient)
    guard case .training = pass.mode, pass.samples > 0 else { return }
    let mean = pass.saved
    mean.update(repeating: 0)
    addColumnSums(of: pass.outputGradient, to: mean)
    for i in inputGradient.indices { inputGradient[i] -= mean[i % 2] / Double(pass.samples) }
  }
}

@Suite("Running statistics")
struct StatisticsTests {
  private func model(momentum: Double, layers: Int = 1) -> Model<Double> {
    var builder = ModelBuilder<Double>()
    let first = builder.add(Centering(statisticMomentum: momentum), to: builder.input([2]), name: "0")
    var last = first
    for index in 1..<layers {
      last = builder.add(Centering(statisticMomentum: momentum), to: last, name: "\(index)", sharing: first)
    }
    return builder.build(outputs: last)
  }
  private let training = PassMode.training(random: RandomSource(seed: 1))

  @Test(arguments: [0, 1, 3], [true, false])
  func gradients(samples: Int, trains: Bool) {
    let test = ModelUnderTest(
      model(momentum: 0.1), samples: samples, mode: trains ? training : .evaluation, capacity: 4)
    #expect(test.mismatches() == [])
  }

  @Test("Micro-batches of three, none and one sample average over their four samples")
  func uneven() {
    let model = model(momentum: 0.25)
    let test = ModelUnderTest(model, samples: 3, mode: training, capacity: 3)
    fill(test.statistics.view.view(first: 2), [8, 16])
    for batch in [[1, 10, 2, 20, 3, 30], [], [6, 60]] as [[Double]] {
      fill(test.workspace.input().view(first: batch.count), batch)
      test.workspace.forward(samples: batch.count / 2, mode: training, values: test.values)
    }
    // In two parts, as two ranks would.
    for part in [1..<model.statisticLayout.count, 0..<1] {
      model.runningStatistics.update(part, of: test.statistics.view, sums: test.batchStatistics.view, scale: 1 / 4)
    }
    let expected: [Double] = [0.75 * 8 + 0.25 * 3, 0.75 * 16 + 0.25 * 30]
    #expect(Array(test.statistics.view.prefix(2)) == expected)
  }

  @Test("Layers that share a statistic average over their batches")
  func shared() {
    let model = model(momentum: 1, layers: 2)
    #expect(model.statisticLayout.entries.map(\.name) == ["0.mean"])
    let test = ModelUnderTest(model, samples: 1, mode: training)
    fill(test.input(), [4, 8])
    test.forward()
    model.runningStatistics.update(
      0..<model.statisticLayout.count, of: test.statistics.view, sums: test.batchStatistics.view, scale: 1)
    // The first layer sees a mean of 4 and 8, the second one of zero.
    #expect(Array(test.statistics.view.prefix(2)) == [2, 4])
  }

  @Test func evaluationLeavesThemAlone() {
    let test = ModelUnderTest(model(momentum: 0.5), samples: 2)
    test.forward()
    #expect(test.batchStatistics.view.allSatisfy { $0 == 0 })
  }
}

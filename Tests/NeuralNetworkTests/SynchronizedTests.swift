import NeuralNetwork
import NumericCore
import TestSupport
import Testing

/// Batch normalization over the micro-batches of several shards.
@Suite("Synchronized batch normalization")
struct SynchronizedTests {
  let training = PassMode.training(random: RandomSource(seed: 3))

  /// Two synchronizing layers, one of them on a branch, and one that is not.
  func model(synchronizes: Bool) -> Model<Double> {
    var builder = ModelBuilder<Double>()
    let input = builder.input([3, 4])
    let first = builder.add(DenseLayer(inputShape: [3, 4], outputSize: 9), to: input, name: "0")
    let norm = builder.add(
      BatchNormLayer(shape: [3, 9], rectifies: true, synchronizes: synchronizes), to: first, name: "1")
    let second = builder.add(DenseLayer(inputShape: [3, 9], outputSize: 9), to: norm, name: "2")
    let branch = builder.add(BatchNormLayer(shape: [3, 9], synchronizes: synchronizes), to: second, name: "3")
    let sum = builder.add(AddLayer(shape: [3, 9]), to: branch, norm, name: "4")
    return builder.build(outputs: builder.add(LayerNormLayer(shape: [3, 9]), to: sum, name: "5"))
  }

  @Test(
    "Shards of any size in lockstep give what one batch of all samples gives",
    arguments: [[5], [3, 0, 2], [1, 1, 1, 2], [0, 5]])
  func equalsOneBatch(sizes: [Int]) throws {
    let whole = ModelUnderTest(model(synchronizes: false), samples: 5, mode: training)
    _ = whole.evaluate(.linear, differentiate: true)
    whole.workspace.backward()

    let shards = sizes.map { ModelUnderTest(model(synchronizes: true), samples: $0, mode: training, capacity: 5) }
    var first = 0
    let (inputSize, outputSize) = (12, 27)
    for shard in shards {
      fill(shard.input(), Array(whole.input()[first * inputSize..<(first + shard.samples) * inputSize]))
      first += shard.samples
    }
    var collectives = 0
    func sum(_ local: [[Double]]) -> [Double] {
      collectives += 1
      return local.dropFirst().reduce(local[0]) { sums, part in zip(sums, part).map { $0 + $1 } }
    }
    let group = WorkspaceGroup(shards.map(\.workspace))
    for (index, count) in sizes.enumerated() { group.setSamples(count, ofWorkspace: index) }
    group.forward(mode: training, values: shards.map(\.values), sum: sum)
    first = 0
    for shard in shards {
      let range = first * outputSize..<(first + shard.samples) * outputSize
      expectEqual(Array(shard.workspace.output()), Array(whole.workspace.output()[range]), "output")
      fill(shard.workspace.outputGradient(), Array(whole.workspace.outputGradient()[range]))
      first += shard.samples
    }
    group.backward(gradients: .overwrite, sum: sum)
    #expect(collectives == 4)
    func total(_ buffer: (ModelUnderTest) -> FlatBuffer<Double>) -> [Double] {
      sum(shards.map { Array(buffer($0).view) })
    }
    expectEqual(total(\.gradients), Array(whole.gradients.view), "parameter gradients")
    expectEqual(total(\.batchStatistics), Array(whole.batchStatistics.view), "statistics")
    expectEqual(
      shards.flatMap { Array($0.workspace.inputGradient()) }, Array(whole.workspace.inputGradient()), "input gradients")
  }

  @Test("One workspace alone is the whole batch")
  func alone() {
    let model = model(synchronizes: true)
    #expect(model.synchronizes && !self.model(synchronizes: false).synchronizes)
    #expect(ModelUnderTest(model, samples: 4, mode: training).mismatches() == [])
  }

  /// Sums in another order, in double.
  func expectEqual(_ values: [Double], _ expected: [Double], _ what: String) {
    #expect(values.count == expected.count, "\(what)")
    for (index, (value, expected)) in zip(values, expected).enumerated() {
      #expect(abs(value - expected) <= 1e-11 * max(1, abs(expected)), "\(what)[\(index)]")
    }
  }
}

import NeuralNetwork
import NumericCore
import Settings
import TestSupport
import Testing

/// Losses of samples with weights, and of labels that stand for no class, against PyTorch's.
@Suite("Samples that do not all count the same")
struct CountedLossTests {
  struct Fixture: Decodable {
    struct Options: Decodable { let labelSmoothing: Double?, classWeights: [Double]?, ignoreIndex: Int? }
    struct Case: Decodable {
      let name: String, options: Options, samples: Int
      let outputs: [Double], targets: [Double], weights: [Double]?
      let loss: Double, gradient: [Double]
    }
    struct Pooling: Decodable {
      let steps: Int, channels: Int
      let inputs: [Double], means: [Double], upstream: [Double], gradient: [Double]
    }
    struct Balanced: Decodable { let counts: [Int], weights: [Double] }
    let losses: [Case], pooling: Pooling, balanced: Balanced
  }

  /// The sums of a loss, and its gradient of the mean.
  func evaluate<S: Scalar>(
    _ loss: some Loss, _ outputs: [S], _ targets: [S], weights: [S]?, samples: Int
  ) -> (sums: StepScalars, gradient: [Double]) {
    var sums = StepScalars()
    let gradient = output([S](repeating: .nan, count: outputs.count)) { gradient in
      withWindow(outputs) { outputs in
        withWindow(targets) { targets in
          withWindow(weights ?? []) { given in
            sums = loss.evaluate(
              outputs: outputs, targets: targets, weights: weights == nil ? nil : given, samples: samples,
              gradient: gradient)
          }
        }
      }
    }
    return (sums, gradient.map { Double($0) / sums.weight })
  }

  func compare<S: Scalar>(_ type: S.Type, tolerance: Double) throws {
    let fixture: Fixture = try fixture("counted-samples.json")
    #expect(fixture.losses.count == 10)
    for (index, test) in fixture.losses.enumerated() {
      let options: [(String, JSONValue?)] = [
        ("label_smoothing", test.options.labelSmoothing.map(JSONValue.number)),
        ("class_weights", test.options.classWeights.map { .array($0.map(JSONValue.number)) }),
        ("ignore_index", test.options.ignoreIndex.map { .integer($0) }),
      ]
      var reader = try SettingsReader(
        .object(
          [.init("name", .string(test.name))] + options.compactMap { key, value in value.map { .init(key, $0) } }))
      let loss = try LossCatalog.all.readNamed(&reader)
      try reader.finish()
      #expect(loss.ignoredLabel == test.options.ignoreIndex)
      // As the data pipeline gives labels of no class.
      let targets = test.targets.map { S($0 == loss.ignoredLabel.map(Double.init) ? -1 : $0) }
      let (sums, gradient) = evaluate(
        loss, test.outputs.map { S($0) }, targets, weights: test.weights?.map { S($0) }, samples: test.samples)
      #expect(sums.samples == Double(test.samples))
      #expect(abs(sums.meanLoss - test.loss) <= tolerance * max(1, abs(test.loss)), "case \(index), \(test.name)")
      let worst = zip(gradient, test.gradient).map { abs($0 - $1) }.max() ?? .nan
      #expect(worst <= tolerance, "case \(index), \(test.name): gradient off by \(worst)")
    }
  }

  @Test func inDouble() throws { try compare(Double.self, tolerance: 1e-13) }
  @Test func inSingle() throws { try compare(Float.self, tolerance: 5e-6) }

  @Test("Right answers count as much as their samples; of nothing there is no share, and no NaN")
  func accuracy() throws {
    let logits: [Double] = [3, 1, 0, 2, 5, 1], loss = CrossEntropy(ignoredLabel: 9)
    // Right, right, wrong.
    let weighted = evaluate(loss, logits, [0, 1, 1], weights: [1, 2, 5], samples: 3).sums
    #expect(weighted.accuracy == 3.0 / 8 && weighted.samples == 3 && weighted.weight == 8)
    let left = evaluate(loss, logits, [0, -1, 1], weights: nil, samples: 3).sums
    #expect(left.accuracy == 0.5 && left.weight == 2 && left.samples == 3)
    let (none, gradient) = evaluate(loss, logits, [-1, -1, -1], weights: nil, samples: 3)
    #expect(none.meanLoss == 0 && none.accuracy == nil && none.weight == 0)
    #expect(gradient.allSatisfy { $0.isNaN }, "0 / 0: the exchange takes 0 for the mean of nothing")
  }

  @Test("A weight of 1 for each gives what no weights give, and twice the weight what a sample twice gives")
  func weightsAreCounts() {
    let outputs: [Double] = [0.3, -1, 2, 0.5, 0.1, 0.2], labels: [Double] = [0, 1, 1], loss = CrossEntropy()
    let plain = evaluate(loss, outputs, labels, weights: nil, samples: 3)
    let ones = evaluate(loss, outputs, labels, weights: [1, 1, 1], samples: 3)
    #expect(abs(plain.sums.loss - ones.sums.loss) < 1e-15 && plain.gradient == ones.gradient)
    let twice = evaluate(loss, outputs, labels, weights: [1, 2, 1], samples: 3).sums
    let repeated = evaluate(loss, outputs + [2, 0.5], labels + [1], weights: nil, samples: 4).sums
    #expect(abs(twice.meanLoss - repeated.meanLoss) < 1e-15 && twice.accuracy == repeated.accuracy)
  }

  @Test("Balanced class weights are scikit-learn's")
  func balanced() throws {
    let balanced = (try fixture("counted-samples.json") as Fixture).balanced
    let found = ClassWeights.balanced(balanced.counts)
    #expect(zip(found, balanced.weights).allSatisfy { abs($0 - $1) < 1e-15 } && found.count == 4)
    var reader = try SettingsReader(["name": "cross_entropy", "class_weights": "balanced"])
    let loss = try LossCatalog.all.readNamed(&reader)
    #expect(loss.needsClassCounts)
    let resolved = loss.resolved(classCounts: balanced.counts)
    #expect(!resolved.needsClassCounts && (resolved as? CrossEntropy)?.classWeights == found)
  }

  @Test("The mean over the steps of a sequence leaves padding out")
  func pooling() throws {
    let test = (try fixture("counted-samples.json") as Fixture).pooling
    var builder = ModelBuilder<Double>()
    let input = builder.input([test.steps, test.channels])
    let lengths = builder.add(SequenceLengthsLayer(inputShape: input.shape, padding: 0), to: input, name: "mask")
    let pool = builder.add(
      GlobalAveragePoolLayer(inputShape: input.shape, hasLengths: true), to: input, lengths, name: "pool")
    let model = builder.build(outputs: pool)
    let samples = test.means.count / test.channels, nothing = FlatBuffer<Double>(count: 0).view
    let values = ModelValues(parameters: nothing, gradients: nothing, statistics: nothing)
    let workspace = Workspace(model: model, capacity: samples, values: values, differentiatesInputs: true)
    _ = workspace.input().update(fromContentsOf: test.inputs)
    workspace.forward(samples: samples, mode: .evaluation, values: values)
    let means = Array(workspace.output())
    #expect(zip(means, test.means).allSatisfy { abs($0 - $1) < 1e-15 }, "\(means)")
    _ = workspace.outputGradient().update(fromContentsOf: test.upstream)
    workspace.backward()
    let gradient = Array(workspace.inputGradient())
    #expect(zip(gradient, test.gradient).allSatisfy { abs($0 - $1) < 1e-15 }, "\(gradient)")
  }
}

import NeuralNetwork
import NumericCore
import TestSupport
import Testing

/// Layers that compute the micro-batches of several shards at once.
@Suite("Joint layers")
struct JointTests {
  init() { BLAS.threads = 1 }

  /// Two joint layers, one that is not, for its input has another reader, and others between.
  func model<S: Scalar>(_ type: S.Type) -> Model<S> {
    var builder = ModelBuilder<S>()
    let input = builder.input([6])
    let first = builder.add(DenseLayer(inputSize: 6, outputSize: 24), to: input, name: "0")
    let active = builder.add(ActivationLayer(.relu, shape: [24]), to: first, name: "1")
    let second = builder.add(DenseLayer(inputSize: 24, outputSize: 24), to: active, name: "2")
    let sum = builder.add(AddLayer(shape: [24]), to: second, active, name: "3")
    let norm = builder.add(LayerNormLayer(shape: [24]), to: sum, name: "4")
    return builder.build(
      outputs: builder.add(DenseLayer(inputShape: [24], outputSize: 5, hasBias: false), to: norm, name: "5"))
  }

  /// What the shards of a group leave: outputs, gradients of each shard where it is a root or the parameter is not
  /// joint.
  struct Pass<S: Scalar> {
    var outputs: [[S]] = []
    var gradients: [[S]] = []
  }

  func run<S: Scalar>(_ model: Model<S>, sizes: [Int], firstSample: Int, order: ShardOrder?) throws -> Pass<S> {
    let parameters = FlatBuffer<S>(count: model.parameterLayout.count), statistics = FlatBuffer<S>(count: 0)
    for (index, entry) in model.parameterLayout.entries.enumerated() {
      let values = clearOfZero(entry.range.count, seed: 2, substream: index).map { S($0) }
      _ = parameters.view.view(entry.range).update(fromContentsOf: values)
    }
    let gradients = sizes.map { _ in FlatBuffer<S>(count: model.parameterLayout.count) }
    for buffer in gradients { buffer.view.update(repeating: .nan) }
    let values = gradients.map {
      ModelValues(parameters: parameters.view, gradients: $0.view, statistics: statistics.view)
    }
    let capacity = max(1, sizes.max() ?? 1) + 2
    let group =
      order.map { WorkspaceGroup(model: model, capacity: capacity, values: values[0], order: $0) }
      ?? WorkspaceGroup(sizes.map { _ in Workspace(model: model, capacity: capacity, values: values[0]) })
    var sample = firstSample
    for (index, count) in sizes.enumerated() {
      group.setSamples(count, ofWorkspace: index)
      let values = (sample..<sample + count).flatMap { clearOfZero(6, seed: 3, substream: $0).map { S($0) } }
      _ = group.workspaces[index].input().update(fromContentsOf: values)
      sample += count
    }
    let sum: WorkspaceGroup<S>.SharedSum<any Error> = { _ in [] }
    try group.forward(mode: .training(random: RandomSource(seed: 1)), values: values, sum: sum)
    var pass = Pass<S>()
    sample = firstSample
    for (workspace, count) in zip(group.workspaces, sizes) {
      pass.outputs.append(Array(workspace.output()))
      let values = (sample..<sample + count).flatMap { clearOfZero(5, seed: 4, substream: $0).map { S($0) } }
      _ = workspace.outputGradient().update(fromContentsOf: values)
      sample += count
    }
    var released: [Int] = [], seen: [(first: Int, gradients: [[S]])] = []
    try group.backward(gradients: .overwrite, sum: sum) { event in
      switch event {
      case .gradients(let first): seen.append((first, gradients.map { Array($0.view) }))
      case .parameters(let first): released.append(first)
      }
    }
    #expect(released == released.sorted(by: >) && released.last == 0 && released == seen.map(\.first))
    pass.gradients = gradients.map { Array($0.view) }
    // What is said to be final is; what no one writes stays not a number.
    for (first, early) in seen {
      let areFinal = zip(early, pass.gradients).allSatisfy { early, last in
        zip(early.dropFirst(first), last.dropFirst(first)).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
      }
      #expect(areFinal)
    }
    withExtendedLifetime((parameters, statistics)) {}
    return pass
  }

  /// Adds up what shards have left.
  func total<S: Scalar>(_ gradients: [[S]], merges: [Int]) -> [S] {
    var stack: [[S]] = []
    for (gradient, count) in zip(gradients, merges) {
      stack.append(gradient)
      for _ in 0..<count {
        let last = stack.removeLast()
        for index in last.indices { stack[stack.count - 1][index] += last[index] }
      }
    }
    return stack[0]
  }

  @Test("The first and the last layer are joint, and their weights alone")
  func whichLayers() {
    let model = model(Float.self)
    #expect(model.jointRanges.map(\.count) == [144, 120])
    #expect(model.freezing(["0.weight"]).jointRanges.map(\.count) == [120])
    #expect(!model.isMostlyJoint)
  }

  static let sizes = [[5, 4, 6, 5], [1, 0, 2, 3], [0, 0, 0, 4], [33, 32, 33, 32]]

  @Test("In double they give what layers give that are not joint", arguments: sizes)
  func equalsSeparate(sizes: [Int]) throws {
    let model = model(Double.self), merges = [0, 1, 0, 2]
    let separate = try run(model, sizes: sizes, firstSample: 0, order: nil)
    let joint = try run(model, sizes: sizes, firstSample: 0, order: ShardOrder(merges: merges))
    for (found, expected) in zip(joint.outputs, separate.outputs) { expectClose(found, expected) }
    let expected = total(separate.gradients, merges: merges)
    for range in model.jointRanges { expectClose(Array(joint.gradients[0][range]), Array(expected[range])) }
    let others = model.parameterLayout.entries.map(\.range).filter { !model.jointRanges.contains($0) }.joined()
    for (found, expected) in zip(joint.gradients, separate.gradients) {
      expectClose(others.map { found[$0] }, others.map { expected[$0] })
    }
  }

  @Test("The bits are those of groups of any size", arguments: sizes)
  func equalsSmallerGroups(sizes: [Int]) throws {
    let model = model(Float.self)
    let one = try run(model, sizes: sizes, firstSample: 0, order: ShardOrder(merges: [0, 1, 0, 2]))
    let groupings = [
      ([2, 2], [[0, 1], [0, 1]]), ([1, 1, 1, 1], [[0], [0], [0], [0]]), ([3, 1], [[0, 1, 0], [0]]),
    ]
    for (cuts, merges) in groupings {
      var shard = 0, sample = 0
      var parts = [[Float]](repeating: [], count: 4)
      for (count, merges) in zip(cuts, merges) {
        let own = Array(sizes[shard..<shard + count])
        let pass = try run(model, sizes: own, firstSample: sample, order: ShardOrder(merges: merges))
        for index in 0..<count {
          #expect(pass.outputs[index] == one.outputs[shard + index])
          parts[shard + index] = pass.gradients[index]
        }
        sample += own.reduce(0, +)
        shard += count
      }
      for range in model.jointRanges {
        var sums = parts.map { Array($0[range]) }
        if cuts == [1, 1, 1, 1] { add(&sums, 1, 0) }
        if cuts != [2, 2] { add(&sums, 3, 2) }
        add(&sums, 2, 0)
        #expect(sums[0] == Array(one.gradients[0][range]), "\(cuts)")
      }
    }
  }

  func add(_ sums: inout [[Float]], _ source: Int, _ target: Int) {
    for index in sums[target].indices { sums[target][index] += sums[source][index] }
  }

  /// Sums in another order, in double.
  func expectClose(_ values: [Double], _ expected: [Double]) {
    #expect(values.count == expected.count)
    for (value, expected) in zip(values, expected) { #expect(abs(value - expected) <= 1e-11 * max(1, abs(expected))) }
  }
}

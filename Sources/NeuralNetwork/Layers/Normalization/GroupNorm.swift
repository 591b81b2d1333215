public import NumericCore
public import Settings

/// Normalization of groups of channels of each sample by itself.
public struct GroupNorm: LayerDescription {
  /// A divisor of the channels; it has to be given.
  public var groups: Int?
  /// What the variance is raised by, more than 0.
  public var epsilon: Double
  /// Whether each channel has a weight and a bias.
  public var affine: Bool

  public init(_ groups: Int?, epsilon: Double = 1e-5, affine: Bool = true) {
    (self.groups, self.epsilon, self.affine) = (groups, epsilon, affine)
  }
  public init() { self.init(nil) }

  public static let name = "group_norm"
  public static let summary = "normalization of groups of channels of each sample by itself"
  public static let shorthand: String? = "groups"
  public static let settings: [Setting<GroupNorm>] = [
    Setting("groups", \.groups, .atLeast(1), "of channels that share mean and variance, a divisor of the channels"),
    Setting("epsilon", \.epsilon, .above(0), "what the variance is raised by"),
    Setting("affine", \.affine, "whether each channel has a weight and a bias"),
  ]

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    guard let groups else {
      throw .setting("groups", "expected the number of groups, a divisor of the channels")
    }
    let channels = model.shape[model.shape.rank - 1]
    guard channels % groups == 0 else {
      throw .setting("groups", "expected a divisor of the \(channels) channels, found \(groups)")
    }
    model.apply(GroupNormLayer(shape: model.shape, groups: groups, epsilon: epsilon, isAffine: affine), named: name)
  }
}

/// Group normalization (Wu and He 2018): `output = (input − μ) / √(σ² + ε) · weight + bias`, with mean and biased
/// variance of each sample over all positions and the channels of a group, so that nothing depends on the batch. One
/// group is layer normalization of the whole sample, as many groups as channels instance normalization.
///
/// - Shapes: `input` and `output` [N, …, C] with the last axis as channels: features [C], a sequence [T, C], an image
///   [H, W, C]. A group is C / groups neighbouring channels.
/// - Parameters, named as by PyTorch's `GroupNorm`: `weight` [C], starting at one, and `bias` [C], starting at zero;
///   none unless `isAffine`.
///
/// Sums are taken in double. Forward reads the input twice and writes the output once; backward reads input and output
/// gradient twice and writes the input gradient once, sample by sample.
public struct GroupNormLayer<S: Scalar>: Layer {
  public let outputShape: Shape
  public let groups: Int
  /// ε.
  public let epsilon: Double
  public let isAffine: Bool
  private let channels: Int

  /// - Precondition: `groups` divides the channels.
  public init(shape: Shape, groups: Int, epsilon: Double = 1e-5, isAffine: Bool = true) {
    precondition(
      shape.rank >= 1 && shape.elementCount > 0 && groups >= 1 && shape[shape.rank - 1] % groups == 0 && epsilon > 0,
      "group normalization of \(shape) in \(groups) groups with epsilon \(epsilon)")
    outputShape = shape
    self.groups = groups
    self.epsilon = epsilon
    self.isAffine = isAffine
    channels = shape[shape.rank - 1]
  }

  public var inputShapes: [Shape] { [outputShape] }
  public var parameters: [ParameterSpecification] {
    guard isAffine else { return [] }
    return [
      ParameterSpecification("weight", shape: [channels], initializer: .ones),
      ParameterSpecification("bias", shape: [channels], initializer: .zeros),
    ]
  }
  /// μ and 1 / √(σ² + ε) of each channel of each sample.
  public func savedCount(samples: Int) -> Int { 2 * channels * samples }
  /// Sums of a sample and of the parameters' gradients in double, then four constants a channel.
  public func scratchCount(samples: Int) -> Int { BufferView<S>.elementCount(ofDoubles: doubleCount) + 4 * channels }

  private var doubleCount: Int { ColumnSums.doubleCount(columns: channels) + 2 * channels }

  public func forward(_ pass: LayerPass<S>) {
    let memory = memory(pass)
    for sample in 0..<pass.samples {
      let input = pass.input().view(range(sample))
      let normalization = normalization(pass, sample, memory)
      // The first position of the sample is an origin that keeps the sums small.
      let origin = input.view(first: channels)
      memory.sums.reset()
      addColumnMoments(of: input, about: origin, to: memory.sums)
      finishGroupMoments(
        memory.sums, about: origin, groups: groups, epsilon: epsilon, mean: normalization.mean,
        inverseDeviation: normalization.inverseDeviation)
      normalizeColumns(input, normalization, into: pass.output.view(range(sample)))
    }
  }

  public func backward(_ pass: LayerPass<S>) {
    let memory = memory(pass)
    memory.weightSums.zero()
    memory.biasSums.zero()
    for sample in 0..<pass.samples {
      let input = pass.input().view(range(sample)), outputGradient = pass.outputGradient.view(range(sample))
      let normalization = normalization(pass, sample, memory)
      memory.sums.reset()
      addColumnGradientSums(outputGradient: outputGradient, input: input, normalization, to: memory.sums)
      for channel in 0..<channels {
        memory.weightSums[channel] += memory.sums.second[channel] * S.widened(normalization.inverseDeviation[channel])
        memory.biasSums[channel] += memory.sums.first[channel]
      }
      guard let inputGradient = pass.inputGradient() else { continue }
      finishGroupGradientSums(
        memory.sums, groups: groups, weight: normalization.weight, inverseDeviation: normalization.inverseDeviation,
        offset: memory.offset, slope: memory.slope)
      normalizeGroupsBackward(
        outputGradient: outputGradient, input: input, normalization, offset: memory.offset, slope: memory.slope,
        inputGradient: inputGradient.view(range(sample)))
    }
    guard isAffine else { return }
    if let weightGradient = pass.parameterGradient(0) { add(sums: memory.weightSums, into: weightGradient) }
    if let biasGradient = pass.parameterGradient(1) { add(sums: memory.biasSums, into: biasGradient) }
  }

  /// The elements of a sample.
  private func range(_ sample: Int) -> Range<Int> {
    let size = outputShape.elementCount
    return sample * size..<(sample + 1) * size
  }

  private func normalization(_ pass: LayerPass<S>, _ sample: Int, _ memory: Memory) -> ColumnNormalization<S> {
    let saved = pass.saved.view(2 * channels * sample..<2 * channels * (sample + 1))
    return ColumnNormalization(
      mean: saved.view(first: channels), inverseDeviation: saved.view(channels..<2 * channels),
      weight: isAffine ? pass.parameter(0) : memory.ones, bias: isAffine ? pass.parameter(1) : memory.zeros)
  }

  /// Scratch memory by what it is for.
  private struct Memory {
    let sums: ColumnSums
    let weightSums: BufferView<Double>, biasSums: BufferView<Double>
    /// What stands for weight and bias where there are none.
    let ones: BufferView<S>, zeros: BufferView<S>
    let offset: BufferView<S>, slope: BufferView<S>
  }

  private func memory(_ pass: LayerPass<S>) -> Memory {
    let doubles = pass.scratch.doubles(doubleCount), sumCount = ColumnSums.doubleCount(columns: channels)
    let constants = pass.scratch.view(BufferView<S>.elementCount(ofDoubles: doubleCount)..<scratchCount(samples: 1))
    func double(_ index: Int) -> BufferView<Double> {
      doubles.view(sumCount + index * channels..<sumCount + (index + 1) * channels)
    }
    func constant(_ index: Int) -> BufferView<S> { constants.view(index * channels..<(index + 1) * channels) }
    let memory = Memory(
      sums: ColumnSums(doubles.view(first: sumCount), columns: channels), weightSums: double(0), biasSums: double(1),
      ones: constant(0), zeros: constant(1), offset: constant(2), slope: constant(3))
    memory.ones.update(repeating: 1)
    memory.zeros.zero()
    return memory
  }
}

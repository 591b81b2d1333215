public import NumericCore
public import Settings

/// Batch normalization of the last axis. A ReLU right behind it is computed with it, at no cost of its own.
public struct BatchNorm: LayerDescription {
  /// The share of the newest step in the running statistics, 0 to 1.
  public var momentum: Double
  /// What the variance is raised by, more than 0.
  public var epsilon: Double
  /// Whether statistics are of the whole batch, not of a shard's part of it.
  public var sync: Bool

  public init(momentum: Double = 0.1, epsilon: Double = 1e-5, sync: Bool = false) {
    (self.momentum, self.epsilon, self.sync) = (momentum, epsilon, sync)
  }
  public init() { self.init(sync: false) }

  public static let name = "batch_norm"
  public static let summary = "batch normalization of channels or features"
  public static let settings: [Setting<BatchNorm>] = [
    Setting("momentum", \.momentum, .closed(0, 1), "share of the newest step in running statistics"),
    Setting("epsilon", \.epsilon, .above(0), "what the variance is raised by"),
    Setting("sync", \.sync, "whether statistics are of all shards' parts of a batch together"),
  ]

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) {
    model.takesInNext = model.next is ReLU
    model.apply(
      BatchNormLayer(
        shape: model.shape, epsilon: epsilon, momentum: momentum, rectifies: model.takesInNext, synchronizes: sync),
      named: name)
  }
}

/// Batch normalization (Ioffe and Szegedy 2015) over all axes but the last:
/// `output = (input − μ) / √(σ² + ε) · weight + bias` for each channel, and the ReLU of it where `rectifies`.
///
/// - Shapes: `input` and `output` [N, …, C] with the last axis as channels: features [C], a sequence [T, C], an image
///   [H, W, C].
/// - Parameters, named as by PyTorch: `weight` [C], starting at one, and `bias` [C], starting at zero. Running
///   statistics: `running_mean` [C] and `running_var` [C]. PyTorch's `num_batches_tracked` is left out, since nothing
///   here depends on it.
/// - Training: μ and σ² are mean and biased variance over the samples and positions of the micro-batch, summed in
///   double; the running statistics take in μ and the unbiased variance, averaged over micro-batches by samples. A
///   micro-batch with a single value a channel normalizes it to zero, has no gradient, and leaves the running variance
///   as it is.
/// - Evaluation: μ and σ² are the running statistics.
///
/// Forward reads the input twice and writes the output once; backward reads input and output gradient twice and writes
/// the input gradient once. A ReLU costs no further pass, and a residual sum behind it one to read what is added and
/// one
/// to write its gradient.
public struct BatchNormLayer<S: Scalar>: SynchronizingLayer, SummingLayer {
  public let outputShape: Shape
  /// ε.
  public let epsilon: Double
  public let statisticMomentum: Double
  /// Whether a ReLU follows within this layer; one that is a node of its own may be computed as well.
  public let rectifies: Bool
  public let synchronizes: Bool
  private let channels: Int

  /// - Parameters:
  ///   - momentum: the share of the newest step in the running statistics, 0 to 1.
  ///   - synchronizes: whether statistics in training are those of all shards' micro-batches together; see
  ///     `SynchronizingLayer`.
  public init(
    shape: Shape, epsilon: Double = 1e-5, momentum: Double = 0.1, rectifies: Bool = false, synchronizes: Bool = false
  ) {
    precondition(
      shape.rank >= 1 && shape.elementCount > 0 && epsilon > 0 && (0...1).contains(momentum),
      "batch normalization of \(shape) with epsilon \(epsilon) and momentum \(momentum)")
    outputShape = shape
    self.epsilon = epsilon
    statisticMomentum = momentum
    self.rectifies = rectifies
    self.synchronizes = synchronizes
    channels = shape[shape.rank - 1]
  }

  public var inputShapes: [Shape] { [outputShape] }
  public var parameters: [ParameterSpecification] {
    [
      ParameterSpecification("weight", shape: [channels], initializer: .ones),
      ParameterSpecification("bias", shape: [channels], initializer: .zeros),
    ]
  }
  public var statistics: [ParameterSpecification] {
    [
      ParameterSpecification("running_mean", shape: [channels], initializer: .zeros),
      ParameterSpecification("running_var", shape: [channels], initializer: .ones),
    ]
  }
  var takesAddend: Bool { !rectifies }
  public var sharedSumCount: Int { ColumnSums.doubleCount(columns: channels) }
  /// μ and 1 / √(σ² + ε).
  public func savedCount(samples: Int) -> Int { 2 * channels }
  /// Sums in double, then two constants a channel.
  public func scratchCount(samples: Int) -> Int {
    BufferView<S>.elementCount(ofDoubles: sharedSumCount) + 2 * channels
  }

  // MARK: Forward

  public func forward(_ pass: LayerPass<S>) {
    guard pass.samples > 0 else { return }
    if case .training = pass.mode {
      // A row of the data is an origin that keeps the sums small.
      let origin = pass.input().view(first: channels)
      let sums = sums(pass)
      addColumnMoments(of: pass.input(), about: origin, to: sums)
      normalize(pass, by: sums, about: origin)
    } else {
      let normalization = normalization(pass)
      copy(pass.statistic(0), into: normalization.mean)
      inverseDeviations(ofVariances: pass.statistic(1), epsilon: epsilon, into: normalization.inverseDeviation)
      normalizeColumns(pass.input(), normalization, adding: pass.addend, into: pass.output)
    }
  }

  public func addForwardSums(_ pass: LayerPass<S>, to sums: BufferView<Double>) {
    // The running mean is an origin that all shards know.
    addColumnMoments(of: pass.input(), about: pass.statistic(0), to: ColumnSums(sums, columns: channels))
  }

  public func finishForward(_ pass: LayerPass<S>, sums: BufferView<Double>) {
    normalize(pass, by: ColumnSums(sums, columns: channels), about: pass.statistic(0))
  }

  private func normalize(_ pass: LayerPass<S>, by sums: ColumnSums, about origin: BufferView<S>) {
    guard sums.rows > 0 else { return }
    let normalization = normalization(pass)
    finishColumnMoments(
      sums, about: origin, epsilon: epsilon, mean: normalization.mean,
      inverseDeviation: normalization.inverseDeviation)
    if let means = pass.batchStatistic(0), let variances = pass.batchStatistic(1) {
      addBatchStatistics(
        sums, about: origin, samples: pass.samples, runningVariance: pass.statistic(1), toMeans: means,
        variances: variances)
    }
    normalizeColumns(pass.input(), normalization, adding: pass.addend, into: pass.output)
  }

  // MARK: Backward

  public func backward(_ pass: LayerPass<S>) {
    guard pass.samples > 0 else { return }
    let sums = sums(pass)
    addGradientSums(pass, to: sums)
    propagate(pass, sums)
  }

  public func addBackwardSums(_ pass: LayerPass<S>, to sums: BufferView<Double>) {
    addGradientSums(pass, to: ColumnSums(sums, columns: channels))
  }

  public func finishBackward(_ pass: LayerPass<S>, sums: BufferView<Double>) {
    propagate(pass, ColumnSums(sums, columns: channels))
  }

  /// Sums over this micro-batch: up to a factor, the gradients of its parameters.
  private func addGradientSums(_ pass: LayerPass<S>, to sums: ColumnSums) {
    let normalization = normalization(pass)
    addColumnGradientSums(
      outputGradient: pass.outputGradient, input: pass.input(), normalization,
      sum: pass.addend == nil ? nil : pass.output, passed: passedGradient(pass), to: sums)
    if let weightGradient = pass.parameterGradient(0), let biasGradient = pass.parameterGradient(1) {
      addColumnGradients(
        sums, inverseDeviation: normalization.inverseDeviation, toWeights: weightGradient, biases: biasGradient)
    }
  }

  private func propagate(_ pass: LayerPass<S>, _ sums: ColumnSums) {
    guard sums.rows > 0, let inputGradient = pass.inputGradient() else { return }
    let normalization = normalization(pass)
    let start = BufferView<S>.elementCount(ofDoubles: sharedSumCount)
    let offset = pass.scratch.view(start..<start + channels)
    let slope = pass.scratch.view(start + channels..<start + 2 * channels)
    if case .training = pass.mode {
      finishColumnGradientSums(
        sums, inverseDeviation: normalization.inverseDeviation, offset: offset, slope: slope)
    } else {
      // The running statistics do not depend on the input.
      offset.zero()
      slope.zero()
    }
    var passed = normalization
    if pass.addend != nil { passed.rectifies = false }
    normalizeColumnsBackward(
      outputGradient: passedGradient(pass) ?? pass.outputGradient, input: pass.input(), passed, offset: offset,
      slope: slope, inputGradient: inputGradient)
  }

  /// Where the first pass over the gradients leaves what the ReLU lets through, for the second pass and for what was
  /// added; nil where the second pass finds it again.
  private func passedGradient(_ pass: LayerPass<S>) -> BufferView<S>? {
    pass.addend == nil ? nil : pass.addendGradient ?? pass.outputGradient
  }

  private func normalization(_ pass: LayerPass<S>) -> ColumnNormalization<S> {
    ColumnNormalization(
      mean: pass.saved.view(first: channels), inverseDeviation: pass.saved.view(channels..<2 * channels),
      weight: pass.parameter(0), bias: pass.parameter(1), rectifies: rectifies || pass.rectifies)
  }

  /// Zeroed sums in scratch memory.
  private func sums(_ pass: LayerPass<S>) -> ColumnSums {
    let sums = ColumnSums(pass.scratch.doubles(sharedSumCount), columns: channels)
    sums.reset()
    return sums
  }
}

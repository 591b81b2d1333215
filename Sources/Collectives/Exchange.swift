public import NumericCore

/// The sizes of what a training step exchanges.
public struct ExchangeLayout: Sendable, Equatable {
  /// Elements of parameters, of gradients, and of each moment.
  public var parameterCount: Int
  /// Elements of running statistics, which follow the gradients.
  public var statisticCount: Int
  /// Flat buffers of the optimizer.
  public var momentCount: Int
  /// The range of each parameter, in order, for updates that need sums over whole parameters; otherwise empty.
  public var layerRanges: [Range<Int>]

  public init(parameterCount: Int, statisticCount: Int, momentCount: Int, layerRanges: [Range<Int>] = []) {
    self.parameterCount = parameterCount
    self.statisticCount = statisticCount
    self.momentCount = momentCount
    self.layerRanges = layerRanges
  }

  /// Elements of one shard's exchange buffer.
  var exchangedCount: Int { parameterCount + statisticCount }
}

/// The indices of the doubles that travel with a shard's gradients.
public enum TailSlot: Int, CaseIterable, Sendable {
  /// Σ of the loss over the samples.
  case loss
  /// Σ over the samples of how correct each is, 0 to 1.
  case correct
  /// The number of samples.
  case samples
  /// Σ of the weights of the samples, by which the gradient is divided.
  case weight
  /// Greater than 0 if a rank asks all ranks to stop after this step.
  case stop
  /// Σ of the loss of an adversarial pair's generator over the samples; 0 for other models.
  case generatorLoss
}

/// The sums of one step, equal on every rank.
public struct StepTotals: Sendable, Equatable {
  public var loss: Double
  public var correct: Double
  public var samples: Double
  public var weight: Double
  public var stop: Double
  /// √Σ g² of the mean gradient before clipping.
  public var gradientNorm: Double
  public var generatorLoss: Double

  public init(
    loss: Double, correct: Double, samples: Double, weight: Double, stop: Double, gradientNorm: Double,
    generatorLoss: Double = 0
  ) {
    self.loss = loss
    self.correct = correct
    self.samples = samples
    self.weight = weight
    self.stop = stop
    self.gradientNorm = gradientNorm
    self.generatorLoss = generatorLoss
  }
}

/// What a step does with the summed gradients.
public protocol StepUpdate {
  /// The greatest norm that the mean gradient may have; nil for no clipping.
  var clipNorm: Double? { get }
  /// Overwrites parameters and moments in `range`. `gradient` is a flat buffer of sums; `scale` makes it the mean,
  /// clipped.
  func updateParameters(_ range: Range<Int>, gradient: Window<Float>, scale: Float)
  /// Called first, if the layout has `layerRanges`, on every piece of every parameter. It may overwrite moments and the
  /// gradient in `piece`.
  /// - Returns: two values, which are summed over the pieces of each parameter.
  func prepareParameters(
    _ piece: Range<Int>, gradient: Window<Float>, scale: Float
  ) -> (parameter: Double, gradient: Double)
  /// Called then on every piece with the sums of its parameter; overwrites parameters and moments in `piece`.
  func updateParameters(
    _ piece: Range<Int>, gradient: Window<Float>, scale: Float, sums: (parameter: Double, gradient: Double))
  /// Overwrites the running statistics in `range`. `sums` holds Σ over shards of samples · statistic; `scale` is 1 /
  /// samples.
  func updateStatistics(_ range: Range<Int>, sums: Window<Float>, scale: Float)
}

extension StepUpdate {
  // Defaults for an update that treats each element by itself.
  public func prepareParameters(
    _ piece: Range<Int>, gradient: Window<Float>, scale: Float
  ) -> (parameter: Double, gradient: Double) { (0, 0) }

  public func updateParameters(
    _ piece: Range<Int>, gradient: Window<Float>, scale: Float, sums: (parameter: Double, gradient: Double)
  ) { updateParameters(piece, gradient: gradient, scale: scale) }
}

/// Sums what the shards computed and updates the parameters, once per step, identically on every rank.
///
/// Between steps a rank reads `parameters` and fills the buffers of its own shards; `step` is collective.
public protocol Exchange: AnyObject {
  var layout: ExchangeLayout { get }
  var assignment: ShardAssignment { get }
  /// The shards of this rank.
  var shards: Range<Int> { get }

  /// The current parameters, written only inside `step` and before `publish`.
  var parameters: Window<Float> { get }
  var moments: [Window<Float>] { get }
  var statistics: Window<Float> { get }

  /// Where the gradients of one of this rank's shards go, as sums over its samples.
  func gradients(ofShard shard: Int) -> Window<Float>
  /// Where the statistics of one of this rank's shards go, times its samples.
  func batchStatistics(ofShard shard: Int) -> Window<Float>
  /// Where the scalars of one of this rank's shards go, indexed by `TailSlot`.
  func tail(ofShard shard: Int) -> Window<Double>

  /// Copies rank 0's parameters, moments and statistics to every rank.
  func publish() throws(CollectiveError)
  /// Sums over all shards in the fixed tree and applies `update`; a step in which no shard has a sample updates
  /// nothing.
  func step(_ update: some StepUpdate) throws(CollectiveError) -> StepTotals
  /// Whether every copy of parameters, moments and statistics in the job has the same bits.
  func replicasAgree() throws(CollectiveError) -> Bool
}

extension Exchange {
  /// The coefficient of `clipNorm`, as PyTorch's `clip_grad_norm_`: min(1, limit / (norm + 10⁻⁶)).
  func clippingCoefficient(norm: Double, limit: Double?) -> Double {
    guard let limit else { return 1 }
    return min(1, limit / (norm + 1e-6))
  }

  /// The factor that turns sums into a mean: 1 / `total`, or 0 where nothing was summed.
  func reciprocal(_ total: Double) -> Double { total > 0 ? 1 / total : 0 }

  func totals(_ tail: Window<Double>, gradientNorm: Double) -> StepTotals {
    StepTotals(
      loss: tail[TailSlot.loss.rawValue], correct: tail[TailSlot.correct.rawValue],
      samples: tail[TailSlot.samples.rawValue], weight: tail[TailSlot.weight.rawValue],
      stop: tail[TailSlot.stop.rawValue], gradientNorm: gradientNorm,
      generatorLoss: tail[TailSlot.generatorLoss.rawValue])
  }

  /// A 64-bit digest of this rank's view of the state, by FNV-1a over words.
  var stateDigest: UInt64 {
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    for window in [parameters, statistics] + moments {
      for value in window { digest = (digest ^ UInt64(value.bitPattern)) &* 0x100_0000_01B3 }
    }
    return digest
  }
}

/// The blocks that a flat buffer is reduced and updated in. Their bounds depend on the count alone, so that a norm
/// summed block by block has the same bits however the blocks are divided among ranks.
struct BlockPlan: Sendable {
  let elementCount: Int
  /// 16 KiB of floats: the blocks of several shards fit a core's first cache together.
  static let blockSize = 4096

  var blockCount: Int { (elementCount + Self.blockSize - 1) / Self.blockSize }
  func block(_ index: Int) -> Range<Int> {
    index * Self.blockSize..<min((index + 1) * Self.blockSize, elementCount)
  }
  /// The blocks of part `index` of `parts`.
  func blocks(ofPart index: Int, of parts: Int) -> Range<Int> {
    blockCount * index / parts..<blockCount * (index + 1) / parts
  }
}

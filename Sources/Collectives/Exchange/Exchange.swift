public import NumericCore

/// The sizes of what a training step exchanges.
public struct ExchangeLayout: Sendable, Equatable {
  /// Elements of parameters, of gradients, and of each buffer of optimizer state.
  public var parameterCount: Int
  /// Elements of running statistics, which follow the gradients.
  public var statisticCount: Int
  /// Flat buffers of optimizer state.
  public var stateCount: Int
  /// Where each parameter stands, in order, for updates that need sums over whole parameters; empty for those that do
  /// not.
  public var layerRanges: [Range<Int>]
  /// Elements of parameters that no update changes. Their gradients are zero; `SharedMemoryExchange` leaves out of its
  /// sums, and of what it sends to other nodes, every block of them.
  public var frozenRanges: [Range<Int>]
  /// Elements whose gradients each rank has added up over its own shards, as `Exchange.shardOrder` says: they stand
  /// with the first shard of each subtree, and those of its other shards are not read. Ascending.
  public var jointRanges: [Range<Int>]

  public init(
    parameterCount: Int, statisticCount: Int, stateCount: Int, layerRanges: [Range<Int>] = [],
    frozenRanges: [Range<Int>] = [], jointRanges: [Range<Int>] = []
  ) {
    self.parameterCount = parameterCount
    self.statisticCount = statisticCount
    self.stateCount = stateCount
    self.layerRanges = layerRanges
    self.frozenRanges = frozenRanges
    self.jointRanges = jointRanges
  }

  /// What is not in `jointRanges`, ascending.
  var separateRanges: [Range<Int>] {
    let ends = jointRanges.map(\.lowerBound) + [exchangedCount], starts = [0] + jointRanges.map(\.upperBound)
    return zip(starts, ends).map { $0..<$1 }.filter { !$0.isEmpty }
  }

  /// Elements of one shard's exchange buffer.
  var exchangedCount: Int { parameterCount + statisticCount }
}

/// How gradients go from node to node; inside a node they are shared as they are.
public enum ExchangePrecision: Sendable {
  /// As they are: the bits of a run do not depend on its nodes.
  case float32
  /// In half the bytes, with error feedback (`ShortMessages`). The bits depend on which shards are on one node, but not
  /// on the ranks that hold them there.
  case bfloat16
}

/// Whether the update of a step is made.
public typealias StepGate = (StepTotals) -> Bool

/// Sums what the shards computed and updates the parameters, once a step, on every rank alike.
///
/// Between steps a rank reads `parameters` and fills the buffers of its own shards. A step is a `begin`, any number of
/// releases, and a `finish`: what is released early may be summed and updated while the rank still computes.
public protocol Exchange: AnyObject {
  var layout: ExchangeLayout { get }
  var assignment: ShardAssignment { get }
  /// The shards of this rank.
  var shards: Range<Int> { get }

  /// The current parameters, written only inside `step` and before `broadcastState`.
  var parameters: BufferView<Float> { get }
  var optimizerState: [BufferView<Float>] { get }
  var statistics: BufferView<Float> { get }

  /// Where the gradients of one of this rank's shards go, as sums over its samples.
  func gradients(ofShard shard: Int) -> BufferView<Float>
  /// Where the statistics of one of this rank's shards go, times its samples.
  func batchStatistics(ofShard shard: Int) -> BufferView<Float>
  /// Where the scalars of one of this rank's shards go.
  func scalars(ofShard shard: Int) -> UnsafeMutablePointer<StepScalars>

  /// How the gradients in joint ranges are to be added up over this rank's shards.
  var shardOrder: ShardOrder { get }

  /// Gives rank 0's parameters, optimizer state and statistics to every rank.
  func broadcastState() throws(CollectiveError)
  /// Begins a step, when the scalars and batch statistics of all shards of this rank are final.
  /// - Parameters:
  ///   - clipNorm: the greatest norm that the mean gradient may have; nil for no clipping.
  ///   - accepts: whether the update is made, by the step's sums and norm; the same on all ranks, and called on each.
  ///     Nil where it always is. It costs what clipping does, as the update then has to wait for the norm.
  func begin(_ update: any StepUpdate, clipNorm: Double?, accepts: StepGate?)
  /// Says that for all shards of this rank the gradients at `first` and behind it are final.
  func releaseGradients(from first: Int)
  /// And that no pass of this step reads those parameters again.
  func releaseParameters(from first: Int)
  /// Sums over all shards in the fixed tree and applies the update; a step in which no shard has a sample, or whose
  /// loss is not finite, updates nothing. Collective.
  func finish() throws(CollectiveError) -> StepTotals
  /// Seconds since the last call that this rank has stood still for others or for the network, its own work done.
  func takeWaitSeconds() -> Double
  /// All ranks of the job.
  var world: MPICommunicator { get }
  /// The ranks that share each copy of parameters, optimizer state and statistics, in order.
  var copyHolders: [Range<Int>] { get }
  /// Frees shared memory, which must not be used afterwards. Collective; a program that trains once may leave this to
  /// the end of the process.
  func close() throws(CollectiveError)
}

extension Exchange {
  /// A step of which nothing is released early.
  public func step(_ update: any StepUpdate, clipNorm: Double?) throws(CollectiveError) -> StepTotals {
    begin(update, clipNorm: clipNorm, accepts: nil)
    return try finish()
  }

  /// The coefficient of `clipNorm`, as PyTorch's `clip_grad_norm_`: min(1, limit / (norm + 10⁻⁶)).
  public func clippingCoefficient(norm: Double, limit: Double?) -> Double {
    guard let limit else { return 1 }
    return min(1, limit / (norm + 1e-6))
  }

  /// The factor that turns sums into a mean: 1 / `total`, or 0 where nothing was summed.
  func reciprocal(_ total: Double) -> Double { total > 0 ? 1 / total : 0 }
}

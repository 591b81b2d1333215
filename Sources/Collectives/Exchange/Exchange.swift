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

  public init(
    parameterCount: Int, statisticCount: Int, stateCount: Int, layerRanges: [Range<Int>] = [],
    frozenRanges: [Range<Int>] = []
  ) {
    self.parameterCount = parameterCount
    self.statisticCount = statisticCount
    self.stateCount = stateCount
    self.layerRanges = layerRanges
    self.frozenRanges = frozenRanges
  }

  /// Elements of one shard's exchange buffer.
  var exchangedCount: Int { parameterCount + statisticCount }
}

/// Sums what the shards computed and updates the parameters, once a step, on every rank alike.
///
/// Between steps a rank reads `parameters` and fills the buffers of its own shards; `step` is collective.
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

  /// Gives rank 0's parameters, optimizer state and statistics to every rank.
  func broadcastState() throws(CollectiveError)
  /// Sums over all shards in the fixed tree and applies `update`; a step in which no shard has a sample updates
  /// nothing.
  /// - Parameter clipNorm: the greatest norm that the mean gradient may have; nil for no clipping.
  func step(_ update: some StepUpdate, clipNorm: Double?) throws(CollectiveError) -> StepTotals
  /// Whether every copy of parameters, optimizer state and statistics in the job has the same bits.
  func replicasAgree() throws(CollectiveError) -> Bool
  /// Frees shared memory, which must not be used afterwards. Collective; a program that trains once may leave this to
  /// the end of the process.
  func close() throws(CollectiveError)
}

extension Exchange {
  /// The coefficient of `clipNorm`, as PyTorch's `clip_grad_norm_`: min(1, limit / (norm + 10⁻⁶)).
  public func clippingCoefficient(norm: Double, limit: Double?) -> Double {
    guard let limit else { return 1 }
    return min(1, limit / (norm + 1e-6))
  }

  /// The factor that turns sums into a mean: 1 / `total`, or 0 where nothing was summed.
  func reciprocal(_ total: Double) -> Double { total > 0 ? 1 / total : 0 }

  /// A 64-bit digest of this rank's view of the state, by FNV-1a over words.
  var stateDigest: UInt64 {
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    for window in [parameters, statistics] + optimizerState {
      for value in window { digest = (digest ^ UInt64(value.bitPattern)) &* 0x100_0000_01B3 }
    }
    return digest
  }
}

/// The blocks that a flat buffer is reduced and updated in. Their bounds depend on the count alone, so that a norm
/// summed block by block has the same bits however the blocks are divided among ranks.
struct BlockPlan: Sendable {
  let elementCount: Int
  /// The blocks that take part, ascending: those that hold more than frozen parameters.
  private let active: [Int]
  /// 16 KiB of floats: the blocks of several shards fit a core's first cache together.
  static let blockSize = 4096

  /// - Parameter frozen: elements whose sum is not needed.
  init(elementCount: Int, frozen: [Range<Int>] = []) {
    self.elementCount = elementCount
    let merged = frozen.sorted { $0.lowerBound < $1.lowerBound }.reduce(into: [Range<Int>]()) { merged, range in
      if let last = merged.last, range.lowerBound <= last.upperBound {
        merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    active = (0..<Self.count(elementCount)).filter { index in
      let block = Self.block(index, elementCount)
      return !merged.contains { $0.lowerBound <= block.lowerBound && block.upperBound <= $0.upperBound }
    }
  }

  var blockCount: Int { Self.count(elementCount) }
  func block(_ index: Int) -> Range<Int> { Self.block(index, elementCount) }
  /// The blocks of part `index` of `parts`.
  func blocks(ofPart index: Int, of parts: Int) -> ArraySlice<Int> {
    active[active.count * index / parts..<active.count * (index + 1) / parts]
  }

  private static func count(_ elementCount: Int) -> Int { (elementCount + blockSize - 1) / blockSize }
  private static func block(_ index: Int, _ elementCount: Int) -> Range<Int> {
    index * blockSize..<min((index + 1) * blockSize, elementCount)
  }
}

extension ArraySlice<Int> {
  /// The runs of neighbouring numbers in an ascending list.
  var runs: [Range<Int>] {
    reduce(into: []) { (runs: inout [Range<Int>], number) in
      if let last = runs.last, last.upperBound == number {
        runs[runs.count - 1] = last.lowerBound..<number + 1
      } else {
        runs.append(number..<number + 1)
      }
    }
  }
}

public import NumericCore

/// The plain path: each rank sums its own shards, one `MPI_Allreduce` sums the ranks, and every rank makes the same
/// update.
///
/// The reference that tests and benchmarks compare with. MPI chooses the order of the sum, so its bits repeat only for
/// one number of ranks. The scalars, in double, travel in a second, tiny all-reduce.
public final class AllReduceExchange: Exchange {
  public let layout: ExchangeLayout
  public let assignment: ShardAssignment
  public let shards: Range<Int>
  public let parameters: BufferView<Float>
  public let optimizerState: [BufferView<Float>]
  public let statistics: BufferView<Float>

  public let world: MPICommunicator
  private let owners: [FlatBuffer<Float>]
  private let layerMemory: FlatBuffer<Double>
  private let buffers: [FlatBuffer<Float>]
  /// As `buffers`, one for each shard of this rank, or zeros where it has none.
  private let scalars: FlatBuffer<StepScalars>
  private let additions: [(target: Int, source: Int)]
  /// What the rank's shards have not summed among themselves.
  private let separateRanges: [Range<Int>]
  public let shardOrder: ShardOrder
  /// For a layer-wise update, which treats the flat buffer block by block; nil for others, which treat it as a whole.
  private let layers: (plan: BlockPlan, sums: LayerSums)?
  /// Of the step under way.
  private var update: (any StepUpdate)?
  private var clipNorm: Double?
  private var accepts: StepGate?
  private var waiting = StopWatch()

  public init(_ layout: ExchangeLayout, assignment: ShardAssignment, world: MPICommunicator) {
    self.layout = layout
    self.assignment = assignment
    self.world = world
    let shards = assignment.shards(ofRank: world.rank)
    self.shards = shards
    let parameterOwner = FlatBuffer<Float>(count: layout.parameterCount)
    let statisticOwner = FlatBuffer<Float>(count: layout.statisticCount)
    let stateOwners = (0..<layout.stateCount).map { _ in FlatBuffer<Float>(count: layout.parameterCount) }
    owners = [parameterOwner, statisticOwner] + stateOwners
    let plan = BlockPlan(elementCount: layout.parameterCount)
    let layerMemory = FlatBuffer<Double>(count: LayerSums.memoryCount(layout, plan: plan))
    self.layerMemory = layerMemory
    layers =
      layout.layerRanges.isEmpty ? nil : (plan, LayerSums(layout, plan: plan) { layerMemory.view.view(first: $0) })
    parameters = parameterOwner.view
    statistics = statisticOwner.view
    optimizerState = stateOwners.map(\.view)
    let slots = max(1, shards.count)
    buffers = (0..<slots).map { _ in FlatBuffer(count: layout.exchangedCount) }
    scalars = FlatBuffer(count: slots)
    let tree = ShardTree(leafCount: slots)
    additions = tree.additions
    separateRanges = layout.separateRanges
    shardOrder = tree.order(within: 0..<slots)
  }

  public func gradients(ofShard shard: Int) -> BufferView<Float> {
    buffers[shard - shards.lowerBound].view.view(first: layout.parameterCount)
  }
  public func batchStatistics(ofShard shard: Int) -> BufferView<Float> {
    buffers[shard - shards.lowerBound].view.view(layout.parameterCount..<layout.exchangedCount)
  }
  public func scalars(ofShard shard: Int) -> UnsafeMutablePointer<StepScalars> {
    scalars.view.pointer(to: shard - shards.lowerBound)
  }

  public func broadcastState() throws(CollectiveError) {
    for owner in owners { try world.broadcast(UnsafeMutableRawBufferPointer(owner.view), from: 0) }
  }

  public func begin(_ update: any StepUpdate, clipNorm: Double?, accepts: StepGate?) {
    (self.update, self.clipNorm, self.accepts) = (update, clipNorm, accepts)
  }

  /// Nothing is summed early.
  public func releaseGradients(from first: Int) {}
  public func releaseParameters(from first: Int) {}

  public func takeWaitSeconds() -> Double { waiting.takeSeconds() }

  public func finish() throws(CollectiveError) -> StepTotals {
    guard let update else { preconditionFailure("a step is begun before it is finished") }
    if shards.isEmpty {
      // The last step's sums.
      buffers[0].view.update(repeating: 0)
      scalars.view[0] = StepScalars()
    }
    for (target, source) in additions {
      for range in separateRanges {
        add(buffers[source].view.view(range), into: buffers[target].view.view(range))
      }
      scalars.view[target] += scalars.view[source]
    }
    let sum = buffers[0].view
    waiting.start()
    try world.allReduceSum(sum)
    try world.allReduceSum(scalars.view.view(first: 1).doubles)
    waiting.stop()
    let scalars = scalars.view[0]

    guard scalars.samples > 0 else { return StepTotals(scalars, gradientNorm: 0) }
    let mean = reciprocal(scalars.weight)
    let gradient = sum.view(first: layout.parameterCount)
    let norm = sumOfSquares(gradient).squareRoot() * mean
    let totals = StepTotals(scalars, gradientNorm: norm)
    guard scalars.isUsable, accepts?(totals) ?? true else { return totals }
    let scale = Float(mean * clippingCoefficient(norm: norm, limit: clipNorm))
    if let (plan, sums) = layers {
      for block in 0..<plan.blockCount { sums.prepare(update, block: block, gradient: gradient, scale: scale) }
      sums.add()
      for block in 0..<plan.blockCount { sums.update(update, block: block, gradient: gradient, scale: scale) }
    } else {
      update.update(0..<layout.parameterCount, gradient: gradient, scale: scale)
    }
    update.updateStatistics(
      0..<layout.statisticCount, sums: sum.view(layout.parameterCount..<layout.exchangedCount),
      scale: Float(1 / scalars.samples))
    return totals
  }

  /// Every rank has its own.
  public var copyHolders: [Range<Int>] { (0..<world.size).map { $0..<$0 + 1 } }

  /// There is no memory but its own.
  public func close() {}
}

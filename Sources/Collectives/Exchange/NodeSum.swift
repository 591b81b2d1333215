import NumericCore

/// The additions of the tree that a node can do alone, over the buffers of its own shards.
struct NodeSum {
  private let buffers: [BufferView<Float>]
  /// As indices of `buffers`; of those inside a rank's shards joint ranges are done.
  private let additions: [(target: Int, source: Int, isInRank: Bool)]
  private let separateRanges: [Range<Int>]
  private let hasJointRanges: Bool

  /// - Parameters:
  ///   - shards: of the node.
  ///   - buffers: one for each of them.
  init(
    _ layout: ExchangeLayout, _ tree: ShardTree, _ assignment: ShardAssignment, shards: Range<Int>,
    buffers: [BufferView<Float>]
  ) {
    let inRanks = Set(
      (0..<assignment.rankCount).flatMap { tree.additions(within: assignment.shards(ofRank: $0)).map(\.source) })
    additions = tree.additions(within: shards).map {
      ($0.target - shards.lowerBound, $0.source - shards.lowerBound, inRanks.contains($0.source))
    }
    separateRanges = layout.separateRanges
    hasJointRanges = !layout.jointRanges.isEmpty
    self.buffers = buffers
  }

  /// Leaves the sums of some elements where the roots of the shards' subtrees are.
  func add(_ elements: Range<Int>) {
    for (target, source, isInRank) in additions {
      if !isInRank || !hasJointRanges {
        NumericCore.add(buffers[source].view(elements), into: buffers[target].view(elements))
      } else {
        for range in separateRanges where range.overlaps(elements) {
          let part = range.clamped(to: elements)
          NumericCore.add(buffers[source].view(part), into: buffers[target].view(part))
        }
      }
    }
  }

  /// The same of one value for each shard.
  func add(scalars: BufferView<StepScalars>) {
    for (target, source, _) in additions { scalars[target] += scalars[source] }
  }
}

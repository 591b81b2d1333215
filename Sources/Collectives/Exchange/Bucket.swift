/// A stretch of the flat buffer that goes between nodes in one piece, and which node finishes which part of it.
struct Bucket: Sendable {
  let blocks: Range<Int>
  /// The elements that node j finishes, adjacent and in the order of the nodes; some ranges may be empty.
  let parts: [Range<Int>]
  /// Whether it holds no running statistics.
  let isOfGradients: Bool
  /// It can be summed when the ranks have released all from this element on.
  let releasedFrom: Int

  init(_ blocks: Range<Int>, of plan: BlockPlan, nodes: Int, parameterCount: Int) {
    self.blocks = blocks
    parts = (0..<nodes).map { index in
      let first = blocks.lowerBound + blocks.count * index / nodes
      let last = blocks.lowerBound + blocks.count * (index + 1) / nodes
      return min(first * BlockPlan.blockSize, plan.elementCount)..<min(last * BlockPlan.blockSize, plan.elementCount)
    }
    // Running statistics may be read to the end of backward.
    isOfGradients = plan.block(blocks.upperBound - 1).upperBound <= parameterCount
    releasedFrom = isOfGradients ? blocks.lowerBound * BlockPlan.blockSize : 0
  }

  var elements: Range<Int> { parts[0].lowerBound..<parts[parts.count - 1].upperBound }
}

extension BlockPlan {
  /// Blocks that one node finishes of one bucket, at most: 256 KiB, enough for a network's full speed and little enough
  /// that a bucket is soon complete. Of many nodes, fewer.
  private static func blocksPerPart(nodes: Int) -> Int { max(1, min(16, 256 / nodes)) }

  /// The buckets of one of `rails` ranks of a node, in the order in which they are complete: backward finishes the last
  /// parameters first.
  func buckets(ofRail rail: Int, of rails: Int, nodes: Int, parameterCount: Int) -> [Bucket] {
    let active = blocks(ofPart: 0, of: 1)
    let size = nodes * Self.blocksPerPart(nodes: nodes)
    func cut(_ blocks: ArraySlice<Int>) -> [Range<Int>] {
      blocks.runs.flatMap { run in
        stride(from: run.lowerBound, to: run.upperBound, by: size).map { $0..<min($0 + size, run.upperBound) }
      }
    }
    let gradients = active.prefix { block($0).upperBound <= parameterCount }
    let pieces = Array(cut(gradients).reversed()) + cut(active[gradients.endIndex...])
    return stride(from: rail, to: pieces.count, by: rails).map {
      Bucket(pieces[$0], of: self, nodes: nodes, parameterCount: parameterCount)
    }
  }
}

public import NumericCore

/// The one order in which shards are summed: a binary tree over shard indices, fixed by their number.
///
/// At level k, shard i + 2ᵏ is added to shard i for every i divisible by 2ᵏ⁺¹. Floating-point addition is not
/// associative, so this order, not the number of ranks, decides the bits of a sum. The tree is
/// [((0+1)+(2+3))+((4+5)+6)] for seven.
public struct ShardTree: Sendable {
  /// V, the number of shards.
  public let leafCount: Int

  public init(leafCount: Int) {
    precondition(leafCount > 0, "a tree has leaves")
    self.leafCount = leafCount
  }

  /// Every addition `target += source` of shard indices, in an order that respects the tree; the sum ends in shard 0.
  public var additions: [(target: Int, source: Int)] { additions(within: 0..<leafCount) }

  /// The additions whose subtree lies in `range`: what one node can add up without the others.
  public func additions(within range: Range<Int>) -> [(target: Int, source: Int)] {
    var result: [(target: Int, source: Int)] = []
    var stride = 1
    while stride < leafCount {
      for target in Swift.stride(from: 0, to: leafCount - stride, by: 2 * stride) {
        let whole = target..<min(target + 2 * stride, leafCount)
        if range.lowerBound <= whole.lowerBound && whole.upperBound <= range.upperBound {
          result.append((target, target + stride))
        }
      }
      stride *= 2
    }
    return result
  }

  /// The shards whose buffers hold partial sums after `additions(within: range)`: the roots of the largest subtrees
  /// that lie in `range`, ascending.
  public func roots(within range: Range<Int>) -> [Int] {
    let added = Set(additions(within: range).map(\.source))
    return range.filter { !added.contains($0) }
  }

  /// How the shards of `range` are added up as far as they can be without the others.
  public func order(within range: Range<Int>) -> ShardOrder {
    var merges = [Int](repeating: 0, count: range.count)
    for (target, source) in additions(within: range) {
      merges[min(2 * source - target, leafCount) - 1 - range.lowerBound] += 1
    }
    return ShardOrder(merges: merges)
  }

  /// Sums each of `width` columns of doubles over the shards.
  public func sum(width: Int, _ value: (_ shard: Int, _ column: Int) -> Double) -> [Double] {
    let additions = additions
    return (0..<width).map { column in
      var partial = (0..<leafCount).map { value($0, column) }
      for (target, source) in additions { partial[target] += partial[source] }
      return partial[0]
    }
  }
}

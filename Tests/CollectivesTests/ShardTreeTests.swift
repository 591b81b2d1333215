import Collectives
import TestSupport
import Testing

@Suite("Shards and their tree")
struct ShardTreeTests {
  /// Every way to cut 0..<count into contiguous, non-empty ranges: one for each set of inner cuts.
  func partitions(_ count: Int) -> [[Range<Int>]] {
    (0..<1 << (count - 1)).map { cuts in
      let ends = (1..<count).filter { cuts >> ($0 - 1) & 1 == 1 } + [count]
      return zip([0] + ends, ends).map { $0..<$1 }
    }
  }

  /// Summands of very different sizes, so that another order of additions shows in the bits.
  func leaves(_ count: Int) -> [Float] {
    clearOfZero(count, seed: 12).enumerated().map { Float($1) * ($0 % 3 == 0 ? 1e4 : 1) }
  }

  @Test(arguments: 1...9)
  func everyShardIsAddedOnce(count: Int) {
    let tree = ShardTree(leafCount: count)
    #expect(tree.additions.map(\.source).sorted() == Array(1..<count))
    #expect(tree.additions.allSatisfy { $0.target < $0.source })
    // A shard that has been added must not change any more.
    var added = Set<Int>()
    for (target, source) in tree.additions {
      #expect(!added.contains(target) && added.insert(source).inserted)
    }
  }

  @Test func sevenShardsAsDocumented() {
    var sums = (0..<7).map { "\($0)" }
    for (target, source) in ShardTree(leafCount: 7).additions { sums[target] = "(\(sums[target])+\(sums[source]))" }
    #expect(sums[0] == "(((0+1)+(2+3))+((4+5)+6))")
  }

  @Test("The order on a stack makes the same additions", arguments: 1...9)
  func orderOnAStack(count: Int) {
    let tree = ShardTree(leafCount: count)
    for first in 0..<count {
      for end in first + 1...count {
        var sums = (0..<count).map { "\($0)" }
        for (target, source) in tree.additions(within: first..<end) {
          sums[target] = "(\(sums[target])+\(sums[source]))"
        }
        let order = tree.order(within: first..<end)
        var stack: [String] = []
        for (place, merges) in order.merges.enumerated() {
          stack.append("\(first + place)")
          for _ in 0..<merges {
            let last = stack.removeLast()
            stack.append("(\(stack.removeLast())+\(last))")
          }
        }
        let roots = tree.roots(within: first..<end)
        #expect(stack == roots.map { sums[$0] }, "\(first) to \(end) of \(count)")
        #expect(order.roots == (first..<end).map { shard in roots.last { $0 <= shard }.map { $0 - first } })
      }
    }
  }

  @Test("However nodes share the shards, adding inside them first gives the same bits", arguments: 1...9)
  func partitionsGiveTheSameBits(count: Int) {
    let tree = ShardTree(leafCount: count)
    var expected = leaves(count)
    for (target, source) in tree.additions { expected[target] += expected[source] }
    for partition in partitions(count) {
      var values = leaves(count)
      var roots: [Int] = []
      var done = Set<Int>()
      for range in partition {
        for (target, source) in tree.additions(within: range) {
          #expect(range.contains(target) && range.contains(source))
          values[target] += values[source]
          done.insert(source)
        }
        roots += tree.roots(within: range)
      }
      let rest = tree.additions.filter { !done.contains($0.source) }
      // What is left involves the roots alone: nothing else has to leave its node.
      #expect(Set(rest.flatMap { [$0.target, $0.source] }).isSubset(of: roots))
      #expect(roots.count == rest.count + 1)
      for (target, source) in rest { values[target] += values[source] }
      #expect(values[0].bitPattern == expected[0].bitPattern, "\(partition)")
    }
  }

  @Test func sumsColumns() {
    let tree = ShardTree(leafCount: 5)
    #expect(tree.sum(width: 2) { shard, column in Double(10 * column + shard) } == [10, 60])
    #expect(tree.sum(width: 0) { _, _ in .nan } == [])
  }

  @Test(
    "Ranks hold contiguous ranges that cover the shards, none of them larger by two", arguments: 1...9)
  func assignmentCovers(shardCount: Int) {
    for rankCount in 1...12 {
      let assignment = ShardAssignment(shardCount: shardCount, rankCount: rankCount)
      let ranges = (0..<rankCount).map { assignment.shards(ofRank: $0) }
      #expect(ranges.flatMap { Array($0) } == Array(0..<shardCount))
      #expect(!ranges[0].isEmpty && (rankCount > shardCount || ranges.allSatisfy { !$0.isEmpty }))
      #expect(ranges.map(\.count).max()! - ranges.map(\.count).min()! <= 1)
    }
  }
}

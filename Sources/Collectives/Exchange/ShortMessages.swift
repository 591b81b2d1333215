import NumericCore

/// What nodes exchange in bfloat16: half the bytes. Every sum that leaves a node is rounded, and what rounding leaves
/// is
/// added to the same sum of the next step (error feedback), first where a node's sums are dealt out, then where the sum
/// of all nodes is gathered. A node takes its own rounded numbers too, so that all nodes, and any number of ranks on
/// them, have the same.
final class ShortMessages {
  private let buckets: [Bucket]
  private let node: Int
  /// The buffers of this node's roots.
  private let roots: [BufferView<Float>]
  /// What rounding has left of each root's elements, bucket by bucket, and of the sums that this node has finished.
  private let dealErrors: FlatBuffer<Float>, gatherErrors: FlatBuffer<Float>
  private let dealErrorStarts: [Int], gatherErrorStarts: [Int]
  /// Messages of the buckets under way: own roots and sums, what other nodes send of theirs, one slot each.
  private let memory: FlatBuffer<UInt16>
  private let slotCount: Int, depth: Int
  private let largest: Int

  /// - Parameters:
  ///   - buckets: of this rank.
  ///   - roots: the exchange buffers of this node's roots.
  ///   - foreignRootCount: roots of all other nodes.
  ///   - depth: buckets under way at once.
  init(buckets: [Bucket], node: Int, roots: [BufferView<Float>], foreignRootCount: Int, depth: Int) {
    (self.buckets, self.node, self.roots, self.depth) = (buckets, node, roots, depth)
    func starts(_ counts: [Int]) -> [Int] { counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) } }
    dealErrorStarts = starts(buckets.map { $0.elements.count * roots.count })
    gatherErrorStarts = starts(buckets.map { $0.parts[node].count })
    dealErrors = FlatBuffer(count: dealErrorStarts[buckets.count])
    gatherErrors = FlatBuffer(count: gatherErrorStarts[buckets.count])
    largest = buckets.map(\.elements.count).max() ?? 0
    let largestPart = buckets.map { $0.parts[node].count }.max() ?? 0
    slotCount = largest * (roots.count + 1) + largestPart * foreignRootCount
    memory = FlatBuffer(count: slotCount * min(depth, buckets.count))
  }

  // MARK: Messages

  /// The sum of own root number `root` of a whole bucket.
  private func dealt(_ index: Int, root: Int) -> BufferView<UInt16> {
    window(index, at: root * largest, count: buckets[index].elements.count)
  }

  /// What is sent to another node of the sum of own root number `root`.
  func dealt(_ index: Int, root: Int, to node: Int) -> BufferView<UInt16> {
    let bucket = buckets[index], part = bucket.parts[node], start = part.lowerBound - bucket.elements.lowerBound
    return dealt(index, root: root).view(start..<start + part.count)
  }

  /// The sum of all nodes of a part, as sent or received.
  func gathered(_ index: Int, of node: Int) -> BufferView<UInt16> {
    let bucket = buckets[index], part = bucket.parts[node], start = part.lowerBound - bucket.elements.lowerBound
    return window(index, at: roots.count * largest, count: bucket.elements.count).view(start..<start + part.count)
  }

  /// What is received of foreign root number `place`.
  func received(_ index: Int, place: Int) -> BufferView<UInt16> {
    let count = buckets[index].parts[node].count
    return window(index, at: (roots.count + 1) * largest + place * count, count: count)
  }

  private func window(_ index: Int, at start: Int, count: Int) -> BufferView<UInt16> {
    let first = index % depth * slotCount + start
    return memory.view.view(first..<first + count)
  }

  // MARK: Rounding

  /// Before a bucket is dealt out.
  func roundDeal(_ index: Int) {
    let elements = buckets[index].elements
    for (number, root) in roots.enumerated() {
      let start = dealErrorStarts[index] + number * elements.count
      roundToBFloat16(
        root.view(elements), error: dealErrors.view.view(start..<start + elements.count),
        into: dealt(index, root: number))
    }
  }

  /// Before the sum of all nodes of this node's part is sent.
  func roundGather(_ index: Int, _ sum: BufferView<Float>) {
    roundToBFloat16(
      sum, error: gatherErrors.view.view(gatherErrorStarts[index]..<gatherErrorStarts[index + 1]),
      into: gathered(index, of: node))
  }
}

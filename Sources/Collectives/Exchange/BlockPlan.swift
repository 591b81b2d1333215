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

import NumericCore
import Synchronization

/// How far each rank of a node has come in a step, in shared memory: the ranks of a node see when all of them are done
/// with a part of the flat buffer, without a barrier and while they compute.
struct NodeProgress {
  /// Of each rank, in a cache line of its own, a word for its gradients and one for the parameters. They only grow,
  /// over all steps.
  private let words: UnsafeMutableRawPointer
  private let ranks: Int
  private let ownRank: Int
  /// Elements of parameters, the greatest `first`.
  private let elementCount: Int
  private var step = 0

  /// 64-bit words of zeroed shared memory for a node of that many ranks.
  static func wordCount(ranks: Int) -> Int { ranks * 8 }

  init(memory: UnsafeMutableBufferPointer<Int>, ranks: Int, ownRank: Int, elementCount: Int) {
    guard let first = memory.baseAddress, memory.count == Self.wordCount(ranks: ranks) else {
      preconditionFailure("progress of \(memory.count) words")
    }
    words = UnsafeMutableRawPointer(first)
    (self.ranks, self.ownRank, self.elementCount) = (ranks, ownRank, elementCount)
  }

  private enum Kind: Int { case gradients, parameters }

  private func word(_ rank: Int, _ kind: Kind) -> UnsafeMutablePointer<Atomic<Int>> {
    (words + rank * 64).assumingMemoryBound(to: Atomic<Int>.self) + kind.rawValue
  }

  /// What a rank's word says at least when it has released all from `first` on in this step.
  private func mark(_ first: Int) -> Int { step * (elementCount + 2) + elementCount + 1 - first }

  /// Says that this rank's scalars are final.
  mutating func begin() {
    step += 1
    releaseGradients(from: elementCount)
  }

  /// Says that this rank's gradients are final from `first` on; what it wrote before is then visible to those who see
  /// it.
  func releaseGradients(from first: Int) { release(.gradients, first) }

  /// Says that the parameters too may be written from `first` on.
  func releaseParameters(from first: Int) {
    release(.gradients, first)
    release(.parameters, first)
  }

  private func release(_ kind: Kind, _ first: Int) {
    let word = word(ownRank, kind)
    guard word.pointee.load(ordering: .relaxed) < mark(first) else { return }
    word.pointee.store(mark(first), ordering: .releasing)
  }

  /// Whether the gradients of all ranks of the node are final from `first` on.
  func hasGradients(from first: Int) -> Bool { haveReleased(.gradients, first) }

  /// Whether no rank of the node reads the parameters from `first` on any more in this step.
  func hasParameters(from first: Int) -> Bool { haveReleased(.parameters, first) }

  private func haveReleased(_ kind: Kind, _ first: Int) -> Bool {
    for rank in 0..<ranks where word(rank, kind).pointee.load(ordering: .acquiring) < mark(first) { return false }
    return true
  }

  /// Whether all ranks of the node have begun the step.
  var isBegun: Bool { hasGradients(from: elementCount) }
}

import Basics
import Glibc
import Synchronization

/// A barrier for the ranks of one node, in shared memory: about 0.2 µs where each has a core of its own. The last rank
/// to arrive opens the next generation. The others spin briefly, then yield their core before each further look: with
/// more ranks than cores, pure spinning would keep the awaited rank from running. MPI is not called while waiting, so
/// the barrier itself checks every few seconds that the ranks it waits for are alive.
struct NodeBarrier {
  private let arrived: UnsafeMutablePointer<Atomic<UInt32>>
  private let generation: UnsafeMutablePointer<Atomic<UInt32>>
  /// The processes of the node's ranks, and whether this rank can see them: not from another container.
  private let peers: [pid_t]
  private let canSeePeers: Bool

  /// 32-bit words of zeroed shared memory that a barrier needs: two cache lines, so that arriving ranks do not disturb
  /// waiting ones.
  static let wordCount = 32
  private static let spins = 2000
  /// Longer than a launcher takes to end a failed job, which it reports better than the barrier can.
  static let patience = Duration.seconds(3)

  /// - Parameter peers: the process of each rank of the node, this one included.
  init(memory: UnsafeMutableBufferPointer<UInt32>, peers: [pid_t]) {
    guard let first = memory.baseAddress, memory.count == Self.wordCount else {
      preconditionFailure("a barrier of \(memory.count) words")
    }
    let words = UnsafeMutableRawPointer(first)
    arrived = words.assumingMemoryBound(to: Atomic<UInt32>.self)
    generation = (words + 64).assumingMemoryBound(to: Atomic<UInt32>.self)
    self.peers = peers
    canSeePeers = peers.allSatisfy { ProcessState(of: $0) != .ended }
  }

  /// Returns when all ranks of the node have called it; what they wrote before is then visible.
  ///
  /// - Throws: if a rank of the node has ended.
  func wait() throws(CollectiveError) {
    try Timeline.span(.wait, "barrier") { () throws(CollectiveError) in try awaitOthers() }
  }

  private func awaitOthers() throws(CollectiveError) {
    let current = generation.pointee.load(ordering: .acquiring)
    if arrived.pointee.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue == UInt32(peers.count) {
      arrived.pointee.store(0, ordering: .relaxed)
      generation.pointee.store(current &+ 1, ordering: .releasing)
      return
    }
    for _ in 0..<Self.spins {
      if generation.pointee.load(ordering: .acquiring) != current { return }
    }
    var looks = 0
    var nextCheck = ContinuousClock.now + Self.patience
    while generation.pointee.load(ordering: .acquiring) == current {
      sched_yield()
      looks += 1
      if looks % 256 == 0 && ContinuousClock.now > nextCheck {
        try checkPeers()
        nextCheck = .now + Self.patience
      }
    }
  }

  /// - Throws: if a rank of the node has ended.
  func checkPeers() throws(CollectiveError) {
    guard canSeePeers, let rank = peers.firstIndex(where: { ProcessState(of: $0) == .ended }) else { return }
    throw CollectiveError(
      operation: "barrier",
      reason: "process \(peers[rank]), rank \(rank) of this node, has ended while others wait for it; look for its own "
        + "message above, or for the system's out-of-memory killer")
  }
}

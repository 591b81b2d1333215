public import NumericCore

/// Where the copies of a run's state are not equal.
public struct ReplicaDifference: Sendable, Equatable {
  /// Index of the first buffer that differs, and its first element that does.
  public let buffer: Int
  public let element: Int
  /// The bits of that element in each copy, in the order of `Exchange.copyHolders`.
  public let values: [UInt32]
  /// All buffers that differ, ascending.
  public let buffers: [Int]
}

/// Comparing the copies of the state that a job holds, between its steps. Every rank of a copy digests a part of it,
/// and eight bytes a rank cross the network.
///
/// A comparison reads a copy once. Each step's update alone reads and writes all of its numbers, so that by the bytes a
/// comparison every fifty steps costs less than a hundredth of a step.
extension Exchange {
  private var state: [BufferView<Float>] { [parameters, statistics] + optimizerState }

  /// Whether every copy of parameters, optimizer state and statistics in the job has the same bits; true where there is
  /// one copy. Collective.
  public func replicasAgree() throws(CollectiveError) -> Bool {
    let holders = copyHolders
    guard holders.count > 1, let own = holders.first(where: { $0.contains(world.rank) }) else { return true }
    let part = bitDigest(of: state, part: world.rank - own.lowerBound, of: own.count)
    let parts = try world.allGather([part]).map { $0[0] }
    let digests = holders.map { parts[$0].reduce(0, &+) }
    return digests.allSatisfy { $0 == digests[0] }
  }

  /// Finds the first element that is not the same in all copies, by bisection. Collective.
  ///
  /// - Parameter buffers: of the state, in the order in which they are looked at.
  /// - Returns: equal on all ranks; nil where they do not differ.
  public func replicaDifference(
    in buffers: [BufferView<Float>]
  ) throws(CollectiveError) -> ReplicaDifference? {
    let digests = try ofCopies(buffers.map { bitDigest($0, key: 0) })
    let different = buffers.indices.filter { index in digests.contains { $0[index] != digests[0][index] } }
    guard let first = different.first else { return nil }
    var range = 0..<buffers[first].count
    while range.count > digestParts {
      let bounds = (0...digestParts).map { range.lowerBound + range.count * $0 / digestParts }
      let pieces = zip(bounds, bounds.dropFirst()).map { $0..<$1 }
      let digests = try ofCopies(pieces.map { bitDigest(buffers[first].view($0), key: 0) })
      guard let piece = pieces.indices.first(where: { index in digests.contains { $0[index] != digests[0][index] } })
      else { return nil }
      range = pieces[piece]
    }
    let values = try ofCopies(buffers[first].view(range).map(\.bitPattern))
    guard let place = (0..<range.count).first(where: { place in values.contains { $0[place] != values[0][place] } })
    else { return nil }
    return ReplicaDifference(
      buffer: first, element: range.lowerBound + place, values: values.map { $0[place] }, buffers: different)
  }

  /// What the first rank of each copy gives.
  private func ofCopies<T: BitwiseCopyable>(_ values: [T]) throws(CollectiveError) -> [[T]] {
    let all = try world.allGather(values)
    return copyHolders.map { all[$0.lowerBound] }
  }
}

/// Pieces that a range is cut into to find a difference.
private let digestParts = 64

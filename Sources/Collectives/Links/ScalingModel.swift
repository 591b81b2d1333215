import Foundation

/// Predicts how a run scales over hosts, from what a step takes on one of them, the bytes of its gradients and the
/// network: the weak scaling of synchronous training, each rank with a batch of its own.
///
/// Between n hosts every byte of the summed gradients goes out of a host 2·(n − 1)/n times, once in the all-to-all of
/// the parts and once in the gather of their sums (see `InterNodeSum`). Its ranks share the host's link. Each round of
/// 16 MiB a rank has 2·(n − 1) messages that wait for one another, and the scalars take ⌈log₂ P⌉ more:
///
///     t = 2·(n − 1)/n·B / bandwidth + (2·(n − 1)·rounds + ⌈log₂ P⌉)·latency
///
/// Without overlap a step takes t longer than alone. With it the exchange runs while backward does, but for the last
/// bucket, which is complete only when backward is over.
package struct ScalingModel: Sendable {
  /// Seconds of a step on one host, its exchange included.
  package var step: Double
  /// Of them in backward.
  package var backward: Double
  /// What is exchanged: gradients and statistics, 4 bytes each.
  package var bytes: Double
  package var ranksPerNode: Int
  /// Seconds.
  package var latency: Double
  /// Bytes a second, of a host in each direction.
  package var bandwidth: Double

  package init(
    step: Double, backward: Double, bytes: Double, ranksPerNode: Int, latency: Double, bandwidth: Double
  ) {
    (self.step, self.backward, self.bytes) = (step, backward, bytes)
    (self.ranksPerNode, self.latency, self.bandwidth) = (ranksPerNode, latency, bandwidth)
  }

  private static let roundBytes = 16.0 * 1024 * 1024
  private static let bucketBytes = 4.0 * 1024 * 1024

  /// Seconds that the exchange of so many bytes takes over `nodes` hosts.
  private func exchange(_ bytes: Double, nodes: Int) -> Double {
    guard nodes > 1 else { return 0 }
    let others = Double(nodes - 1), ranks = Double(nodes * ranksPerNode)
    let rounds = max(1, (bytes / Double(ranksPerNode) / Self.roundBytes).rounded(.up))
    return 2 * others / Double(nodes) * bytes / bandwidth + (2 * others * rounds + log2(ranks).rounded(.up)) * latency
  }

  /// Seconds of a step on so many hosts.
  package func step(nodes: Int, overlaps: Bool) -> Double {
    let whole = exchange(bytes, nodes: nodes)
    guard overlaps else { return step + whole }
    return step + max(whole - backward, exchange(min(bytes, Self.bucketBytes), nodes: nodes))
  }

  /// What so many hosts do together, of so many times what one does.
  package func efficiency(nodes: Int, overlaps: Bool) -> Double { step / step(nodes: nodes, overlaps: overlaps) }
}

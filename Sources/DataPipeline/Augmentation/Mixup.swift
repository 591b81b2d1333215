import NumericCore
public import Settings

/// Makes each sample λ · itself + (1 − λ) · the next one of its micro-batch, its target alike, λ from Beta(α, α) (Zhang
/// et al. 2018). The order of a micro-batch is random, so the next is any sample; the last one's next is the first.
public struct Mixup: Augmentation {
  /// α.
  public var alpha: Double

  public init(alpha: Double = 0.2) { self.alpha = alpha }

  public init() { self.init(alpha: 0.2) }

  public static let name = "mixup"
  public static let summary = "mixes each sample and its target with another"
  public static let settings: [Setting<Mixup>] = [
    Setting("alpha", \.alpha, .above(0), "of the Beta distribution that gives the shares")
  ]
  public static let mixesTargets = true

  public func apply(_ batch: AugmentationPass) {
    for sample in batch.sampleIDs.indices {
      var generator = RandomSource.Generator(source: batch.random, substream: batch.sampleIDs[sample])
      batch.shares[sample] = Float(generator.symmetricBeta(alpha))
    }
    mixRows(of: batch.features, shares: batch.shares, keeping: batch.scratch, count: batch.sampleIDs.count)
    mixRows(of: batch.targets, shares: batch.shares, keeping: batch.targetScratch, count: batch.sampleIDs.count)
  }

  /// Row by row from the first on, the next row still as it was; the first row's copy is the last one's next.
  private func mixRows(
    of rows: BufferView<Float>, shares: BufferView<Float>, keeping first: BufferView<Float>, count: Int
  ) {
    let size = first.count
    precondition(rows.count == size * count, "\(rows.count) elements for \(count) rows of \(size)")
    guard count > 1 else { return }
    copy(rows.view(first: size), into: first)
    for row in 0..<count {
      let next = row + 1 < count ? rows.view((row + 1) * size..<(row + 2) * size) : first
      mix(next, into: rows.view(row * size..<(row + 1) * size), share: shares[row])
    }
  }
}

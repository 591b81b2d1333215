/// What rides with the gradients of a step, of one micro-batch, one shard or all: sums over samples, never means, so
/// that parts of any size add up.
///
/// The exchange lays these doubles out in memory that ranks share and sums them one by one: a new property here is
/// exchanged, summed and stored without a further word.
public struct StepScalars: Sendable, Equatable, BitwiseCopyable {
  /// Σ over samples of the loss of a sample.
  public var loss = 0.0
  /// Σ over samples of how right a sample is, 0 to what it counts; 0 for a loss without classes.
  public var correct = 0.0
  /// How many samples.
  public var samples = 0.0
  /// Σ of the weights of the samples, which loss and gradient are divided by: 1 each but where classes or samples have
  /// weights, or some targets are left out.
  public var weight = 0.0
  /// Σ of what the samples count in `correct`: 1 each but where samples have weights, or some targets are left out.
  public var counted = 0.0
  /// Greater than 0 where a rank asks all to stop after this step.
  public var stop = 0.0
  /// Greater than 0 where rank 0 asks for a checkpoint after this step.
  public var checkpoint = 0.0
  /// Σ over samples of a second loss, for a task that reports two.
  public var secondLoss = 0.0

  public init() {}

  /// The sums of `samples` samples that weigh 1 each.
  public init(loss: Double, correct: Double = 0, samples: Int) {
    self.loss = loss
    self.correct = correct
    self.samples = Double(samples)
    (weight, counted) = (self.samples, self.samples)
  }

  /// The number of doubles, one for each property.
  public static var count: Int { MemoryLayout<StepScalars>.size / MemoryLayout<Double>.size }

  /// The mean loss; 0 where nothing counts, as in a step whose samples all have the weight 0.
  public var meanLoss: Double { weight == 0 && samples > 0 ? 0 : loss / weight }
  /// The share of right samples; nil where nothing counts.
  public var accuracy: Double? { counted > 0 ? correct / counted : nil }

  /// Whether there are samples, and their loss is a number: if not, no exchange updates anything by their gradients.
  public var isUsable: Bool { samples > 0 && loss.isFinite && secondLoss.isFinite }

  /// Adds every property.
  public static func += (sums: inout StepScalars, other: StepScalars) {
    withUnsafeMutableBytes(of: &sums) { sums in
      withUnsafeBytes(of: other) { other in
        let (sums, other) = (sums.bindMemory(to: Double.self), other.bindMemory(to: Double.self))
        for i in sums.indices { sums[i] += other[i] }
      }
    }
  }
}

/// The sums of one step over all shards, equal on every rank.
public struct StepTotals: Sendable, Equatable {
  public var sums: StepScalars
  /// √Σ g² of the mean gradient before clipping.
  public var gradientNorm: Double

  public init(_ sums: StepScalars, gradientNorm: Double) {
    self.sums = sums
    self.gradientNorm = gradientNorm
  }
}

extension UnsafeMutableBufferPointer<StepScalars> {
  /// The address of an element.
  public func pointer(to index: Int) -> UnsafeMutablePointer<StepScalars> {
    guard let baseAddress, indices.contains(index) else { preconditionFailure("scalars \(index) of \(count)") }
    return baseAddress + index
  }

  /// The same memory as doubles, for the exchange.
  public var doubles: BufferView<Double> {
    UnsafeMutableBufferPointer<Double>(
      start: UnsafeMutableRawPointer(baseAddress)?.assumingMemoryBound(to: Double.self),
      count: count * StepScalars.count)
  }
}

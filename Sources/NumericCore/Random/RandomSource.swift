/// What a random stream is for. The raw values are part of what makes a run repeatable: never renumber them.
public enum RandomPurpose: UInt32, Sendable {
  case initialization = 1
  case shuffle = 2
  case dropout = 3
  case augmentation = 4
  case validationSplit = 5
  case synthesis = 6
  case latent = 7
  case search = 8
  case folds = 9
}

/// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1,
/// 2, 3", SC11). A draw is a function of its key and its index, so there is no generator state to save or to share.
public struct RandomSource: Sendable {
  private let key: SIMD2<UInt32>

  /// The root of all streams of a run.
  public init(seed: UInt64) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
  }

  private init(key: SIMD2<UInt32>) { self.key = key }

  /// An independent source for one purpose and two coordinates, such as (step, layer) or (epoch, shard).
  public func stream(_ purpose: RandomPurpose, _ first: Int = 0, _ second: Int = 0) -> RandomSource {
    let derived = Self.philox(
      counter: SIMD4(
        UInt32(truncatingIfNeeded: first), UInt32(truncatingIfNeeded: first >> 32),
        UInt32(truncatingIfNeeded: second), purpose.rawValue),
      key: key)
    return RandomSource(key: SIMD2(derived.x, derived.y))
  }

  /// Four uniform 32-bit words: draw `index` of `substream` (a sample, say).
  @inlinable
  public func words(_ index: Int, substream: Int = 0) -> SIMD4<UInt32> {
    Self.philox(
      counter: SIMD4(
        UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32),
        UInt32(truncatingIfNeeded: substream), UInt32(truncatingIfNeeded: substream >> 32)),
      key: rawKey)
  }

  @usableFromInline var rawKey: SIMD2<UInt32> { key }

  /// The block function: ten rounds over a 128-bit counter under a 64-bit key.
  @inlinable
  public static func philox(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (c0, c1, c2, c3) = (counter.x, counter.y, counter.z, counter.w)
    var (k0, k1) = (key.x, key.y)
    for _ in 0..<10 {
      let a = UInt64(c0) &* 0xD251_1F53
      let b = UInt64(c2) &* 0xCD9E_8D57
      (c0, c1, c2, c3) = (
        UInt32(truncatingIfNeeded: b >> 32) ^ c1 ^ k0, UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: a >> 32) ^ c3 ^ k1, UInt32(truncatingIfNeeded: a)
      )
      k0 = k0 &+ 0x9E37_79B9
      k1 = k1 &+ 0xBB67_AE85
    }
    return SIMD4(c0, c1, c2, c3)
  }

  /// A permutation of 0..<count by Fisher–Yates, each step drawn without bias (Lemire 2019, rejection of the
  /// remainder).
  public func permutation(_ count: Int) -> [Int32] {
    precondition(count <= Int32.max, "\(count) samples in one shard")
    var order = [Int32](0..<Int32(count))
    var generator = Generator(source: self)
    order.withUnsafeMutableBufferPointer { order in
      for i in stride(from: count - 1, to: 0, by: -1) {
        order.swapAt(i, Int(generator.next(upperBound: UInt32(i + 1))))
      }
    }
    return order
  }
}

extension RandomSource {
  /// Reads one substream of a source in sequence, for set-up code that draws an unforeseen number of values.
  public struct Generator: RandomNumberGenerator, Sendable {
    private let source: RandomSource
    private let substream: Int
    private var index = 0
    private var block = SIMD4<UInt32>()
    private var used = 4

    public init(source: RandomSource, substream: Int = 0) {
      self.source = source
      self.substream = substream
    }

    public mutating func nextWord() -> UInt32 {
      if used == 4 {
        block = source.words(index, substream: substream)
        index += 1
        used = 0
      }
      defer { used += 1 }
      return block[used]
    }

    public mutating func next() -> UInt64 { UInt64(nextWord()) << 32 | UInt64(nextWord()) }

    /// Uniform on 0..<upperBound.
    public mutating func next(upperBound: UInt32) -> UInt32 {
      let threshold = (0 &- upperBound) % upperBound
      while true {
        let product = UInt64(nextWord()) * UInt64(upperBound)
        if UInt32(truncatingIfNeeded: product) >= threshold { return UInt32(product >> 32) }
      }
    }

    /// Uniform on [0, 1), with 53 random bits.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Standard normal, by Box and Muller's transform (1958).
    public mutating func normal() -> Double {
      (-2 * Double.logarithm(1 - uniform())).squareRoot() * Double.cosine(2 * .pi * uniform())
    }
  }
}

extension RandomSource {
  /// Overwrites `mask` with 0 at probability p and 1 / (1 − p) elsewhere: element i of `substream`.
  @specialized(where S == Float)
  @specialized(where S == Double)
  public func fillDropoutMask<S: Scalar>(_ mask: BufferView<S>, substream: Int, probability: Double) {
    // A word below the threshold drops its element: p is met to within 2⁻³².
    let threshold = UInt32(min(probability * 0x1p32, Double(UInt32.max)))
    let kept = S(1 / (1 - probability))
    let blocks = mask.count / 4
    var block = 0
    while block + 8 <= blocks {
      let output = mask.view(block * 4..<block * 4 + 32)
      // Read back from memory: a loop over the elements of vectors in registers does not vectorise.
      withUnsafeBytes(of: wordPairs(firstIndex: block, substream: substream)) { bytes in
        let words = bytes.assumingMemoryBound(to: UInt32.self)
        for j in 0..<8 {
          output[4 * j] = words[2 * j] < threshold ? 0 : kept
          output[4 * j + 1] = words[2 * j + 1] < threshold ? 0 : kept
          output[4 * j + 2] = words[2 * j + 16] < threshold ? 0 : kept
          output[4 * j + 3] = words[2 * j + 17] < threshold ? 0 : kept
        }
      }
      block += 8
    }
    while block * 4 < mask.count {
      let words = words(block, substream: substream)
      for i in 0..<min(4, mask.count - block * 4) { mask[block * 4 + i] = words[i] < threshold ? 0 : kept }
      block += 1
    }
  }

  /// `words` of the eight draws from `firstIndex` on, at once: first and second words of each, then third and fourth
  /// ones.
  ///
  /// `philox` on vectors. Words stay in 64-bit elements whose high half is zero, so that a full product is one
  /// instruction.
  @inline(__always)
  private func wordPairs(firstIndex: Int, substream: Int) -> (SIMD8<UInt64>, SIMD8<UInt64>) {
    typealias Vector = SIMD8<UInt64>
    let lowHalf = Vector(repeating: 0xFFFF_FFFF)
    let index = Vector(repeating: UInt64(truncatingIfNeeded: firstIndex)) &+ Vector(0, 1, 2, 3, 4, 5, 6, 7)
    let halfWidth = Vector(repeating: 32)
    var (c0, c1) = (index & lowHalf, index &>> halfWidth)
    var (c2, c3) = (
      Vector(repeating: UInt64(truncatingIfNeeded: substream) & 0xFFFF_FFFF),
      Vector(repeating: UInt64(truncatingIfNeeded: substream) &>> 32)
    )
    var (k0, k1) = (rawKey.x, rawKey.y)
    for _ in 0..<10 {
      let a = (c0 & lowHalf) &* Vector(repeating: 0xD251_1F53)
      let b = (c2 & lowHalf) &* Vector(repeating: 0xCD9E_8D57)
      (c0, c1, c2, c3) = (
        (b &>> halfWidth) ^ c1 ^ Vector(repeating: UInt64(k0)), b & lowHalf,
        (a &>> halfWidth) ^ c3 ^ Vector(repeating: UInt64(k1)), a & lowHalf
      )
      k0 = k0 &+ 0x9E37_79B9
      k1 = k1 &+ 0xBB67_AE85
    }
    return (c0 | c1 &<< halfWidth, c2 | c3 &<< halfWidth)
  }
}

/// A 64-bit digest of the bits of some numbers, to find out whether copies of them are equal.
///
/// Sixty-four lanes take every sixty-fourth number each, by h ← rotate(h ⊕ w)·m with an odd m, and are then folded into
/// one word in their order. Every step is a bijection of h, so that a change of a single number, be it one bit, changes
/// the digest for certain; the rotation keeps two changes of the highest bit, such as of two signs, from lifting each
/// other. Of arbitrary changes about one in 2³² would go unseen.
///
/// - Parameter key: tells equal numbers at different places apart.
public func bitDigest(_ values: BufferView<Float>, key: UInt64) -> UInt64 {
  typealias Words = SIMD16<UInt32>
  var a = Words(repeating: 0x9E37_79B1), b = a &+ 0x85EB_CA77, c = b &+ 0xC2B2_AE3D, d = c &+ 0x27D4_EB2F
  let whole = values.count / 64 * 64
  var i = 0
  if let base = UnsafeRawPointer(values.baseAddress) {
    @inline(__always) func step(_ lanes: Words, _ index: Int) -> Words {
      let mixed = lanes ^ base.loadUnaligned(fromByteOffset: 4 * index, as: Words.self)
      return ((mixed &<< 13) | (mixed &>> 19)) &* 0x9E37_79B1
    }
    while i < whole {
      a = step(a, i)
      b = step(b, i + 16)
      c = step(c, i + 32)
      d = step(d, i + 48)
      i += 64
    }
  }
  var digest = key
  for pair in 0..<8 { digest = fold(digest, word(a, pair)) }
  for pair in 0..<8 { digest = fold(digest, word(b, pair)) }
  for pair in 0..<8 { digest = fold(digest, word(c, pair)) }
  for pair in 0..<8 { digest = fold(digest, word(d, pair)) }
  while i < values.count {
    digest = fold(digest, UInt64(values[i].bitPattern))
    i += 1
  }
  return fold(digest, UInt64(values.count))
}

/// A digest of one of the `parts` of some buffers: the sum of those of its blocks, so that the digests of all parts add
/// up to the same, however many there are. A single number that changes changes that sum for certain too.
public func bitDigest(of buffers: [BufferView<Float>], part: Int, of parts: Int) -> UInt64 {
  var digest: UInt64 = 0, blocksBefore = 0
  for buffer in buffers {
    let blocks = (buffer.count + digestBlock - 1) / digestBlock
    for block in blocks * part / parts..<blocks * (part + 1) / parts {
      let start = block * digestBlock
      digest &+= bitDigest(
        buffer.view(start..<min(start + digestBlock, buffer.count)), key: UInt64(blocksBefore + block + 1))
    }
    blocksBefore += blocks
  }
  return digest
}

/// Numbers that are digested in one piece: 64 KiB.
private let digestBlock = 16384

/// Two lanes side by side.
@inline(__always)
private func word(_ lanes: SIMD16<UInt32>, _ pair: Int) -> UInt64 {
  UInt64(lanes[2 * pair]) << 32 | UInt64(lanes[2 * pair + 1])
}

/// A bijection of `digest` for any `word`, and of `word` for any `digest`.
@inline(__always)
private func fold(_ digest: UInt64, _ word: UInt64) -> UInt64 {
  var h = (digest ^ word) &* 0x9E37_79B9_7F4A_7C15
  h ^= h >> 29
  h &*= 0xBF58_476D_1CE4_E5B9
  return h ^ h >> 32
}

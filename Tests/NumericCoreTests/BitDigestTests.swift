import NumericCore
import Testing

@Suite("Digests of bits")
struct BitDigestTests {
  private func values(_ count: Int, seed: UInt64 = 7) -> FlatBuffer<Float> {
    let random = RandomSource(seed: seed).stream(.synthesis, count)
    let buffer = FlatBuffer<Float>(count: count)
    random.fillNormal(buffer.view, substream: 0)
    return buffer
  }

  @Test("Any bit that is flipped changes it", arguments: [1, 63, 64, 65, 200, 1000])
  func anyBit(count: Int) {
    let buffer = values(count), view = buffer.view, before = bitDigest(view, key: 3)
    #expect(bitDigest(view, key: 3) == before && bitDigest(view, key: 4) != before)
    for i in stride(from: 0, to: count, by: max(1, count / 40)) {
      for bit in 0..<32 {
        view[i] = Float(bitPattern: view[i].bitPattern ^ 1 << bit)
        #expect(bitDigest(view, key: 3) != before, "bit \(bit) of \(i)")
        view[i] = Float(bitPattern: view[i].bitPattern ^ 1 << bit)
      }
    }
    #expect(bitDigest(view, key: 3) == before)
  }

  /// Pairs of changes that a plain sum, or a chain of multiplications alone, would not see: two signs in one lane, two
  /// numbers that change places, zeros at the end.
  @Test("Two changes do not lift each other")
  func pairs() {
    let buffer = values(1024), view = buffer.view, before = bitDigest(view, key: 0)
    for (i, j) in [(0, 64), (5, 69), (100, 740), (3, 4)] {
      for bit in [0, 23, 31] {
        for k in [i, j] { view[k] = Float(bitPattern: view[k].bitPattern ^ 1 << bit) }
        #expect(bitDigest(view, key: 0) != before, "bit \(bit) of \(i) and \(j)")
        for k in [i, j] { view[k] = Float(bitPattern: view[k].bitPattern ^ 1 << bit) }
      }
      (view[i], view[j]) = (view[j], view[i])
      #expect(bitDigest(view, key: 0) != before, "\(i) and \(j) in each other's place")
      (view[i], view[j]) = (view[j], view[i])
    }
    let zeros = FlatBuffer<Float>(count: 200).view
    #expect(bitDigest(zeros.view(first: 199), key: 0) != bitDigest(zeros, key: 0))
    #expect(bitDigest(view, key: 0) == before)
  }

  @Test("The parts of a state add up to the same, however many they are")
  func parts() {
    let owners = [values(100_001), values(0), values(17), values(40_000, seed: 8)], buffers = owners.map(\.view)
    func digest(_ parts: Int) -> UInt64 {
      (0..<parts).reduce(0) { $0 &+ bitDigest(of: buffers, part: $1, of: parts) }
    }
    let whole = digest(1)
    for parts in 2...9 { #expect(digest(parts) == whole, "\(parts) parts") }
    for (buffer, element) in [(0, 0), (0, 100_000), (2, 16), (3, 20_000)] {
      buffers[buffer][element] = Float(bitPattern: buffers[buffer][element].bitPattern ^ 1)
      #expect(digest(1) != whole && digest(3) == digest(1), "element \(element) of buffer \(buffer)")
      buffers[buffer][element] = Float(bitPattern: buffers[buffer][element].bitPattern ^ 1)
    }
    withExtendedLifetime(owners) {}
  }
}

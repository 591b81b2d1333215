import Foundation

/// Different texts, numbered in the order of their first appearance: a hash table over their bytes.
///
/// Texts that are the same but for the composition of their characters are one, as they are to `String`: é may be one
/// scalar, or e and an accent.
final class TextInterner {
  /// How many different texts there are.
  private(set) var count = 0
  private let limit: Int
  /// All texts one behind the other, and where each begins and the last ends.
  private var bytes: [UInt8] = []
  private var starts: [Int] = [0]
  /// The number of a text and one more, or 0; as many as a power of two.
  private var slots = [Int32](repeating: 0, count: 64)

  /// - Parameter limit: further texts are not taken in.
  init(limit: Int) { self.limit = min(limit, 1 << 30) }

  convenience init(_ texts: [String]) {
    self.init(limit: texts.count)
    for var text in texts { _ = text.withUTF8 { intern($0) } }
  }

  func text(_ number: Int) -> String { String(decoding: bytes[starts[number]..<starts[number + 1]], as: UTF8.self) }

  var texts: [String] { (0..<count).map(text) }

  /// The number of a text that is known; nil for another.
  func number(of text: UnsafeBufferPointer<UInt8>) -> Int? { Self.composed(text, known) }

  /// The number of a text, which is taken in if it is new; nil where there are too many.
  func intern(_ text: UnsafeBufferPointer<UInt8>) -> Int? { Self.composed(text, taken) }

  /// Does something with a text whose characters are composed (Unicode's normalization form C).
  private static func composed<Result>(
    _ text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    guard text.contains(where: { $0 >= 0x80 }) else { return body(text) }
    var composed = String(decoding: text, as: UTF8.self).precomposedStringWithCanonicalMapping
    return composed.withUTF8(body)
  }

  private func known(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
    let slot = slot(of: text)
    return slots[slot] == 0 ? nil : Int(slots[slot]) - 1
  }

  private func taken(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
    let slot = slot(of: text)
    if slots[slot] != 0 { return Int(slots[slot]) - 1 }
    guard count < limit else { return nil }
    bytes.append(contentsOf: text)
    starts.append(bytes.count)
    count += 1
    slots[slot] = Int32(count)
    if count * 2 > slots.count { grow() }
    return count - 1
  }

  /// Where a text is, or would be.
  private func slot(of text: UnsafeBufferPointer<UInt8>) -> Int {
    let mask = slots.count - 1
    var slot = Self.hash(text) & mask
    while slots[slot] != 0 {
      let number = Int(slots[slot]) - 1, start = starts[number]
      let isEqual =
        starts[number + 1] - start == text.count
        && bytes.withUnsafeBytes { bytes in
          guard let base = bytes.baseAddress, let other = text.baseAddress else { return text.isEmpty }
          return memcmp(base + start, other, text.count) == 0
        }
      if isEqual { break }
      slot = (slot + 1) & mask
    }
    return slot
  }

  private func grow() {
    slots = [Int32](repeating: 0, count: slots.count * 2)
    let mask = slots.count - 1
    for number in 0..<count {
      bytes[starts[number]..<starts[number + 1]].withUnsafeBufferPointer { text in
        var slot = Self.hash(text) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = Int32(number + 1)
      }
    }
  }

  /// FNV-1a (Fowler, Noll and Vo) of 64 bits, its halves folded.
  static func hash(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Int(truncatingIfNeeded: hash ^ hash >> 32)
  }
}

import Foundation
import NumericCore
import TestSupport
import Testing

/// A bfloat16 as a float.
private func rounded(_ value: Float) -> Float {
  let bits = value.bitPattern
  if value.isNaN { return Float(bitPattern: (bits | 0x40_0000) & 0xFFFF_0000) }
  if value.magnitude < .leastNormalMagnitude { return Float(bitPattern: bits & 0x8000_0000) }
  return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
}

/// Zero in place of a subnormal sum.
private func flushed(_ value: Float) -> Float {
  value.isSubnormal ? Float(bitPattern: value.bitPattern & 0x8000_0000) : value
}

/// One after the other: of each pair the second product and then the first, each addition rounded once.
private func pairSum(_ products: some Collection<(Float, Float)>) -> Float {
  let products = Array(products)
  var sum: Float = 0
  for first in stride(from: 0, to: products.count, by: 2) {
    let second = first + 1 < products.count ? products[first + 1] : (0, 0)
    for (a, b) in [second, products[first]] { sum = flushed(sum.addingProduct(rounded(a), rounded(b))) }
  }
  return sum
}

/// In the blocks of the kernels, added up: of at most 512 terms.
private func blockedSum(_ products: [(Float, Float)], from start: Float?) -> Float {
  let count = products.count
  let pairs = (count + 1) / 2, blocks = max(1, (pairs + 255) / 256)
  let block = 2 * (((pairs + blocks - 1) / blocks + 7) / 8 * 8)
  var sums = stride(from: 0, to: count, by: max(1, block)).map { pairSum(products[$0..<min($0 + block, count)]) }
  if let start { sums.insert(start, at: 0) }
  return sums.dropFirst().reduce(sums.first ?? 0, +)
}

private func areSame(_ a: Float, _ b: Float) -> Bool { a.bitPattern == b.bitPattern || a.isNaN && b.isNaN }

/// On a thread that takes subnormal numbers for zero, as all do in the program.
private func flushing<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
  await withCheckedContinuation { continuation in
    Thread {
      Subnormals.flush()
      continuation.resume(returning: body())
    }.start()
  }
}

@Suite("Products in bfloat16 against sums one by one, bit by bit")
struct RoundedProductTests {
  /// Numbers of every kind and size, drawn by their bits: subnormal, infinite and not-a-number ones too.
  static func anyNumbers(_ count: Int, substream: Int) -> [Float] {
    var state = UInt64(substream) &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<count).map { _ in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Float(bitPattern: UInt32(truncatingIfNeeded: state >> 16))
    }
  }

  /// Rows [m, k] times columns [k, n], as `multiply` has them.
  static func product(_ a: [Float], _ b: [Float], m: Int, n: Int, k: Int) -> [Float] {
    let (left, right, c) = (FlatBuffer(a), FlatBuffer(b), FlatBuffer<Float>(count: m * n))
    multiply(
      Matrix(left.view, rows: m, columns: k), Matrix(right.view, rows: k, columns: n),
      into: Matrix(c.view, rows: m, columns: n), precision: .bfloat16)
    withExtendedLifetime((left, right)) {}
    return Array(c.view)
  }

  /// Every float that begins with one of the 65,536 halves, followed by what is just below, at and above a tie.
  @Test func rounding() async {
    let wrong = await flushing { () -> [String] in
      var wrong: [String] = []
      for tail: UInt32 in [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF] {
        let values = (0..<UInt32(1 << 16)).map { Float(bitPattern: $0 << 16 | tail) }
        // Times one, alone in its sum.
        let found = Self.product(values, [1], m: values.count, n: 1, k: 1)
        for (value, found) in zip(values, found) where !areSame(found, 0 + rounded(value)) {
          wrong.append("\(String(value.bitPattern, radix: 16)) to \(found)")
        }
      }
      return wrong
    }
    #expect(wrong.prefix(5) == [])
  }

  /// Subnormal sums, overflow and NaN are among them.
  @Test(arguments: [2, 3, 6])
  func anyNumbersHaveTheBitsOfSingleSums(k: Int) async {
    let (m, n) = (64, 256)
    let a = Self.anyNumbers(m * k, substream: k), b = Self.anyNumbers(k * n, substream: 100 + k)
    let found = await flushing { Self.product(a, b, m: m, n: n, k: k) }
    var (kinds, wrong) = (Set<FloatingPointClassification>(), 0)
    for i in 0..<m {
      for j in 0..<n {
        let expected = pairSum((0..<k).map { (a[i * k + $0], b[$0 * n + j]) })
        kinds.insert(expected.floatingPointClass)
        if !areSame(found[i * n + j], expected) { wrong += 1 }
      }
    }
    #expect(wrong == 0)
    #expect(kinds.isSuperset(of: [.quietNaN, .positiveInfinity, .positiveNormal]), "\(kinds)")
  }

  /// Numbers near the smallest: products that are no float, sums that are subnormal.
  @Test func tinySums() async {
    let (m, n, k) = (40, 96, 4)
    func tiny(_ count: Int, _ substream: Int) -> [Float] {
      clearOfZero(count, seed: 5, substream: substream).map { Float($0) * 1.5e-19 }
    }
    let a = tiny(m * k, 1), b = tiny(k * n, 2)
    let found = await flushing { Self.product(a, b, m: m, n: n, k: k) }
    var (zeros, wrong) = (0, 0)
    for i in 0..<m {
      for j in 0..<n {
        let expected = pairSum((0..<k).map { (a[i * k + $0], b[$0 * n + j]) })
        if expected == 0 { zeros += 1 }
        if found[i * n + j] != expected { wrong += 1 }
      }
    }
    #expect(wrong == 0 && zeros > 0 && zeros < m * n, "\(wrong) wrong, \(zeros) zeros")
  }

  struct Stored {
    let buffer: FlatBuffer<Float>, rows: Int, columns: Int, stride: Int

    init(_ rows: Int, _ columns: Int, gap: Int, substream: Int) {
      (self.rows, self.columns, stride) = (rows, columns, columns + gap)
      buffer = FlatBuffer(clearOfZero(rows * (columns + gap), seed: 4, substream: substream).map { Float($0) })
    }
    var matrix: Matrix<Float> { Matrix(buffer.view, rows: rows, columns: columns, stride: stride) }
    subscript(row: Int, column: Int) -> Float { buffer.view[row * stride + column] }
  }

  static let sizes = [
    (1, 1, 1), (3, 5, 7), (9, 1, 4), (17, 33, 65), (8, 16, 0), (0, 4, 3), (64, 31, 128), (66, 8, 9), (64, 17, 33),
    (71, 33, 600), (197, 130, 8), (30, 130, 521), (200, 200, 1030),
  ]

  /// - Parameter form: bit 0 transposes a, bit 1 transposes b, bit 2 adds; not both are transposed.
  @Test(arguments: sizes.indices, [0, 1, 2, 4, 5, 6])
  func allForms(size: Int, form: Int) {
    let (m, n, k) = Self.sizes[size], gap = size % 2 * 3
    let (transposeA, transposeB, adding) = (form & 1 != 0, form & 2 != 0, form & 4 != 0)
    let a = transposeA ? Stored(k, m, gap: gap, substream: 1) : Stored(m, k, gap: gap, substream: 1)
    let b = transposeB ? Stored(n, k, gap: gap, substream: 2) : Stored(k, n, gap: gap, substream: 2)
    let c = Stored(m, n, gap: gap, substream: 3), before = Array(c.buffer.view)
    if !adding { for i in 0..<m { for j in 0..<n { c.buffer.view[i * c.stride + j] = .nan } } }
    multiply(
      transposeA ? a.matrix.transposed : a.matrix, transposeB ? b.matrix.transposed : b.matrix, into: c.matrix,
      adding: adding, precision: .bfloat16)
    for i in 0..<m {
      for j in 0..<c.stride {
        var expected = before[i * c.stride + j]
        if j < n {
          let products = (0..<k).map { (transposeA ? a[$0, i] : a[i, $0], transposeB ? b[j, $0] : b[$0, j]) }
          expected = blockedSum(products, from: adding ? expected : nil)
        }
        if c[i, j] != expected {
          Issue.record("\(m), \(n), \(k), form \(form), at \(i), \(j): \(c[i, j]), one by one \(expected)")
          return
        }
      }
    }
  }

  @Test("A packed factor gives the same bits", arguments: [(1, 1, 1), (7, 16, 9), (197, 40, 12), (13, 31, 1030)])
  func packed(m: Int, n: Int, k: Int) {
    for isTransposed in [false, true] {
      let a = Stored(m, k, gap: 0, substream: 1)
      let b = isTransposed ? Stored(n, k, gap: 0, substream: 2) : Stored(k, n, gap: 0, substream: 2)
      let right = isTransposed ? b.matrix.transposed : b.matrix
      let c = Stored(m, n, gap: 0, substream: 3), d = Stored(m, n, gap: 0, substream: 3)
      let panels = FlatBuffer<Float>(count: PackedMatrix<Float>.count(rows: k, columns: n))
      multiply(a.matrix, right, into: c.matrix, precision: .bfloat16)
      multiply(a.matrix, PackedMatrix(packing: right, into: panels.view, precision: .bfloat16), into: d.matrix)
      #expect(c.buffer.view.elementsEqual(d.buffer.view), "\(m), \(n), \(k), \(isTransposed)")
    }
  }
}

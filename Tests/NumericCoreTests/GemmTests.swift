import NumericCore
import TestSupport
import Testing

@Suite("Matrix products against a triple loop")
struct GemmTests {
  /// A stored array of `rows` × `columns` with `gap` unused elements behind each row.
  struct Stored<S: Scalar> {
    let buffer: FlatBuffer<S>
    let rows: Int, columns: Int, stride: Int

    init(_ rows: Int, _ columns: Int, gap: Int, substream: Int) {
      (self.rows, self.columns, stride) = (rows, columns, columns + gap)
      buffer = FlatBuffer(clearOfZero(rows * (columns + gap), seed: 4, substream: substream).map { S($0) })
    }
    var matrix: Matrix<S> { Matrix(buffer.view, rows: rows, columns: columns, stride: stride) }
    subscript(row: Int, column: Int) -> Double { Double(buffer.view[row * stride + column]) }
  }

  /// Values are at most 1, so a sum of k products carries at most k² · ε/2 of rounding, and what is added one more.
  /// - Parameter form: bit 0 transposes a, bit 1 transposes b, bit 2 adds.
  func check<S: Scalar>(_ type: S.Type, m: Int, n: Int, k: Int, form: Int, gap: Int) {
    let (transposeA, transposeB, adding) = (form & 1 != 0, form & 2 != 0, form & 4 != 0)
    let a = transposeA ? Stored<S>(k, m, gap: gap, substream: 1) : Stored<S>(m, k, gap: gap, substream: 1)
    let b = transposeB ? Stored<S>(n, k, gap: 2 * gap, substream: 2) : Stored<S>(k, n, gap: 2 * gap, substream: 2)
    let c = Stored<S>(m, n, gap: 3 * gap, substream: 3)
    let before = c.buffer.view.map { Double($0) }
    if !adding { for i in 0..<m { for j in 0..<n { c.buffer.view[i * c.stride + j] = .nan } } }
    multiply(
      transposeA ? a.matrix.transposed : a.matrix, transposeB ? b.matrix.transposed : b.matrix, into: c.matrix,
      adding: adding)
    let bound = Double(S.ulpOfOne) * Double((k + 1) * (k + 1))
    for i in 0..<m {
      for j in 0..<c.stride {
        var expected = adding || j >= n ? before[i * c.stride + j] : 0
        if j < n { for l in 0..<k { expected += (transposeA ? a[l, i] : a[i, l]) * (transposeB ? b[j, l] : b[l, j]) } }
        let actual = c[i, j]
        if !(abs(actual - expected) <= (j < n ? bound : 0)) {
          Issue.record("\(m), \(n), \(k), form \(form), at \(i), \(j): \(actual), triple loop \(expected)")
          return
        }
      }
    }
  }

  /// One thread, for products of this program's own too.
  init() { BLAS.threads = 1 }

  static let sizes = [
    (1, 1, 1), (3, 5, 7), (1, 9, 4), (9, 1, 4), (17, 33, 65), (8, 16, 0), (0, 4, 3), (4, 0, 3), (64, 31, 128),
    (66, 8, 9), (64, 17, 33), (71, 33, 260), (197, 130, 8), (30, 523, 260),
    (71, 301, 450), (16, 1031, 256), (520, 40, 65), (128, 28, 300), (20, 64, 700),
  ]

  @Test(arguments: sizes.indices, [0, 3])
  func allForms(size: Int, gap: Int) {
    let (m, n, k) = Self.sizes[size]
    for form in 0..<8 {
      check(Float.self, m: m, n: n, k: k, form: form, gap: gap)
      check(Double.self, m: m, n: n, k: k, form: form, gap: gap)
    }
  }

  @Test func namesTheLibrary() {
    #expect(BLAS.version.hasPrefix("OpenBLAS "))
    #expect(!BLAS.coreName.isEmpty)
    #expect(BLAS.threads >= 1)
  }
}

import NumericCore
import TestSupport
import Testing

@Suite("Products with a packed factor against a triple loop")
struct PackedMatrixTests {
  /// One thread, for products of this program's own.
  init() { BLAS.threads = 1 }

  static let sizes = [
    (0, 4, 3), (1, 1, 1), (5, 15, 7), (7, 16, 8), (8, 17, 9), (9, 33, 255), (13, 31, 257), (197, 40, 12),
  ]

  /// `c` [m, n] of `a` [m, k] and a packed `b` [k, n], each in rows with `gap` unused elements behind them.
  func product<S: Scalar>(
    _ a: FlatBuffer<S>, _ b: FlatBuffer<S>, m: Int, n: Int, k: Int, gap: Int, isTransposed: Bool, adding: Bool,
    into c: FlatBuffer<S>
  ) {
    let right =
      isTransposed
      ? Matrix(b.view, rows: n, columns: k, stride: k + gap).transposed
      : Matrix(b.view, rows: k, columns: n, stride: n + gap)
    let panels = FlatBuffer<S>(count: PackedMatrix<S>.count(rows: k, columns: n))
    multiply(
      Matrix(a.view, rows: m, columns: k, stride: k + gap), PackedMatrix(packing: right, into: panels.view),
      into: Matrix(c.view, rows: m, columns: n, stride: n + gap), adding: adding)
  }

  func values<S: Scalar>(_ rows: Int, _ columns: Int, gap: Int, _ substream: Int) -> FlatBuffer<S> {
    FlatBuffer(clearOfZero(rows * (columns + gap), seed: 6, substream: substream).map { S($0) })
  }

  func check<S: Scalar>(_ type: S.Type, m: Int, n: Int, k: Int, gap: Int, isTransposed: Bool, adding: Bool) {
    let a: FlatBuffer<S> = values(m, k, gap: gap, 1), c: FlatBuffer<S> = values(m, n, gap: gap, 3)
    let b: FlatBuffer<S> = isTransposed ? values(n, k, gap: gap, 2) : values(k, n, gap: gap, 2)
    let before = c.view.map { Double($0) }
    if !adding { for i in 0..<m { for j in 0..<n { c.view[i * (n + gap) + j] = .nan } } }
    product(a, b, m: m, n: n, k: k, gap: gap, isTransposed: isTransposed, adding: adding, into: c)
    let bound = Double(S.ulpOfOne) * Double((k + 1) * (k + 1))
    for i in 0..<m {
      for j in 0..<n + gap {
        var expected = adding || j >= n ? before[i * (n + gap) + j] : 0
        if j < n {
          for l in 0..<k {
            let right = isTransposed ? b.view[j * (k + gap) + l] : b.view[l * (n + gap) + j]
            expected += Double(a.view[i * (k + gap) + l]) * Double(right)
          }
        }
        let actual = Double(c.view[i * (n + gap) + j])
        if !(abs(actual - expected) <= (j < n ? bound : 0)) {
          Issue.record("\(m), \(n), \(k) at \(i), \(j): \(actual), triple loop \(expected)")
          return
        }
      }
    }
  }

  @Test(arguments: sizes.indices, [0, 3])
  func allForms(size: Int, gap: Int) {
    let (m, n, k) = Self.sizes[size]
    for form in 0..<4 {
      check(Float.self, m: m, n: n, k: k, gap: gap, isTransposed: form & 1 != 0, adding: form & 2 != 0)
      check(Double.self, m: m, n: n, k: k, gap: gap, isTransposed: form & 1 != 0, adding: form & 2 != 0)
    }
  }

  @Test("A row's bits do not depend on how many rows are multiplied", arguments: 1...19)
  func rowsAreIndependent(rows: Int) {
    let (most, n, k) = (40, 37, 300)
    let a: FlatBuffer<Float> = values(most, k, gap: 0, 1), b: FlatBuffer<Float> = values(k, n, gap: 0, 2)
    let all = FlatBuffer<Float>(count: most * n), some = FlatBuffer<Float>(count: most * n)
    product(a, b, m: most, n: n, k: k, gap: 0, isTransposed: false, adding: false, into: all)
    product(a, b, m: rows, n: n, k: k, gap: 0, isTransposed: false, adding: false, into: some)
    #expect(some.view.prefix(rows * n).elementsEqual(all.view.prefix(rows * n)))
  }
}

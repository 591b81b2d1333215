/// Overwrites `target` [columns, rows] by the transpose of `source` [rows, columns].
func transpose(
  _ source: UnsafePointer<Float>, _ stride: Int, rows: Int, columns: Int, into target: UnsafeMutablePointer<Float>,
  targetStride: Int
) {
  let wholeRows = rows / 8 * 8, wholeColumns = columns / 8 * 8
  for i in Swift.stride(from: 0, to: wholeRows, by: 8) {
    for j in Swift.stride(from: 0, to: wholeColumns, by: 8) {
      transposeEight(source + i * stride + j, stride, into: target + j * targetStride + i, targetStride)
    }
  }
  for i in 0..<rows {
    for j in (i < wholeRows ? wholeColumns : 0)..<columns { target[j * targetStride + i] = source[i * stride + j] }
  }
}

/// Exchanges rows and columns of eight by eight elements.
@inline(__always)
func transposeEight(
  _ source: UnsafePointer<Float>, _ stride: Int, into target: UnsafeMutablePointer<Float>, _ targetStride: Int
) {
  transposeEight(into: target, targetStride) { SIMD8(at: source + $0 * stride) }
}

/// The same for eight given rows.
@inline(__always)
func transposeEight(
  into target: UnsafeMutablePointer<Float>, _ targetStride: Int, _ row: (Int) -> SIMD8<Float>
) {
  typealias Vector = SIMD8<Float>
  // In each half of two vectors: the first two elements in turn, the last two in turn; the first pairs, the last pairs.
  @inline(__always) func first(_ a: Vector, _ b: Vector) -> Vector {
    Vector(a[0], b[0], a[1], b[1], a[4], b[4], a[5], b[5])
  }
  @inline(__always) func last(_ a: Vector, _ b: Vector) -> Vector {
    Vector(a[2], b[2], a[3], b[3], a[6], b[6], a[7], b[7])
  }
  @inline(__always) func firstPairs(_ a: Vector, _ b: Vector) -> Vector {
    Vector(a[0], a[1], b[0], b[1], a[4], a[5], b[4], b[5])
  }
  @inline(__always) func lastPairs(_ a: Vector, _ b: Vector) -> Vector {
    Vector(a[2], a[3], b[2], b[3], a[6], a[7], b[6], b[7])
  }
  /// Columns 0 and 4, 1 and 5, 2 and 6, 3 and 7 of four rows.
  @inline(__always) func columns(_ from: Int) -> (Vector, Vector, Vector, Vector) {
    let (a, b, c, d) = (row(from), row(from + 1), row(from + 2), row(from + 3))
    let (ab, cd) = (first(a, b), first(c, d)), (ab2, cd2) = (last(a, b), last(c, d))
    return (firstPairs(ab, cd), lastPairs(ab, cd), firstPairs(ab2, cd2), lastPairs(ab2, cd2))
  }
  @inline(__always) func store(_ column: Int, _ upper: Vector, _ lower: Vector) {
    Vector(lowHalf: upper.lowHalf, highHalf: lower.lowHalf).store(to: target + column * targetStride)
    Vector(lowHalf: upper.highHalf, highHalf: lower.highHalf).store(to: target + (column + 4) * targetStride)
  }
  let (upper, lower) = (columns(0), columns(4))
  store(0, upper.0, lower.0)
  store(1, upper.1, lower.1)
  store(2, upper.2, lower.2)
  store(3, upper.3, lower.3)
}

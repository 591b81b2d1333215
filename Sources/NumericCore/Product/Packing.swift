internal import CProcessor

// Copies of parts of the right factor in the order in which a product's inner loop reads them, and transposes.

/// Packs a block of the right factor into panels of `ProductTile.columns` columns, [depth, columns] each, one behind
/// the other; zeros fill the last.
///
/// - Parameter isTransposed: whether element (k, j) is at `source[j · stride + k]`, else at `source[k · stride + j]`.
func packPanels(
  _ source: UnsafePointer<Float>, stride: Int, isTransposed: Bool, depth: Int, columns: Int,
  into panels: UnsafeMutablePointer<Float>
) {
  let width = ProductTile.columns
  if isTransposed {
    var column = 0
    while column < columns {
      packTransposed(
        source + column * stride, stride, depth, min(width, columns - column),
        isLast: column + 2 * width > columns, into: panels + column * depth)
      column += width
    }
    return
  }
  let whole = columns / width, rest = columns % width
  for k in 0..<depth {
    let row = source + k * stride
    // Rows far apart are no sequence that the processor would recognise.
    if k + 16 < depth {
      for line in Swift.stride(from: 0, to: columns, by: 16) { cprocessor_prefetch(row + 16 * stride + line) }
    }
    for panel in 0..<whole {
      (panels + (panel * depth + k) * width).update(from: row + panel * width, count: width)
    }
    if rest > 0 {
      let target = panels + (whole * depth + k) * width
      for j in 0..<width { target[j] = j < rest ? row[whole * width + j] : 0 }
    }
  }
}

/// One panel from the first `columns` of a transposed factor's rows.
/// - Parameter isLast: whether no whole panel follows, whose rows could be fetched ahead.
private func packTransposed(
  _ source: UnsafePointer<Float>, _ stride: Int, _ depth: Int, _ columns: Int, isLast: Bool,
  into panel: UnsafeMutablePointer<Float>
) {
  let width = ProductTile.columns
  var k = 0
  if columns == width {
    while k + 8 <= depth {
      var column = 0
      while column < width {
        let rows = source + column * stride + k
        if !isLast { for row in 0..<8 { cprocessor_prefetch(rows + (width + row) * stride) } }
        transposeEight(rows, stride, into: panel + k * width + column, width)
        column += 8
      }
      k += 8
    }
  }
  while k < depth {
    for j in 0..<width { panel[k * width + j] = j < columns ? source[j * stride + k] : 0 }
    k += 1
  }
}

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
private func transposeEight(
  _ source: UnsafePointer<Float>, _ stride: Int, into target: UnsafeMutablePointer<Float>, _ targetStride: Int
) {
  typealias Vector = SIMD8<Float>
  @inline(__always) func row(_ i: Int) -> Vector {
    UnsafeRawPointer(source + i * stride).loadUnaligned(as: Vector.self)
  }
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
    let start = UnsafeMutableRawPointer(target + column * targetStride)
    start.storeBytes(of: Vector(lowHalf: upper.lowHalf, highHalf: lower.lowHalf), as: Vector.self)
    UnsafeMutableRawPointer(target + (column + 4) * targetStride)
      .storeBytes(of: Vector(lowHalf: upper.highHalf, highHalf: lower.highHalf), as: Vector.self)
  }
  let (upper, lower) = (columns(0), columns(4))
  store(0, upper.0, lower.0)
  store(1, upper.1, lower.1)
  store(2, upper.2, lower.2)
  store(3, upper.3, lower.3)
}

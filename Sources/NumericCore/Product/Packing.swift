internal import CProcessor

// Copies of parts of the right factor in the order in which a product's inner loop reads them, and transposes.

extension Singles {
  static func packPanels(
    _ source: UnsafePointer<Float>, stride: Int, isTransposed: Bool, depth: Int, columns: Int,
    into panels: UnsafeMutablePointer<Float>, panelDepth: Int
  ) {
    let width = ProductTile.columns
    if isTransposed {
      var column = 0
      while column < columns {
        packTransposed(
          source + column * stride, stride, depth, min(width, columns - column),
          isLast: column + 2 * width > columns, into: panels + column * panelDepth)
        column += width
      }
      return
    }
    let whole = columns / width, rest = columns % width
    for k in 0..<depth {
      let row = source + k * stride
      // Rows far apart are no sequence that the processor would recognise.
      if k + 16 < depth { prefetch(row + 16 * stride, columns) }
      for panel in 0..<whole {
        (panels + (panel * panelDepth + k) * width).update(from: row + panel * width, count: width)
      }
      if rest > 0 {
        let target = panels + (whole * panelDepth + k) * width
        for j in 0..<width { target[j] = j < rest ? row[whole * width + j] : 0 }
      }
    }
  }

  /// One panel from the first `columns` of a transposed factor's rows.
  /// - Parameter isLast: whether no whole panel follows, whose rows could be fetched ahead.
  private static func packTransposed(
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

  static func packTile(
    _ source: UnsafePointer<Float>, stride: Int, depth: Int, height: Int, into tile: UnsafeMutablePointer<Float>
  ) {
    if height == 8 {
      for k in 0..<depth {
        SIMD8(at: source + k * stride).store(to: tile + k * 8)
      }
    } else {
      for k in 0..<depth { (tile + k * height).update(from: source + k * stride, count: height) }
    }
  }
}

extension Pairs {
  private typealias Vector = SIMD16<Float>

  static func packPanels(
    _ source: UnsafePointer<Float>, stride: Int, isTransposed: Bool, depth: Int, columns: Int,
    into panels: UnsafeMutablePointer<Float>, panelDepth: Int
  ) {
    let width = ProductTile.columns
    if isTransposed {
      for column in Swift.stride(from: 0, to: columns, by: width) {
        packTransposed(
          source + column * stride, stride, depth, min(width, columns - column),
          isLast: column + 2 * width > columns, into: panels + column * panelDepth)
      }
      return
    }
    for k in Swift.stride(from: 0, to: depth, by: 2) {
      let row = source + k * stride
      if k + 17 < depth {
        prefetch(row + 16 * stride, columns)
        prefetch(row + 17 * stride, columns)
      }
      for column in Swift.stride(from: 0, to: columns, by: width) {
        let target = panels + column * panelDepth + k / 2 * width
        for lane in Swift.stride(from: 0, to: width, by: 16) {
          let first = load(row + column + lane, columns - column - lane)
          let second = k + 1 < depth ? load(row + stride + column + lane, columns - column - lane) : Vector()
          cprocessor_row_pairs(first, second).store(to: target + lane)
        }
      }
    }
  }

  /// One panel from the first `columns` of a transposed factor's rows; see that of `Singles`.
  private static func packTransposed(
    _ source: UnsafePointer<Float>, _ stride: Int, _ depth: Int, _ columns: Int, isLast: Bool,
    into panel: UnsafeMutablePointer<Float>
  ) {
    let width = ProductTile.columns
    // The last rows are fewer than eight, of at most 32 columns; on the stack, as their number is a constant.
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 8 * 32) { spare in
      let spare = spare.baseAddress.unsafelyUnwrapped
      for k in Swift.stride(from: 0, to: depth, by: 16) {
        let target = panel + k / 2 * width, isWhole = k + 16 <= depth
        for column in Swift.stride(from: 0, to: width, by: 8) {
          let rows = source + column * stride + k, count = columns - column
          if !isLast { for row in 0..<8 { cprocessor_prefetch(rows + (width + row) * stride) } }
          transposeEight(into: (isWhole ? target : spare) + column, width) { row in
            cprocessor_neighbour_pairs(row < count ? load(rows + row * stride, depth - k) : Vector())
          }
        }
        if !isWhole { target.update(from: spare, count: count(depth - k) * width) }
      }
    }
  }

  static func packTile(
    _ source: UnsafePointer<Float>, stride: Int, depth: Int, height: Int, into tile: UnsafeMutablePointer<Float>
  ) {
    @inline(__always) func half(_ k: Int) -> SIMD8<Float> {
      guard k < depth else { return SIMD8() }
      let row = source + k * stride
      if height == 8 { return SIMD8(at: row) }
      var half = SIMD8<Float>()
      for i in 0..<height { half[i] = row[i] }
      return half
    }
    for k in Swift.stride(from: 0, to: depth, by: 2) {
      let pairs = cprocessor_half_pairs(Vector(lowHalf: half(k), highHalf: half(k + 1)))
      store(pairs, to: tile + k / 2 * height, height)
    }
  }

  static func rows(
    _ source: UnsafePointer<Float>, stride: Int, count rows: Int, depth: Int,
    into memory: UnsafeMutablePointer<Float>, arePacked: Bool
  ) -> (start: UnsafePointer<Float>, stride: Int) {
    let length = count(depth)
    if !arePacked {
      for row in 0..<rows {
        for k in Swift.stride(from: 0, to: depth, by: 16) {
          let pairs = cprocessor_neighbour_pairs(load(source + row * stride + k, depth - k))
          store(pairs, to: memory + row * length + k / 2, length - k / 2)
        }
      }
    }
    return (UnsafePointer(memory), length)
  }

  /// The first `count` of sixteen elements; zeros stand for the others.
  @inline(__always)
  private static func load(_ source: UnsafePointer<Float>, _ count: Int) -> Vector {
    if count >= 16 { return Vector(at: source) }
    var values = Vector()
    for i in 0..<max(0, count) { values[i] = source[i] }
    return values
  }

  /// The first `count` of eight elements.
  @inline(__always)
  private static func store(_ pairs: SIMD8<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int) {
    if count >= 8 {
      pairs.store(to: target)
    } else {
      for i in 0..<count { target[i] = pairs[i] }
    }
  }
}

@inline(__always)
private func prefetch(_ row: UnsafePointer<Float>, _ columns: Int) {
  for line in stride(from: 0, to: columns, by: 16) { cprocessor_prefetch(row + line) }
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
  transposeEight(into: target, targetStride) { SIMD8(at: source + $0 * stride) }
}

/// The same for eight given rows.
@inline(__always)
private func transposeEight(
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

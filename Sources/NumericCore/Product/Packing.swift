internal import CProcessor

// Copies of parts of the factors in the order in which a product's inner loop reads them.

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
        let target = panels + (panel * panelDepth + k) * width
        for lane in Swift.stride(from: 0, to: width, by: 16) {
          SIMD16(at: row + (panel * width + lane)).store(to: target + lane)
        }
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

  static func packTiles(
    _ source: UnsafePointer<Float>, stride: Int, depth: Int, count: Int, into tiles: UnsafeMutablePointer<Float>,
    element: Int, tileDepth: Int
  ) {
    var column = 0
    if VectorWidth.isWide {
      // The tiles of some whole cache lines at a time: of one alone, each row would be another line to wait for.
      for lines in [4, 1] {
        while column + 16 * lines <= count {
          let first = tiles + (column * tileDepth + element * 8)
          for k in 0..<depth {
            let row = source + (k &* stride &+ column), target = first + k &* 8
            for line in 0..<lines { cprocessor_prefetch(row + (8 &* stride &+ 16 &* line)) }
            for line in 0..<lines {
              let values = SIMD16(at: row + 16 &* line)
              values.lowHalf.store(to: target + 16 &* line &* tileDepth)
              values.highHalf.store(to: target + (16 &* line &+ 8) &* tileDepth)
            }
          }
          column += 16 * lines
        }
      }
    }
    while column < count {
      let height = ProductTile.height(count - column)
      let tile = tiles + (column * tileDepth + element * height), start = source + column
      if height == 8 {
        for k in 0..<depth { SIMD8(at: start + k * stride).store(to: tile + k * 8) }
      } else {
        for k in 0..<depth { (tile + k * height).update(from: start + k * stride, count: height) }
      }
      column += height
    }
  }

  static func packRows(
    _ source: UnsafePointer<Float>, stride: Int, count: Int, depth: Int, into tiles: UnsafeMutablePointer<Float>
  ) {
    for row in Swift.stride(from: 0, to: count, by: 8) {
      transpose(
        source + row * stride, stride, rows: 8, columns: depth, into: tiles + row * depth, targetStride: 8)
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

  static func packTiles(
    _ source: UnsafePointer<Float>, stride: Int, depth: Int, count: Int, into tiles: UnsafeMutablePointer<Float>,
    element: Int, tileDepth: Int
  ) {
    var column = 0
    while column < count {
      let height = ProductTile.height(count - column)
      packTile(
        source + column, stride: stride, depth: depth, height: height,
        into: tiles + (column * tileDepth + element * height))
      column += height
    }
  }

  private static func packTile(
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

  static func packRows(
    _ source: UnsafePointer<Float>, stride: Int, count rows: Int, depth: Int, into tiles: UnsafeMutablePointer<Float>
  ) {
    // On the stack, as its size is a constant: that of eight elements of eight rows.
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 8 * 8) { spare in
      let spare = spare.baseAddress.unsafelyUnwrapped
      for row in Swift.stride(from: 0, to: rows, by: 8) {
        for k in Swift.stride(from: 0, to: depth, by: 16) {
          let target = tiles + (row * count(depth) + k / 2 * 8), isWhole = k + 16 <= depth
          transposeEight(into: isWhole ? target : spare, 8) {
            cprocessor_neighbour_pairs(load(source + ((row + $0) * stride + k), depth - k))
          }
          if !isWhole { target.update(from: spare, count: count(depth - k) * 8) }
        }
      }
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

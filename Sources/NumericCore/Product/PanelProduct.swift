/// A matrix product over packed panels (Goto and van de Geijn 2008): in single precision for the sizes at which it is
/// faster than OpenBLAS, which packs both factors at every call and works in other blocks, in bfloat16 for all.
///
/// The right factor goes into panels as wide as a register tile, one strip of columns and one block of its rows at a
/// time: a panel stays in the first cache while all rows of the left factor pass it, a strip of sums in the second
/// while all blocks are added to it. The left factor is read where it stands, or where it was rounded to, or it is
/// packed too. An element's sum runs over k in ascending order, in blocks that depend on the length of that sum alone:
/// its bits do not depend on how many rows or columns there are, nor on the way that is chosen for them.
enum PanelProduct {
  /// The most elements of a column in a panel, 16 kB of sixteen columns: a panel stays in a first cache.
  private static let longest = 256
  /// Columns of the right factor that are packed at a time.
  private static let strip = 128
  /// Rows of the left factor that pass a strip together: what they read fits a second cache.
  private static let rows = 192
  /// Elements of a right factor that it pays to keep packed.
  private static let mostPacked = 1 << 17
  /// The most rows of a left factor that pass a large right factor at once.
  private static let fewRows = 256

  /// Whether this processor and this number of threads are for it, in a build that is optimized. OpenBLAS has all
  /// products otherwise.
  static var isUsed: Bool {
    #if DEBUG
      false
    #else
      VectorWidth.hasMultiplyAdd && BLAS.threads == 1
    #endif
  }

  /// Whether it is faster than OpenBLAS for a product of these factors, as measured: packing pays where many rows use
  /// it and few of a panel's columns are zeros, not for a left factor that would have to be packed too, and not for a
  /// right factor of more than half a megabyte. OpenBLAS does not pack small factors on a wide processor either.
  static func suits(_ a: Matrix<Float>, _ b: Matrix<Float>) -> Bool {
    isUsed && !a.isTransposed && a.rows >= 64 && a.columns >= 8 && fillsPanels(b.columns)
      && a.columns * b.columns <= mostPacked
      && (!VectorWidth.isWide || b.isTransposed || a.rows * a.columns * b.columns > 1_000_000)
  }

  /// Whether `multiplyByRows` is faster than OpenBLAS, as measured: for few rows by large weights, where a copy of the
  /// weights costs as much as some rows of the product.
  static func suitsRows(_ a: Matrix<Float>, _ b: Matrix<Float>) -> Bool {
    isUsed && !a.isTransposed && b.isTransposed && a.rows <= fewRows && fillsPanels(a.rows)
      && a.columns * b.columns > mostPacked && a.columns >= 64 && b.columns >= 64
  }

  /// Whether `multiplyByTiles` is faster than OpenBLAS, as measured: for few rows by a large factor too.
  static func suitsTiles(_ a: Matrix<Float>, _ b: Matrix<Float>) -> Bool {
    isUsed && !a.isTransposed && prefersTiles(b) && 16 <= a.rows && a.rows <= fewRows && a.columns >= 64
      && b.columns >= 64
  }

  /// Whether `multiplyByRows` is the better way for a transposed right factor that OpenBLAS is not to have: for few
  /// rows, or more of a factor that is large.
  private static func prefersRows(_ a: Matrix<Float>, _ b: Matrix<Float>) -> Bool {
    b.isTransposed && (a.rows < 64 || a.rows <= fewRows && a.columns * b.columns > mostPacked)
  }

  /// The same for `multiplyByTiles` and one that is not transposed: for a large one.
  private static func prefersTiles(_ b: Matrix<Float>) -> Bool {
    VectorWidth.isWide && !b.isTransposed && b.rows * b.columns > mostPacked
  }

  /// Whether at most an eighth of what the panels of so many columns hold is zeros.
  static func fillsPanels(_ columns: Int) -> Bool {
    columns >= 8 && (padded(columns) - columns) * 8 <= padded(columns)
  }

  /// The elements of the first block, and of all others but perhaps the last, of a sum of `depth` elements.
  static func blockDepth(_ depth: Int) -> Int {
    let blocks = max(1, (depth + longest - 1) / longest)
    return ((depth + blocks - 1) / blocks + 7) / 8 * 8
  }

  /// `c = a · b`, or `c += a · b` where `adding`, for an `a` that is not transposed.
  static func multiply<Format: ProductFormat>(
    _ a: Matrix<Float>, _ b: Matrix<Float>, into c: Matrix<Float>, adding: Bool, as format: Format.Type
  ) {
    guard let left = a.base, let right = b.base, let sums = c.base else { return }
    let strip = min(Self.strip, padded(b.columns)), length = format.count(a.columns)
    let panelCount = strip * length, partialCount = (Self.rows + 8) * strip
    ProductMemory.with(panelCount + partialCount + format.rowMemory(a.rows * length)) { memory in
      let (panels, partial, packed) = (memory, memory + panelCount, memory + panelCount + partialCount)
      for column in stride(from: 0, to: b.columns, by: strip) {
        let columns = min(strip, b.columns - column)
        forEachRange(ofRows: a.rows) { rows in
          forEachBlock(a.columns, format) { start, terms, element in
            let block = panels + element * strip, depth = format.count(terms)
            if rows.lowerBound == 0 {
              format.packPanels(
                right + (b.isTransposed ? column * b.stride + start : start * b.stride + column), stride: b.stride,
                isTransposed: b.isTransposed, depth: terms, columns: columns, into: block, panelDepth: depth)
            }
            let own = format.rows(
              left + rows.lowerBound * a.stride + start, stride: a.stride, count: rows.count, depth: terms,
              into: packed + rows.lowerBound * length + rows.count * element, arePacked: column > 0)
            // Sums that are not complete stay together in the cache, however far apart the rows of c are.
            let target = sums + rows.lowerBound * c.stride + column, isLast = start + terms == a.columns
            multiply(
              own.start, rowStride: own.stride, rows, of: a.rows, block, depth: depth, columns: columns,
              addend: start > 0 ? UnsafePointer(partial) : adding ? UnsafePointer(target) : nil,
              addendStride: start > 0 ? strip : c.stride, into: isLast ? target : partial,
              sumStride: isLast ? c.stride : strip, as: format)
          }
        }
      }
    }
  }

  /// `c = a · b` for a right factor that is the transpose of stored rows, such as a layer's weights: cᵀ = bᵀ · aᵀ,
  /// where those rows are the left factor, read where they stand, and the few rows of `a` are packed.
  static func multiplyByRows<Format: ProductFormat>(
    _ a: Matrix<Float>, _ b: Matrix<Float>, into c: Matrix<Float>, as format: Format.Type
  ) {
    guard let left = b.base, let right = a.base, let sums = c.base else { return }
    let columns = a.rows, stride = padded(columns)
    let panelCount = stride * format.count(a.columns), partialCount = (Self.rows + 8) * stride
    ProductMemory.with(panelCount + partialCount + format.rowMemory(blockMemory)) { memory in
      let (panels, partial, packed) = (memory, memory + panelCount, memory + panelCount + partialCount)
      forEachBlock(a.columns, format) { start, terms, element in
        format.packPanels(
          right + start, stride: a.stride, isTransposed: true, depth: terms, columns: columns,
          into: panels + element * stride, panelDepth: format.count(terms))
      }
      forEachRange(ofRows: b.columns) { rows in
        forEachBlock(a.columns, format) { start, terms, element in
          let own = format.rows(
            left + rows.lowerBound * b.stride + start, stride: b.stride, count: rows.count, depth: terms, into: packed,
            arePacked: false)
          multiply(
            own.start, rowStride: own.stride, rows, of: b.columns, panels + element * stride,
            depth: format.count(terms), columns: columns, addend: start > 0 ? UnsafePointer(partial) : nil,
            addendStride: stride, into: partial, sumStride: stride, as: format)
        }
        transpose(
          partial, stride, rows: rows.count, columns: columns, into: sums + rows.lowerBound, targetStride: c.stride)
      }
    }
  }

  /// `c = a · b`, or `c += a · b`, for factors that are not transposed, the right one so large that no part of it stays
  /// in a cache: it goes panel by panel past some rows of the left one, which are packed, and is packed anew for the
  /// next.
  static func multiplyByTiles<Format: ProductFormat>(
    _ a: Matrix<Float>, _ b: Matrix<Float>, into c: Matrix<Float>, adding: Bool, as format: Format.Type
  ) {
    guard let left = a.base, let right = b.base, let sums = c.base else { return }
    let width = ProductTile.columns, strip = min(512, padded(b.columns)), most = min(fewRows, (a.rows + 7) / 8 * 8)
    let panelCount = width * longest, partialCount = most * strip, tileCount = most * format.count(a.columns)
    ProductMemory.with(panelCount + partialCount + tileCount + format.rowMemory(8 * longest)) { panel in
      let partial = panel + panelCount, tiles = partial + partialCount, packed = tiles + tileCount
      for first in stride(from: 0, to: a.rows, by: most) {
        let rows = min(most, a.rows - first), whole = rows / 8 * 8
        let left = left + first * a.stride, sums = sums + first * c.stride
        forEachBlock(a.columns, format) { start, terms, element in
          format.packRows(left + start, stride: a.stride, count: whole, depth: terms, into: tiles + element * most)
        }
        for column in stride(from: 0, to: b.columns, by: strip) {
          forEachBlock(a.columns, format) { start, terms, element in
            let depth = format.count(terms), isLast = start + terms == a.columns
            for panelStart in stride(from: column, to: min(column + strip, b.columns), by: width) {
              let count = min(width, b.columns - panelStart)
              format.packPanels(
                right + (start * b.stride + panelStart), stride: b.stride, isTransposed: false, depth: terms,
                columns: count, into: panel, panelDepth: depth)
              var row = 0
              while row < rows {
                let height = ProductTile.height(rows - row), isPacked = row < whole
                let own =
                  isPacked
                  ? (start: UnsafePointer(tiles + (element * most + row * depth)), stride: 0)
                  : format.rows(
                    left + (row * a.stride + start), stride: a.stride, count: height, depth: terms, into: packed,
                    arePacked: false)
                // Sums that are not complete stay together, tile by tile.
                let target = sums + (row * c.stride + panelStart)
                let tile = partial + (row * strip + (panelStart - column) * height)
                ProductTile.multiply(
                  height: height, own.start, rowStride: isPacked ? nil : own.stride, panel, depth: depth,
                  addends: start > 0
                    ? TileAddends(tile, stride: width) : TileAddends(adding ? target : nil, stride: c.stride),
                  into: isLast ? target : tile, sumStride: isLast ? c.stride : width, count: count, as: format)
                row += height
              }
            }
          }
        }
      }
    }
  }

  /// `c = a · b` by the best of the three ways, which have the same bits.
  static func multiplyRows<Format: ProductFormat>(
    _ a: Matrix<Float>, _ b: Matrix<Float>, into c: Matrix<Float>, as format: Format.Type
  ) {
    if prefersRows(a, b) {
      multiplyByRows(a, b, into: c, as: format)
    } else if prefersTiles(b) {
      multiplyByTiles(a, b, into: c, adding: false, as: format)
    } else {
      multiply(a, b, into: c, adding: false, as: format)
    }
  }

  /// `c = a · b`, or `c += a · b`, with a right factor that is packed already and an `a` that is not transposed.
  static func multiply<Format: ProductFormat>(
    _ a: Matrix<Float>, panels: BufferView<Float>, into c: Matrix<Float>, adding: Bool, as format: Format.Type
  ) {
    guard let left = a.base, let sums = c.base, let panels = panels.baseAddress else { return }
    ProductMemory.with(format.rowMemory(blockMemory)) { packed in
      forEachRange(ofRows: a.rows) { rows in
        let target = sums + rows.lowerBound * c.stride
        forEachBlock(a.columns, format) { start, terms, element in
          let own = format.rows(
            left + rows.lowerBound * a.stride + start, stride: a.stride, count: rows.count, depth: terms, into: packed,
            arePacked: false)
          multiply(
            own.start, rowStride: own.stride, rows, of: a.rows, panels + element * padded(c.columns),
            depth: format.count(terms), columns: c.columns,
            addend: adding || start > 0 ? UnsafePointer(target) : nil, addendStride: c.stride,
            into: target, sumStride: c.stride, as: format)
        }
      }
    }
  }

  /// Packs a whole right factor, block by block.
  static func pack<Format: ProductFormat>(_ b: Matrix<Float>, into panels: BufferView<Float>, as format: Format.Type) {
    guard let source = b.base, let panels = panels.baseAddress else { return }
    forEachBlock(b.rows, format) { start, terms, element in
      format.packPanels(
        source + start * (b.isTransposed ? 1 : b.stride), stride: b.stride, isTransposed: b.isTransposed, depth: terms,
        columns: b.columns, into: panels + element * padded(b.columns), panelDepth: format.count(terms))
    }
  }

  /// Elements that a right factor's panels take at most.
  static func panelCount(rows: Int, columns: Int) -> Int { rows * padded(columns) }

  static func padded(_ columns: Int) -> Int {
    (columns + ProductTile.columns - 1) / ProductTile.columns * ProductTile.columns
  }

  /// Elements of the largest block of rows of a left factor.
  private static var blockMemory: Int { (rows + 8) * longest }

  /// - Parameter depth: terms of the sums; `body` is given the first of a block, how many it has, and the element that
  ///   the first is in.
  @inline(__always)
  static func forEachBlock<Format: ProductFormat>(
    _ depth: Int, _ format: Format.Type, _ body: (_ start: Int, _ terms: Int, _ element: Int) -> Void
  ) {
    let elements = format.count(depth), block = blockDepth(elements)
    var element = 0
    while element < elements {
      let start = element * format.terms
      body(start, min(block * format.terms, depth - start), element)
      element += block
    }
  }

  /// Ranges of rows that are whole tiles.
  @inline(__always)
  private static func forEachRange(ofRows count: Int, _ body: (Range<Int>) -> Void) {
    var start = 0
    while start < count {
      var end = start
      while end < min(start + Self.rows, count) { end += ProductTile.height(count - end) }
      body(start..<end)
      start = end
    }
  }

  /// Some rows of a block of the left factor by one block of panels.
  ///
  /// - Parameters:
  ///   - left: begins with the first of the rows, as `addend` and `sums` do.
  ///   - rowStride: elements between rows of the left factor.
  ///   - rows: whole tiles of the `total` rows of the left factor.
  private static func multiply<Format: ProductFormat>(
    _ left: UnsafePointer<Float>, rowStride: Int, _ rows: Range<Int>, of total: Int, _ panels: UnsafePointer<Float>,
    depth: Int, columns: Int, addend: UnsafePointer<Float>?, addendStride: Int, into sums: UnsafeMutablePointer<Float>,
    sumStride: Int, as format: Format.Type
  ) {
    for column in stride(from: 0, to: columns, by: ProductTile.columns) {
      var row = 0
      while row < rows.count {
        let height = ProductTile.height(total - rows.lowerBound - row)
        ProductTile.multiply(
          height: height, left + row * rowStride, rowStride: rowStride, panels + column * depth, depth: depth,
          addends: TileAddends(addend.map { $0 + (row * addendStride + column) }, stride: addendStride),
          into: sums + (row * sumStride + column), sumStride: sumStride,
          count: min(ProductTile.columns, columns - column), as: format)
        row += height
      }
    }
  }
}

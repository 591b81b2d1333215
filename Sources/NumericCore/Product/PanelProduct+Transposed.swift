// Products whose left factor is the transpose of stored rows, such as the gradients of a layer's outputs.

extension PanelProduct {
  /// Rows of the result whose tiles are packed at a time: whole tiles, and half a megabyte of 256 terms.
  private static let tileRows = 504

  /// Whether `multiplyTransposed` is faster than OpenBLAS, as measured.
  static func suitsTransposed(_ a: Matrix<Float>, _ b: Matrix<Float>) -> Bool {
    isUsed && VectorWidth.isWide && a.isTransposed && !b.isTransposed && a.columns >= 16 && a.rows >= 8
      && (fillsPanels(b.columns) || isNarrow(a, b)) && a.rows * a.columns * b.columns > 250_000
  }

  /// Whether the right factor is so much the narrower that it had better be the left one: the left one takes longer to
  /// pack, and need not fill whole panels.
  private static func isNarrow(_ a: Matrix<Float>, _ b: Matrix<Float>) -> Bool {
    8 <= b.columns && b.columns < 64 && b.columns % ProductTile.columns != 0 && fillsPanels(a.rows)
      && a.rows >= 4 * b.columns
  }

  /// `c = a · b`, or `c += a · b` where `adding`, for an `a` that is transposed.
  static func multiplyTransposed<Format: ProductFormat>(
    _ a: Matrix<Float>, _ b: Matrix<Float>, into c: Matrix<Float>, adding: Bool, as format: Format.Type
  ) {
    guard let left = a.base, let right = b.base, let sums = c.base else { return }
    guard isNarrow(a, b) else {
      return multiplyTransposed(
        left, a.stride, a.rows, right, b.stride, b.columns, depth: a.columns, into: sums, c.stride, adding: adding,
        as: format)
    }
    ProductMemory.with(a.rows * b.columns) { exchanged in
      if adding {
        transpose(sums, c.stride, rows: a.rows, columns: b.columns, into: exchanged, targetStride: a.rows)
      }
      multiplyTransposed(
        right, b.stride, b.columns, left, a.stride, a.rows, depth: a.columns, into: exchanged, a.rows, adding: adding,
        as: format)
      transpose(exchanged, a.rows, rows: b.columns, columns: a.rows, into: sums, targetStride: c.stride)
    }
  }

  /// sums [count, columns] = leftᵀ · right, or added to it, of factors [depth, count] and [depth, columns].
  private static func multiplyTransposed<Format: ProductFormat>(
    _ left: UnsafePointer<Float>, _ leftStride: Int, _ count: Int, _ right: UnsafePointer<Float>, _ rightStride: Int,
    _ columns: Int, depth: Int, into sums: UnsafeMutablePointer<Float>, _ sumStride: Int, adding: Bool,
    as format: Format.Type
  ) {
    forEachBlock(depth, format) { start, terms, _ in
      let depth = format.count(terms)
      forEachTile(
        left + start * leftStride, leftStride, count: count, right + start * rightStride, rightStride,
        columns: columns, depth: depth, parts: { $0(0, terms, 0) }, as: format
      ) { height, tile, panel, columns, row, column, _ in
        let target = sums + (row * sumStride + column)
        ProductTile.multiply(
          height: height, tile, rowStride: nil, panel, depth: depth,
          addends: TileAddends(target, stride: sumStride, count: adding || start > 0 ? 1 : 0), into: target,
          sumStride: sumStride, count: columns, as: format)
      }
    }
  }

  /// Calls `body` for each tile of a product leftᵀ · right, with both factors packed: they are then read from front to
  /// back.
  ///
  /// - Parameters:
  ///   - left: [terms, count] in rows `leftStride` apart; `right` [terms, columns] likewise.
  ///   - depth: elements of all terms.
  ///   - parts: calls its argument for some rows after the other: the first row, how many there are, and the first's
  ///     element.
  ///   - spare: elements of memory for `body`.
  @inline(__always)
  static func forEachTile<Format: ProductFormat>(
    _ left: UnsafePointer<Float>, _ leftStride: Int, count: Int, _ right: UnsafePointer<Float>, _ rightStride: Int,
    columns: Int, depth: Int, parts: ((_ start: Int, _ terms: Int, _ element: Int) -> Void) -> Void, spare: Int = 0,
    as format: Format.Type,
    _ body: (
      _ height: Int, _ tile: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, _ columns: Int, _ row: Int,
      _ column: Int, _ spare: UnsafeMutablePointer<Float>
    ) -> Void
  ) {
    let width = ProductTile.columns, most = min(tileRows, count)
    // Of a result that no cache holds, longer pieces of rows are written one after the other.
    let strip = count * columns > 1 << 22 ? 4 * width : width
    ProductMemory.with((strip + most) * depth + spare) { panels in
      let tiles = panels + strip * depth
      for first in stride(from: 0, to: count, by: most) {
        let rows = min(most, count - first)
        parts { start, terms, element in
          format.packTiles(
            left + (start * leftStride + first), stride: leftStride, depth: terms, count: rows, into: tiles,
            element: element, tileDepth: depth)
        }
        for column in stride(from: 0, to: columns, by: strip) {
          let end = min(column + strip, columns)
          parts { start, terms, element in
            format.packPanels(
              right + (start * rightStride + column), stride: rightStride, isTransposed: false, depth: terms,
              columns: end - column, into: panels + element * width, panelDepth: depth)
          }
          var row = 0
          while row < rows {
            let height = ProductTile.height(rows - row)
            for panel in stride(from: column, to: end, by: width) {
              body(
                height, tiles + row * depth, panels + (panel - column) * depth, min(width, end - panel), first + row,
                panel, tiles + most * depth)
            }
            row += height
          }
        }
      }
    }
  }
}

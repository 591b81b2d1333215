internal import CProcessor

/// In which order the micro-batches of neighbouring shards are added up: some subtrees of the tree over all shards.
///
/// A sum over shards is made as on a stack: each shard's part goes on top, and then the two uppermost are added as
/// often as `merges` says, the upper to the lower. What is left in the end are the sums of the subtrees, from the first
/// on.
public struct ShardOrder: Sendable, Equatable {
  /// For each shard, how many subtrees of two parts are complete with it.
  public let merges: [Int]
  /// For each shard, the place in `merges` of the first shard of the largest subtree that it is in.
  public let roots: [Int]
  /// The most parts that are on the stack at once.
  let depth: Int

  /// - Precondition: no more is merged than there is.
  public init(merges: [Int]) {
    var stack: [Int] = [], roots: [Int] = []
    var depth = 0
    for (shard, count) in merges.enumerated() {
      stack.append(shard)
      depth = max(depth, stack.count)
      precondition(count < stack.count, "\(count) sums of \(stack.count) parts")
      stack.removeLast(count)
    }
    for (place, root) in stack.enumerated() {
      let end = place + 1 < stack.count ? stack[place + 1] : merges.count
      roots += [Int](repeating: root, count: end - root)
    }
    (self.merges, self.roots, self.depth) = (merges, roots, depth)
  }

  /// Whether the largest subtree that a shard is in ends with it.
  func completesRoot(_ shard: Int) -> Bool { shard + 1 == roots.count || roots[shard + 1] == shard + 1 }
}

/// Products over the rows of several shards together, with the bits of each shard's product by itself.
public enum ShardProducts {
  /// Whether they are at hand: in bfloat16, or with multiply-adds and one thread a rank, and else not.
  public static func areUsed(_ precision: ProductPrecision) -> Bool { precision == .bfloat16 || PanelProduct.isUsed }
}

/// The products of two factors over the rows of each shard, added up over the shards: for the subtree with the root r
///
///     c_r = Σ_s a_sᵀ · b_s, in the tree's order
///
/// with the bits that each shard's product and their sums would have one by one, on as few passes over memory as one
/// product takes: a tile of all shards' products is summed while it is in the first cache.
///
/// - Shapes: `a` [Σ n_s, m] and `b` [Σ n_s, n], not transposed, the rows of the shards one behind the other; `c(r)`
///   [m, n], not transposed, for each root, overwritten.
/// - Parameter rows: n_s of each shard; 0 gives zeros.
public func multiplyShards<S: Scalar>(
  _ a: Matrix<S>, _ b: Matrix<S>, rows: BufferView<Int>, order: ShardOrder, precision: ProductPrecision = .float32,
  into c: (_ root: Int) -> Matrix<S>
) {
  precondition(
    !a.isTransposed && !b.isTransposed && a.rows == b.rows && rows.count == order.merges.count
      && rows.reduce(0, +) == a.rows,
    "[\(a.rows), \(a.columns)]ᵀ · [\(b.rows), \(b.columns)] of \(rows.count) shards")
  S.multiplyShards(a, b, rows, order, precision, c)
}

extension Double {
  /// Element by element: no network is trained in double precision.
  public static func multiplyShards(
    _ a: Matrix<Double>, _ b: Matrix<Double>, _ rows: BufferView<Int>, _ order: ShardOrder,
    _ precision: ProductPrecision, _ c: (_ root: Int) -> Matrix<Double>
  ) {
    guard let left = a.base, let right = b.base else { return }
    for i in 0..<a.columns {
      for j in 0..<b.columns {
        var stack: [(root: Int, sum: Double)] = []
        var row = 0
        for (shard, count) in rows.enumerated() {
          var sum = 0.0
          for k in row..<row + count { sum += left[k * a.stride + i] * right[k * b.stride + j] }
          stack.append((shard, sum))
          for _ in 0..<order.merges[shard] {
            let last = stack.removeLast().sum
            stack[stack.count - 1].sum += last
          }
          row += count
        }
        for (root, sum) in stack {
          let target = c(root)
          target.base?[i * target.stride + j] = sum
        }
      }
    }
  }
}

extension Float {
  public static func multiplyShards(
    _ a: Matrix<Float>, _ b: Matrix<Float>, _ rows: BufferView<Int>, _ order: ShardOrder,
    _ precision: ProductPrecision, _ c: (_ root: Int) -> Matrix<Float>
  ) {
    switch precision {
    case .float32: PanelProduct.multiplyShards(a, b, rows, order, c, as: Singles.self)
    case .bfloat16: PanelProduct.multiplyShards(a, b, rows, order, c, as: Pairs.self)
    }
  }
}

extension PanelProduct {
  /// Columns of the right factor that are packed at a time.
  private static let shardStrip = 128
  /// The most rows of both factors that are packed at a time: strips and tiles of more leave the second cache.
  private static let longestSum = 1024

  /// Whether `multiplyTransposed` is faster than OpenBLAS, as measured.
  static func suitsTransposed(_ a: Matrix<Float>, _ b: Matrix<Float>) -> Bool {
    isUsed && VectorWidth.isWide && a.isTransposed && !b.isTransposed && a.columns >= 16 && a.rows >= 8
      && fillsPanels(b.columns) && a.rows * a.columns * b.columns > 250_000
  }

  /// `c = a · b`, or `c += a · b` where `adding`, for an `a` that is the transpose of stored rows, such as the
  /// gradients of a layer's outputs.
  static func multiplyTransposed<Format: ProductFormat>(
    _ a: Matrix<Float>, _ b: Matrix<Float>, into c: Matrix<Float>, adding: Bool, as format: Format.Type
  ) {
    guard let left = a.base, let right = b.base, let sums = c.base else { return }
    let depth = a.columns, blocks = (depth + longestSum - 1) / longestSum
    for block in 0..<blocks {
      let start = depth * block / blocks, terms = depth * (block + 1) / blocks - start
      let addends = adding || block > 0 ? 1 : 0
      forEachTile(
        left + start * a.stride, a.stride, count: a.rows, right + start * b.stride, b.stride, columns: b.columns,
        depth: format.count(terms), parts: { $0(0, terms, 0) }, as: format
      ) { height, tile, panel, columns, row, column, _ in
        let target = sums + (row * c.stride + column)
        ProductTile.multiply(
          height: height, tile, rowStride: nil, panel, depth: format.count(terms),
          addends: TileAddends(target, stride: c.stride, count: addends), into: target, sumStride: c.stride,
          count: columns, as: format)
      }
    }
  }

  /// `c_r = Σ_s a_sᵀ · b_s`; see `multiplyShards` of matrices.
  static func multiplyShards<Format: ProductFormat>(
    _ a: Matrix<Float>, _ b: Matrix<Float>, _ rows: BufferView<Int>, _ order: ShardOrder,
    _ c: (_ root: Int) -> Matrix<Float>, as format: Format.Type
  ) {
    guard let left = a.base, let right = b.base else {
      for shard in order.roots.indices where order.roots[shard] == shard { c(shard).zero() }
      return
    }
    withUnsafeTemporaryAllocation(of: Matrix<Float>.self, capacity: rows.count) { targets in
      for shard in rows.indices { targets.initializeElement(at: shard, to: c(order.roots[shard])) }
      forEachTile(
        left, a.stride, count: a.columns, right, b.stride, columns: b.columns,
        depth: rows.reduce(0) { $0 + format.count($1) }, parts: { forEachPart(rows, format, $0) },
        spare: order.depth * ProductTile.mostElements, as: format
      ) { height, tile, panel, columns, row, column, memory in
        TileStack<Format>(memory: memory, rows: rows, order: order, targets: targets)
          .sum(height: height, tile, panel, count: columns, row: row, column: column)
      }
    }
  }

  /// Calls `body` for the rows of the shards, whose terms share no element: the first row, how many there are, and the
  /// first's element.
  @inline(__always)
  private static func forEachPart<Format: ProductFormat>(
    _ rows: BufferView<Int>, _ format: Format.Type, _ body: (_ start: Int, _ terms: Int, _ element: Int) -> Void
  ) {
    // One behind the other they are a single part, whose rows are fetched ahead to the end.
    if format.terms == 1 { return body(0, rows.reduce(0, +), 0) }
    var start = 0, element = 0
    for terms in rows {
      body(start, terms, element)
      start += terms
      element += format.count(terms)
    }
  }

  /// Calls `body` for each tile of a product leftᵀ · right, with both factors packed: they are then read from front to
  /// back.
  ///
  /// - Parameters:
  ///   - left: [terms, count] in rows `leftStride` apart; `right` [terms, columns] likewise.
  ///   - depth: elements of all terms.
  ///   - parts: calls its argument for some rows after the other; see `forEachPart`.
  ///   - spare: elements of memory for `body`.
  @inline(__always)
  private static func forEachTile<Format: ProductFormat>(
    _ left: UnsafePointer<Float>, _ leftStride: Int, count: Int, _ right: UnsafePointer<Float>, _ rightStride: Int,
    columns: Int, depth: Int, parts: ((_ start: Int, _ terms: Int, _ element: Int) -> Void) -> Void, spare: Int = 0,
    as format: Format.Type,
    _ body: (
      _ height: Int, _ tile: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, _ columns: Int, _ row: Int,
      _ column: Int, _ spare: UnsafeMutablePointer<Float>
    ) -> Void
  ) {
    let strip = min(shardStrip, padded(columns)), width = ProductTile.columns
    ProductMemory.with(count * depth + strip * depth + spare) { memory in
      let (tiles, panels) = (memory, memory + count * depth)
      var column = 0
      while column < count {
        let height = ProductTile.height(count - column), tile = tiles + column * depth
        parts { start, terms, element in
          format.packTile(
            left + (start * leftStride + column), stride: leftStride, depth: terms, height: height,
            into: tile + element * height)
        }
        column += height
      }
      for first in stride(from: 0, to: columns, by: strip) {
        let end = min(first + strip, columns)
        parts { start, terms, element in
          format.packPanels(
            right + (start * rightStride + first), stride: rightStride, isTransposed: false, depth: terms,
            columns: end - first, into: panels + element * width, panelDepth: depth)
        }
        var row = 0
        while row < count {
          let height = ProductTile.height(count - row)
          for column in stride(from: first, to: end, by: width) {
            body(
              height, tiles + row * depth, panels + (column - first) * depth, min(width, end - column), row, column,
              panels + strip * depth)
          }
          row += height
        }
      }
    }
  }
}

/// The sums of one tile over the shards, those that are not complete in a stack of tiles.
private struct TileStack<Format: ProductFormat> {
  let memory: UnsafeMutablePointer<Float>
  let rows: BufferView<Int>
  let order: ShardOrder
  /// For each shard, where the sum of its subtree goes.
  let targets: UnsafeMutableBufferPointer<Matrix<Float>>

  /// - Parameters:
  ///   - left: a packed tile of the left factor over the rows of all shards.
  ///   - panel: one of the right factor.
  ///   - count: columns of it that are no padding.
  ///   - row: of the results, where the tile begins; `column` likewise.
  func sum(
    height: Int, _ left: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, count: Int, row: Int, column: Int
  ) {
    let width = ProductTile.columns
    var start = 0, parts = 0
    for (shard, terms) in rows.enumerated() {
      let merges = order.merges[shard]
      // Where the largest sum goes that this shard completes: its own part, where it completes none.
      let depth = Format.count(terms)
      var sums = tile(parts - merges), sumStride = width
      if order.completesRoot(shard) {
        let target = targets[shard]
        guard let base = target.base else { return }
        (sums, sumStride) = (base + (row * target.stride + column), target.stride)
      }
      ProductTile.multiply(
        height: height, left + start * height, rowStride: nil, panel + start * width, depth: depth,
        addends: TileAddends(tile(parts - 1), stride: width, count: merges), into: sums, sumStride: sumStride,
        count: count, as: Format.self)
      parts = order.completesRoot(shard) ? 0 : parts - merges + 1
      start += depth
    }
  }

  private func tile(_ place: Int) -> UnsafeMutablePointer<Float> { memory + place * ProductTile.mostElements }
}

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

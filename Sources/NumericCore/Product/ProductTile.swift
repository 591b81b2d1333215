internal import CProcessor

/// The tile of a matrix product that stays in registers: some rows by one panel of columns.
///
/// Eight rows by 32 columns in the 32 registers of sixteen floats of a wide processor, six by sixteen in the sixteen
/// registers of eight of others: in both cases enough sums in flight for two multiply-adds a cycle, with registers left
/// for a panel's row, an element of the left factor, and the places of all rows.
enum ProductTile {
  /// The columns of a panel.
  @inline(__always)
  static var columns: Int { VectorWidth.isWide ? 32 : 16 }

  /// How many of the `left` rows that remain go into the next tile. What a row's sums are does not depend on it.
  @inline(__always)
  static func height(_ left: Int) -> Int {
    let most = VectorWidth.isWide ? 8 : 6
    if left >= most && (VectorWidth.isWide || left != 8) { return most }
    return left >= 4 ? 4 : left >= 2 ? 2 : 1
  }

  /// Sums of `height` rows by the first `count` columns of a panel.
  ///
  /// - Parameters:
  ///   - left: of the left factor; element (i, k) is at `left[i · rowStride + k]`.
  ///   - panel: of the right factor [depth, columns], zeros behind the last of its columns.
  ///   - addend: what they are added to, in rows like those of `sums` or others; nil for zeros.
  ///   - sums: where they go, rows `sumStride` apart; only the first `count` columns are touched.
  @inline(__always)
  static func multiply(
    height: Int, _ left: UnsafePointer<Float>, rowStride: Int, _ panel: UnsafePointer<Float>, depth: Int,
    addend: UnsafePointer<Float>?, addendStride: Int, into sums: UnsafeMutablePointer<Float>, sumStride: Int, count: Int
  ) {
    if count == columns {
      multiply(height, left, rowStride, panel, depth, addend, addendStride, sums, sumStride, registers: columns / 16)
    } else {
      multiplyNarrow(height, left, rowStride, panel, depth, addend, addendStride, sums, sumStride, count)
    }
  }

  /// A tile that is narrower than its panel: computed beside the sums, so that the code for whole tiles, which has its
  /// sums in registers to the end, has no columns to leave out.
  @inline(never)
  private static func multiplyNarrow(
    _ height: Int, _ left: UnsafePointer<Float>, _ rowStride: Int, _ panel: UnsafePointer<Float>, _ depth: Int,
    _ addend: UnsafePointer<Float>?, _ addendStride: Int, _ sums: UnsafeMutablePointer<Float>, _ sumStride: Int,
    _ count: Int
  ) {
    withUnsafeTemporaryAllocation(byteCount: 8 * columns * MemoryLayout<Float>.stride, alignment: 64) { memory in
      let tile = memory.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self)
      multiply(height, left, rowStride, panel, depth, nil, 0, tile, columns, registers: (count + 15) / 16)
      for r in 0..<height {
        let row = sums + r * sumStride, result = tile + r * columns
        if let other = addend.map({ $0 + r * addendStride }) {
          for j in 0..<count { row[j] = other[j] + result[j] }
        } else {
          row.update(from: result, count: count)
        }
      }
    }
  }

  /// - Parameter registers: of sixteen columns, that are computed: one or two.
  @inline(__always)
  private static func multiply(
    _ height: Int, _ left: UnsafePointer<Float>, _ rowStride: Int, _ panel: UnsafePointer<Float>, _ depth: Int,
    _ addend: UnsafePointer<Float>?, _ addendStride: Int, _ sums: UnsafeMutablePointer<Float>, _ sumStride: Int,
    registers: Int
  ) {
    switch (height, registers) {
    case (8, 2): Rows<8>.multiplyPairs(left, rowStride, panel, depth, addend, addendStride, sums, sumStride)
    case (4, 2): Rows<4>.multiplyPairs(left, rowStride, panel, depth, addend, addendStride, sums, sumStride)
    case (2, 2): Rows<2>.multiplyPairs(left, rowStride, panel, depth, addend, addendStride, sums, sumStride)
    case (1, 2): Rows<1>.multiplyPairs(left, rowStride, panel, depth, addend, addendStride, sums, sumStride)
    case (8, _): Rows<8>.multiply(left, rowStride, panel, depth, addend, addendStride, sums, sumStride)
    case (6, _): Rows<6>.multiply(left, rowStride, panel, depth, addend, addendStride, sums, sumStride)
    case (4, _): Rows<4>.multiply(left, rowStride, panel, depth, addend, addendStride, sums, sumStride)
    case (2, _): Rows<2>.multiply(left, rowStride, panel, depth, addend, addendStride, sums, sumStride)
    default: Rows<1>.multiply(left, rowStride, panel, depth, addend, addendStride, sums, sumStride)
    }
  }

  /// A tile of a height that the compiler knows, so that its loops over rows become straight code over registers.
  private enum Rows<let height: Int> {
    typealias Vector = SIMD16<Float>

    @inline(never)
    static func multiply(
      _ left: UnsafePointer<Float>, _ rowStride: Int, _ panel: UnsafePointer<Float>, _ depth: Int,
      _ addend: UnsafePointer<Float>?, _ addendStride: Int, _ sums: UnsafeMutablePointer<Float>, _ sumStride: Int
    ) {
      multiply(left, rowStride, panel, depth, addend, addendStride, sums, sumStride, isPair: false)
    }

    @inline(never)
    static func multiplyPairs(
      _ left: UnsafePointer<Float>, _ rowStride: Int, _ panel: UnsafePointer<Float>, _ depth: Int,
      _ addend: UnsafePointer<Float>?, _ addendStride: Int, _ sums: UnsafeMutablePointer<Float>, _ sumStride: Int
    ) {
      multiply(left, rowStride, panel, depth, addend, addendStride, sums, sumStride, isPair: true)
    }

    @inline(__always)
    private static func multiply(
      _ left: UnsafePointer<Float>, _ rowStride: Int, _ panel: UnsafePointer<Float>, _ depth: Int,
      _ addend: UnsafePointer<Float>?, _ addendStride: Int, _ sums: UnsafeMutablePointer<Float>, _ sumStride: Int,
      isPair: Bool
    ) {
      var low = InlineArray<height, Vector>(repeating: Vector()), high = low
      let rows = InlineArray<height, UnsafePointer<Float>> { left + $0 &* rowStride }
      // The sums go to other cache lines than the factors came from: on their way while the products are summed.
      for r in 0..<height { cprocessor_prefetch(sums + r &* sumStride) }
      var right = panel
      for k in 0..<depth {
        let first = load(right), second = isPair ? load(right + 16) : first
        for r in 0..<height { low[unchecked: r].addProduct(first, Vector(repeating: rows[unchecked: r][k])) }
        if isPair {
          for r in 0..<height { high[unchecked: r].addProduct(second, Vector(repeating: rows[unchecked: r][k])) }
        }
        right += ProductTile.columns
      }
      if let addend {
        for r in 0..<height {
          let other = addend + r &* addendStride
          low[unchecked: r] += load(other)
          if isPair { high[unchecked: r] += load(other + 16) }
        }
      }
      for r in 0..<height {
        let row = sums + r &* sumStride
        store(low[unchecked: r], to: row)
        if isPair { store(high[unchecked: r], to: row + 16) }
      }
    }

    @inline(__always)
    private static func load(_ pointer: UnsafePointer<Float>) -> Vector {
      UnsafeRawPointer(pointer).loadUnaligned(as: Vector.self)
    }

    @inline(__always)
    private static func store(_ sums: Vector, to pointer: UnsafeMutablePointer<Float>) {
      UnsafeMutableRawPointer(pointer).storeBytes(of: sums, as: Vector.self)
    }
  }
}

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

  /// Sums of `height` rows by the columns of a panel.
  ///
  /// - Parameters:
  ///   - left: of the left factor; element (i, k) is at `left[i · rowStride + k · step]`.
  ///   - panel: of the right factor [depth, columns], zeros behind the last of its columns.
  ///   - addend: what they are added to, in rows like those of `sums` or others; nil for zeros.
  ///   - sums: where they go, rows `sumStride` apart; only the first `count` columns are touched.
  @inline(__always)
  static func multiply(
    height: Int, _ left: UnsafePointer<Float>, rowStride: Int, step: Int, _ panel: UnsafePointer<Float>, depth: Int,
    addend: UnsafePointer<Float>?, addendStride: Int, into sums: UnsafeMutablePointer<Float>, sumStride: Int, count: Int
  ) {
    switch height {
    case 8: Rows<8>.multiply(left, rowStride, step, panel, depth, addend, addendStride, sums, sumStride, count)
    case 6: Rows<6>.multiply(left, rowStride, step, panel, depth, addend, addendStride, sums, sumStride, count)
    case 4: Rows<4>.multiply(left, rowStride, step, panel, depth, addend, addendStride, sums, sumStride, count)
    case 2: Rows<2>.multiply(left, rowStride, step, panel, depth, addend, addendStride, sums, sumStride, count)
    default: Rows<1>.multiply(left, rowStride, step, panel, depth, addend, addendStride, sums, sumStride, count)
    }
  }

  /// A tile of a height that the compiler knows, so that its loops over rows become straight code over registers.
  private enum Rows<let height: Int> {
    typealias Vector = SIMD16<Float>

    @inline(never)
    static func multiply(
      _ left: UnsafePointer<Float>, _ rowStride: Int, _ step: Int, _ panel: UnsafePointer<Float>, _ depth: Int,
      _ addend: UnsafePointer<Float>?, _ addendStride: Int, _ sums: UnsafeMutablePointer<Float>, _ sumStride: Int,
      _ count: Int
    ) {
      var low = InlineArray<height, Vector>(repeating: Vector()), high = low
      let rows = InlineArray<height, UnsafePointer<Float>> { left + $0 &* rowStride }
      // The sums go to other cache lines than the factors came from: on their way while the products are summed.
      for r in 0..<height { cprocessor_prefetch(sums + r &* sumStride) }
      var right = panel
      var k = 0
      let end = depth &* step
      while k < end {
        let first = load(right), second = VectorWidth.isWide ? load(right + 16) : first
        for r in 0..<height { low[unchecked: r].addProduct(first, Vector(repeating: rows[unchecked: r][k])) }
        if VectorWidth.isWide {
          for r in 0..<height { high[unchecked: r].addProduct(second, Vector(repeating: rows[unchecked: r][k])) }
        }
        right += ProductTile.columns
        k &+= step
      }
      for r in 0..<height {
        let row = sums + r &* sumStride, other = addend.map { $0 + r &* addendStride }
        store(low[unchecked: r], plus: other, to: row, count: count)
        if VectorWidth.isWide && count > 16 {
          store(high[unchecked: r], plus: other.map { $0 + 16 }, to: row + 16, count: count &- 16)
        }
      }
    }

    @inline(__always)
    private static func load(_ pointer: UnsafePointer<Float>) -> Vector {
      UnsafeRawPointer(pointer).loadUnaligned(as: Vector.self)
    }

    @inline(__always)
    private static func store(
      _ sums: Vector, plus addend: UnsafePointer<Float>?, to pointer: UnsafeMutablePointer<Float>, count: Int
    ) {
      if count >= 16 {
        let result = if let addend { load(addend) + sums } else { sums }
        UnsafeMutableRawPointer(pointer).storeBytes(of: result, as: Vector.self)
      } else {
        for j in 0..<count { pointer[j] = if let addend { addend[j] + sums[j] } else { sums[j] } }
      }
    }
  }
}

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

  /// Elements of the largest tile.
  static var mostElements: Int { 8 * columns }

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
  ///   - left: of the left factor, in elements of `format` as the panel; (i, k) is at `left[i · rowStride + k]`, or,
  ///     where the rows of the tile stand side by side, at `left[k · height + i]`.
  ///   - rowStride: nil where they do.
  ///   - panel: of the right factor [depth, columns], zeros behind the last of its columns.
  ///   - addends: what is added to them.
  ///   - sums: where they go, rows `sumStride` apart; only the first `count` columns are touched.
  @inline(__always)
  static func multiply<Format: ProductFormat>(
    height: Int, _ left: UnsafePointer<Float>, rowStride: Int?, _ panel: UnsafePointer<Float>, depth: Int,
    addends: TileAddends, into sums: UnsafeMutablePointer<Float>, sumStride: Int, count: Int, as format: Format.Type
  ) {
    if count == columns {
      multiply(height, left, rowStride, panel, depth, addends, sums, sumStride, registers: columns / 16, format)
    } else {
      multiplyNarrow(height, left, rowStride, panel, depth, addends, sums, sumStride, count, format)
    }
  }

  /// A tile that is narrower than its panel: computed beside the sums, so that the code for whole tiles, which has its
  /// sums in registers to the end, has no columns to leave out.
  @inline(never)
  private static func multiplyNarrow<Format: ProductFormat>(
    _ height: Int, _ left: UnsafePointer<Float>, _ rowStride: Int?, _ panel: UnsafePointer<Float>, _ depth: Int,
    _ addends: TileAddends, _ sums: UnsafeMutablePointer<Float>, _ sumStride: Int,
    _ count: Int, _ format: Format.Type
  ) {
    // On the stack, as its size is a constant: that of the largest tile of a wide processor.
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 8 * 32) { memory in
      let tile = memory.baseAddress.unsafelyUnwrapped
      multiply(
        height, left, rowStride, panel, depth, .none, tile, columns, registers: (count + 15) / 16, format)
      for r in 0..<height {
        let row = sums + r * sumStride, result = tile + r * columns
        addends.forEach { other in for j in 0..<count { result[j] += other[r * addends.stride + j] } }
        row.update(from: result, count: count)
      }
    }
  }

  /// - Parameter registers: of sixteen columns, that are computed: one or two.
  @inline(__always)
  private static func multiply<Format: ProductFormat>(
    _ height: Int, _ left: UnsafePointer<Float>, _ rowStride: Int?, _ panel: UnsafePointer<Float>, _ depth: Int,
    _ addends: TileAddends, _ sums: UnsafeMutablePointer<Float>, _ sumStride: Int,
    registers: Int, _ format: Format.Type
  ) {
    switch height {
    case 8: Rows<8, Format>.multiply(left, rowStride, panel, depth, addends, sums, sumStride, registers)
    case 6: Rows<6, Format>.multiply(left, rowStride, panel, depth, addends, sums, sumStride, registers)
    case 4: Rows<4, Format>.multiply(left, rowStride, panel, depth, addends, sums, sumStride, registers)
    case 2: Rows<2, Format>.multiply(left, rowStride, panel, depth, addends, sums, sumStride, registers)
    default: Rows<1, Format>.multiply(left, rowStride, panel, depth, addends, sums, sumStride, registers)
    }
  }

  /// A tile of a height that the compiler knows, so that its loops over rows become straight code over registers.
  private enum Rows<let height: Int, Format: ProductFormat> {
    typealias Vector = SIMD16<Float>

    @inline(__always)
    static func multiply(
      _ left: UnsafePointer<Float>, _ rowStride: Int?, _ panel: UnsafePointer<Float>, _ depth: Int,
      _ addends: TileAddends, _ sums: UnsafeMutablePointer<Float>, _ sumStride: Int,
      _ registers: Int
    ) {
      switch (rowStride, registers) {
      case (let rowStride?, 1): narrow(left, rowStride, panel, depth, addends, sums, sumStride)
      case (let rowStride?, _): wide(left, rowStride, panel, depth, addends, sums, sumStride)
      case (nil, 1): narrowPacked(left, panel, depth, addends, sums, sumStride)
      case (nil, _): widePacked(left, panel, depth, addends, sums, sumStride)
      }
    }

    @inline(never)
    private static func narrow(
      _ left: UnsafePointer<Float>, _ rowStride: Int, _ panel: UnsafePointer<Float>, _ depth: Int,
      _ addends: TileAddends, _ sums: UnsafeMutablePointer<Float>, _ sumStride: Int
    ) {
      compute(left, rowStride, panel, depth, addends, sums, sumStride, isPair: false, isPacked: false)
    }

    @inline(never)
    private static func wide(
      _ left: UnsafePointer<Float>, _ rowStride: Int, _ panel: UnsafePointer<Float>, _ depth: Int,
      _ addends: TileAddends, _ sums: UnsafeMutablePointer<Float>, _ sumStride: Int
    ) {
      compute(left, rowStride, panel, depth, addends, sums, sumStride, isPair: true, isPacked: false)
    }

    @inline(never)
    private static func narrowPacked(
      _ left: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, _ depth: Int, _ addends: TileAddends,
      _ sums: UnsafeMutablePointer<Float>, _ sumStride: Int
    ) {
      compute(left, 1, panel, depth, addends, sums, sumStride, isPair: false, isPacked: true)
    }

    @inline(never)
    private static func widePacked(
      _ left: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, _ depth: Int, _ addends: TileAddends,
      _ sums: UnsafeMutablePointer<Float>, _ sumStride: Int
    ) {
      compute(left, 1, panel, depth, addends, sums, sumStride, isPair: true, isPacked: true)
    }

    @inline(__always)
    private static func compute(
      _ left: UnsafePointer<Float>, _ rowStride: Int, _ panel: UnsafePointer<Float>, _ depth: Int,
      _ addends: TileAddends, _ sums: UnsafeMutablePointer<Float>, _ sumStride: Int,
      isPair: Bool, isPacked: Bool
    ) {
      var low = InlineArray<height, Vector>(repeating: Vector()), high = low
      let rows = InlineArray<height, UnsafePointer<Float>> { left + $0 &* rowStride }
      // The sums go to other cache lines than the factors came from: on their way while the products are summed.
      for r in 0..<height { cprocessor_prefetch(sums + r &* sumStride) }
      var right = panel
      for k in 0..<depth {
        let first = Vector(at: right), second = isPair ? Vector(at: right + 16) : first
        let step = isPacked ? k &* height : k
        for r in 0..<height {
          Format.addProduct(first, Vector(repeating: rows[unchecked: r][step]), to: &low[unchecked: r])
        }
        if isPair {
          for r in 0..<height {
            Format.addProduct(second, Vector(repeating: rows[unchecked: r][step]), to: &high[unchecked: r])
          }
        }
        right += ProductTile.columns
      }
      addends.forEach { addend in
        for r in 0..<height {
          let other = addend + r &* addends.stride
          low[unchecked: r] += Vector(at: other)
          if isPair { high[unchecked: r] += Vector(at: other + 16) }
        }
      }
      for r in 0..<height {
        let row = sums + r &* sumStride
        low[unchecked: r].store(to: row)
        if isPair { high[unchecked: r].store(to: row + 16) }
      }
    }
  }
}

/// Tiles that are added to a tile of products one after the other, each as far before the last one as a whole tile is
/// large.
struct TileAddends {
  /// The first that is added, if there is one.
  let first: UnsafePointer<Float>?
  /// Elements between its rows.
  let stride: Int
  let count: Int

  static var none: TileAddends { TileAddends(nil, stride: 0) }

  /// Zero or one.
  init(_ addend: UnsafePointer<Float>?, stride: Int) { self.init(addend, stride: stride, count: addend == nil ? 0 : 1) }

  init(_ first: UnsafePointer<Float>?, stride: Int, count: Int) {
    (self.first, self.stride, self.count) = (first, stride, count)
  }

  @inline(__always)
  func forEach(_ body: (UnsafePointer<Float>) -> Void) {
    guard var addend = first else { return }
    for _ in 0..<count {
      body(addend)
      addend -= ProductTile.mostElements
    }
  }
}

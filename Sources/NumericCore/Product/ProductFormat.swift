internal import CProcessor

/// What the factors of a product are rounded to before they are multiplied. Sums are in single precision, and so is
/// what goes in and what comes out.
public enum ProductPrecision: String, Sendable, CaseIterable {
  /// Not at all.
  case float32
  /// To the nearest number of eight significant bits, ties to even, numbers below 1.2·10⁻³⁸ to zero: half the bytes,
  /// and twice the products in the same time on a processor with AVX-512 BF16.
  ///
  /// A product of two such numbers is exact in single precision. They are added two by two: of each pair of neighbours
  /// in a sum the second product and then the first, each addition rounded, in blocks as those of `PanelProduct`. So it
  /// goes on every processor, and the bits are the same on all. In double precision nothing is rounded.
  case bfloat16
}

/// What stands in an element of a packed factor, 32 bits that pass for a `Float`, and how elements are multiplied.
protocol ProductFormat {
  /// Neighbouring terms of a sum in an element.
  static var terms: Int { get }

  /// `sums += a · b` over the terms of each element.
  static func addProduct(_ a: SIMD16<Float>, _ b: SIMD16<Float>, to sums: inout SIMD16<Float>)

  /// Packs a block of the right factor into panels of `ProductTile.columns` columns, [elements, columns] each; zeros
  /// fill the last.
  ///
  /// - Parameters:
  ///   - isTransposed: whether element (k, j) is at `source[j · stride + k]`, else at `source[k · stride + j]`.
  ///   - depth: terms of the block.
  ///   - panelDepth: elements between the rows of a column in one panel and those of the next panel.
  static func packPanels(
    _ source: UnsafePointer<Float>, stride: Int, isTransposed: Bool, depth: Int, columns: Int,
    into panels: UnsafeMutablePointer<Float>, panelDepth: Int)

  /// Packs `count` columns of a factor [depth, …] into tiles [elements, height], one behind the other.
  ///
  /// - Parameters:
  ///   - element: of the tiles, where the first of these terms goes.
  ///   - tileDepth: elements of a whole tile.
  static func packTiles(
    _ source: UnsafePointer<Float>, stride: Int, depth: Int, count: Int, into tiles: UnsafeMutablePointer<Float>,
    element: Int, tileDepth: Int)

  /// Packs rows of the left factor, a multiple of eight, into tiles [elements, 8], one behind the other.
  static func packRows(
    _ source: UnsafePointer<Float>, stride: Int, count: Int, depth: Int, into tiles: UnsafeMutablePointer<Float>)

  /// Some rows of `depth` terms of the left factor as elements: where they stand, or packed into `memory`.
  ///
  /// - Parameter arePacked: whether they have been packed there before.
  static func rows(
    _ source: UnsafePointer<Float>, stride: Int, count: Int, depth: Int, into memory: UnsafeMutablePointer<Float>,
    arePacked: Bool
  ) -> (start: UnsafePointer<Float>, stride: Int)

  /// Elements of memory that `rows` needs for so many of the left factor.
  static func rowMemory(_ elements: Int) -> Int
}

extension ProductFormat {
  /// Elements that so many terms take; zeros fill the last.
  @inline(__always)
  static func count(_ depth: Int) -> Int { (depth + terms - 1) / terms }
}

/// Single precision, each term an element.
enum Singles: ProductFormat {
  @inline(__always)
  static var terms: Int { 1 }

  @inline(__always)
  static func addProduct(_ a: SIMD16<Float>, _ b: SIMD16<Float>, to sums: inout SIMD16<Float>) {
    sums.addProduct(a, b)
  }

  @inline(__always)
  static func rows(
    _ source: UnsafePointer<Float>, stride: Int, count: Int, depth: Int, into memory: UnsafeMutablePointer<Float>,
    arePacked: Bool
  ) -> (start: UnsafePointer<Float>, stride: Int) { (source, stride) }

  @inline(__always)
  static func rowMemory(_ elements: Int) -> Int { 0 }
}

/// Pairs of numbers rounded to bfloat16; see `ProductPrecision.bfloat16`.
enum Pairs: ProductFormat {
  @inline(__always)
  static var terms: Int { 2 }

  @inline(__always)
  static func addProduct(_ a: SIMD16<Float>, _ b: SIMD16<Float>, to sums: inout SIMD16<Float>) {
    sums = cprocessor_add_pair_products(sums, a, b)
  }

  @inline(__always)
  static func rowMemory(_ elements: Int) -> Int { elements }
}

internal import COpenBLAS

/// A view of memory as a row-major matrix, or as the transpose of one; it does not own the memory.
public struct Matrix<S: Scalar> {
  /// Nil only where there are no elements.
  let base: UnsafeMutablePointer<S>?
  /// Rows and columns after transposing.
  public let rows: Int, columns: Int
  /// Elements between the starts of two stored rows.
  let stride: Int
  let isTransposed: Bool

  /// - Parameter stride: elements from one stored row to the next; `columns` where the rows are contiguous.
  /// - Precondition: the window holds `rows` rows.
  public init(_ window: BufferView<S>, rows: Int, columns: Int, stride: Int? = nil) {
    let stride = stride ?? columns
    precondition(
      stride >= columns && (rows == 0 || window.count >= (rows - 1) * stride + columns),
      "\(window.count) elements are no \(rows)×\(columns) matrix of stride \(stride)")
    self.init(base: window.baseAddress, rows: rows, columns: columns, stride: stride, isTransposed: false)
  }

  private init(base: UnsafeMutablePointer<S>?, rows: Int, columns: Int, stride: Int, isTransposed: Bool) {
    (self.base, self.rows, self.columns) = (base, rows, columns)
    (self.stride, self.isTransposed) = (stride, isTransposed)
  }

  /// The same memory read with rows and columns exchanged; nothing moves.
  public var transposed: Matrix {
    Matrix(base: base, rows: columns, columns: rows, stride: stride, isTransposed: !isTransposed)
  }

  /// Some of the rows of a matrix that is not transposed; nothing moves.
  public func rows(_ range: Range<Int>) -> Matrix {
    precondition(!isTransposed && 0 <= range.lowerBound && range.upperBound <= rows, "rows \(range) of \(rows)")
    return Matrix(
      base: base.map { $0 + range.lowerBound * stride }, rows: range.count, columns: columns, stride: stride,
      isTransposed: false)
  }

  /// Overwrites the elements of a matrix that is not transposed by zeros.
  func zero() {
    guard let base else { return }
    for row in 0..<rows { (base + row * stride).update(repeating: 0, count: columns) }
  }

  /// Some of the columns of a matrix that is not transposed; nothing moves.
  public func columns(_ range: Range<Int>) -> Matrix {
    precondition(
      !isTransposed && 0 <= range.lowerBound && range.upperBound <= columns, "columns \(range) of \(columns)")
    return Matrix(
      base: base.map { $0 + range.lowerBound }, rows: rows, columns: range.count, stride: stride, isTransposed: false)
  }
}

/// `c = a · b`, or `c += a · b` where `adding`: BLAS level 3 `gemm`, by `PanelProduct` where that is faster, and always
/// where factors are rounded.
///
/// - Shapes: `a` [m, k], `b` [k, n], `c` [m, n] and not transposed.
/// - Precondition: in bfloat16 not both `a` and `b` are transposed.
public func multiply<S: Scalar>(
  _ a: Matrix<S>, _ b: Matrix<S>, into c: Matrix<S>, adding: Bool = false, precision: ProductPrecision = .float32
) {
  precondition(
    a.columns == b.rows && c.rows == a.rows && c.columns == b.columns && !c.isTransposed
      && !(precision == .bfloat16 && a.isTransposed && b.isTransposed),
    "[\(a.rows), \(a.columns)] · [\(b.rows), \(b.columns)] into [\(c.rows), \(c.columns)] in \(precision)")
  if c.rows == 0 || c.columns == 0 { return }
  S.gemm(a, b, c, adding ? 1 : 0, precision)
}

/// `c = a · b`, each row of `c` with the bits that it has whatever other rows there are, which BLAS does not promise:
/// the rows of several micro-batches can be multiplied together.
///
/// - Shapes: as `multiply`, `a` not transposed.
/// - Precondition: `ShardProducts.areUsed`, in single precision.
public func multiplyRows<S: Scalar>(
  _ a: Matrix<S>, _ b: Matrix<S>, into c: Matrix<S>, precision: ProductPrecision = .float32
) {
  precondition(
    a.columns == b.rows && c.rows == a.rows && c.columns == b.columns && !a.isTransposed && !c.isTransposed,
    "[\(a.rows), \(a.columns)] · [\(b.rows), \(b.columns)] into [\(c.rows), \(c.columns)]")
  if c.rows == 0 || c.columns == 0 { return }
  S.multiplyRows(a, b, c, precision)
}

extension Float {
  public static func multiplyRows(
    _ a: Matrix<Float>, _ b: Matrix<Float>, _ c: Matrix<Float>, _ precision: ProductPrecision
  ) {
    switch precision {
    case .float32: PanelProduct.multiplyRows(a, b, into: c, as: Singles.self)
    case .bfloat16: PanelProduct.multiplyRows(a, b, into: c, as: Pairs.self)
    }
  }

  public static func gemm(
    _ a: Matrix<Float>, _ b: Matrix<Float>, _ c: Matrix<Float>, _ beta: Float, _ precision: ProductPrecision
  ) {
    if precision == .bfloat16 {
      if a.columns == 0 {
        if beta == 0 { c.zero() }
      } else if a.isTransposed {
        PanelProduct.multiplyTransposed(a, b, into: c, adding: beta != 0, as: Pairs.self)
      } else if beta == 0 {
        PanelProduct.multiplyRows(a, b, into: c, as: Pairs.self)
      } else {
        PanelProduct.multiply(a, b, into: c, adding: true, as: Pairs.self)
      }
      return
    }
    if PanelProduct.suits(a, b) {
      PanelProduct.multiply(a, b, into: c, adding: beta != 0, as: Singles.self)
      return
    }
    if PanelProduct.suitsTransposed(a, b) {
      PanelProduct.multiplyTransposed(a, b, into: c, adding: beta != 0, as: Singles.self)
      return
    }
    if beta == 0, PanelProduct.suitsRows(a, b) {
      PanelProduct.multiplyByRows(a, b, into: c, as: Singles.self)
      return
    }
    if PanelProduct.suitsTiles(a, b) {
      PanelProduct.multiplyByTiles(a, b, into: c, adding: beta != 0, as: Singles.self)
      return
    }
    cblas_sgemm(
      CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
      blasint(c.rows), blasint(c.columns), blasint(a.columns), 1, a.base, blasint(a.stride), b.base, blasint(b.stride),
      beta, c.base, blasint(c.stride))
  }
}

extension Double {
  /// The naive twin, a row at a time.
  public static func multiplyRows(
    _ a: Matrix<Double>, _ b: Matrix<Double>, _ c: Matrix<Double>, _ precision: ProductPrecision
  ) {
    for row in 0..<a.rows { gemm(a.rows(row..<row + 1), b, c.rows(row..<row + 1), 0, precision) }
  }

  public static func gemm(
    _ a: Matrix<Double>, _ b: Matrix<Double>, _ c: Matrix<Double>, _ beta: Double, _ precision: ProductPrecision
  ) {
    cblas_dgemm(
      CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
      blasint(c.rows), blasint(c.columns), blasint(a.columns), 1, a.base, blasint(a.stride), b.base, blasint(b.stride),
      beta, c.base, blasint(c.stride))
  }
}

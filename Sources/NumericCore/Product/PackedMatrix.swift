/// The right factor of several products, packed once for all of them: the weights of a recurrent layer, which every
/// step multiplies by.
public struct PackedMatrix<S: Scalar> {
  public let panels: BufferView<S>
  public let rows: Int, columns: Int
  /// What it was rounded to.
  public let precision: ProductPrecision

  /// Elements of memory that a packed matrix takes.
  public static func count(rows: Int, columns: Int) -> Int { S.packedCount(rows: rows, columns: columns) }

  /// A matrix that was packed into `panels`.
  public init(_ panels: BufferView<S>, rows: Int, columns: Int, precision: ProductPrecision = .float32) {
    precondition(
      rows > 0 && panels.count >= Self.count(rows: rows, columns: columns),
      "\(panels.count) elements for a packed \(rows)×\(columns) matrix")
    (self.panels, self.rows, self.columns, self.precision) = (panels, rows, columns, precision)
  }

  /// Packs `matrix` into `panels`.
  @discardableResult
  public init(packing matrix: Matrix<S>, into panels: BufferView<S>, precision: ProductPrecision = .float32) {
    self.init(panels, rows: matrix.rows, columns: matrix.columns, precision: precision)
    S.pack(matrix, into: panels, precision)
  }
}

/// `c = a · b`, or `c += a · b` where `adding`, for a `b` that was packed before, in its precision.
///
/// - Shapes: `a` [m, k], `b` [k, n], `c` [m, n]; neither `a` nor `c` transposed.
public func multiply<S: Scalar>(_ a: Matrix<S>, _ b: PackedMatrix<S>, into c: Matrix<S>, adding: Bool = false) {
  precondition(
    a.columns == b.rows && c.rows == a.rows && c.columns == b.columns && !a.isTransposed && !c.isTransposed,
    "[\(a.rows), \(a.columns)] · [\(b.rows), \(b.columns)] into [\(c.rows), \(c.columns)]")
  if c.rows == 0 || c.columns == 0 { return }
  S.gemm(a, b, c, adding ? 1 : 0)
}

/// A type without panels of its own keeps the matrix row by row, for `gemm`.
extension Scalar {
  static func copyRows(of matrix: Matrix<Self>, into panels: BufferView<Self>) {
    guard let source = matrix.base else { return }
    for i in 0..<matrix.rows {
      for j in 0..<matrix.columns {
        panels[i * matrix.columns + j] = source[matrix.isTransposed ? j * matrix.stride + i : i * matrix.stride + j]
      }
    }
  }
}

extension Double {
  public static func packedCount(rows: Int, columns: Int) -> Int { rows * columns }
  public static func pack(_ matrix: Matrix<Double>, into panels: BufferView<Double>, _ precision: ProductPrecision) {
    copyRows(of: matrix, into: panels)
  }
  public static func gemm(_ a: Matrix<Double>, _ b: PackedMatrix<Double>, _ c: Matrix<Double>, _ beta: Double) {
    gemm(a, Matrix(b.panels, rows: b.rows, columns: b.columns), c, beta, b.precision)
  }
}

extension Float {
  public static func packedCount(rows: Int, columns: Int) -> Int {
    PanelProduct.panelCount(rows: rows, columns: columns)
  }
  public static func pack(_ matrix: Matrix<Float>, into panels: BufferView<Float>, _ precision: ProductPrecision) {
    if precision == .bfloat16 {
      PanelProduct.pack(matrix, into: panels, as: Pairs.self)
    } else if PanelProduct.isUsed {
      PanelProduct.pack(matrix, into: panels, as: Singles.self)
    } else {
      copyRows(of: matrix, into: panels)
    }
  }
  public static func gemm(_ a: Matrix<Float>, _ b: PackedMatrix<Float>, _ c: Matrix<Float>, _ beta: Float) {
    if b.precision == .bfloat16 {
      PanelProduct.multiply(a, panels: b.panels, into: c, adding: beta != 0, as: Pairs.self)
    } else if PanelProduct.isUsed {
      PanelProduct.multiply(a, panels: b.panels, into: c, adding: beta != 0, as: Singles.self)
    } else {
      gemm(a, Matrix(b.panels, rows: b.rows, columns: b.columns), c, beta, b.precision)
    }
  }
}

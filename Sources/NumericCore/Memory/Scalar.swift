/// A floating-point type that networks compute in: `Float` trains, `Double` checks gradients.
public protocol Scalar: BinaryFloatingPoint, SIMDScalar, BitwiseCopyable, Sendable, Codable where Stride == Self {
  /// eˣ.
  static func exponential(_ x: Self) -> Self
  /// The natural logarithm.
  static func logarithm(_ x: Self) -> Self
  /// log(1 + x) for x from 0 to 1, accurate near zero.
  static func logarithmOnePlus(_ x: Self) -> Self
  /// tanh x.
  static func hyperbolicTangent(_ x: Self) -> Self
  /// The error function 2/√π ∫₀ˣ exp(−t²) dt.
  static func errorFunction(_ x: Self) -> Self
  /// `x` in double precision: a conversion that the compiler sees through, unlike `Double(x)` of a generic type.
  static func widened(_ x: Self) -> Double
  /// Eight elements in double precision, one vector conversion.
  static func widened(_ x: SIMD8<Self>) -> SIMD8<Double>
  /// `values` where the element of `signs` is above zero or NaN, zero elsewhere. Comparing vectors of a generic type is
  /// a loop.
  static func rectified(_ values: SIMD8<Self>, by signs: SIMD8<Self>) -> SIMD8<Self>
  /// Takes `value` and `number` in the elements where `value` is above `best` or NaN, and `best` is not NaN.
  static func take(_ value: SIMD8<Self>, _ number: Self, ifAbove best: inout SIMD8<Self>, _ winner: inout SIMD8<Self>)
  /// `values` where the element of `numbers` equals `number`, zero elsewhere.
  static func selected(_ values: SIMD8<Self>, where numbers: SIMD8<Self>, equals number: Self) -> SIMD8<Self>
  /// `c = a · b + beta · c`; call `multiply`, which checks the shapes.
  static func gemm(
    _ a: Matrix<Self>, _ b: Matrix<Self>, _ c: Matrix<Self>, _ beta: Self, _ precision: ProductPrecision)
  /// What `PackedMatrix` is made of: its elements of memory, how they are filled, and `c = a · b + beta · c`.
  static func packedCount(rows: Int, columns: Int) -> Int
  static func pack(_ matrix: Matrix<Self>, into panels: BufferView<Self>, _ precision: ProductPrecision)
  static func gemm(_ a: Matrix<Self>, _ b: PackedMatrix<Self>, _ c: Matrix<Self>, _ beta: Self)
  /// `c = a · b` row by row; call the function `multiplyRows`, which checks the shapes.
  static func multiplyRows(_ a: Matrix<Self>, _ b: Matrix<Self>, _ c: Matrix<Self>, _ precision: ProductPrecision)
  /// Sums over shards of aᵀ · b; call the function `multiplyShards`, which checks the shapes.
  static func multiplyShards(
    _ a: Matrix<Self>, _ b: Matrix<Self>, _ rows: BufferView<Int>, _ order: ShardOrder,
    _ precision: ProductPrecision, _ c: (_ root: Int) -> Matrix<Self>)
}

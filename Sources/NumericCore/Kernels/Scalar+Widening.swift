// What vectors of eight elements need beyond arithmetic. Sums that need more digits than their terms are kept in
// double.

extension Float {
  @inlinable @inline(__always)
  public static func widened(_ x: Float) -> Double { Double(x) }

  // Element by element, which compiles to one instruction; the vector type's own initializer is a call.
  @inlinable @inline(__always)
  public static func widened(_ x: SIMD8<Float>) -> SIMD8<Double> {
    SIMD8(
      Double(x[0]), Double(x[1]), Double(x[2]), Double(x[3]), Double(x[4]), Double(x[5]), Double(x[6]), Double(x[7]))
  }

  @inlinable @inline(__always)
  public static func rectified(_ values: SIMD8<Float>, by signs: SIMD8<Float>) -> SIMD8<Float> {
    values.replacing(with: 0, where: signs .<= 0)
  }

  @inlinable @inline(__always)
  public static func take(
    _ value: SIMD8<Float>, _ number: Float, ifAbove best: inout SIMD8<Float>, _ winner: inout SIMD8<Float>
  ) {
    let isTaken = .!(value .<= best) .& (best .== best)
    best.replace(with: value, where: isTaken)
    winner.replace(with: number, where: isTaken)
  }

  @inlinable @inline(__always)
  public static func selected(_ values: SIMD8<Self>, where numbers: SIMD8<Self>, equals number: Self) -> SIMD8<Self> {
    values.replacing(with: 0, where: numbers .!= number)
  }
}

extension Double {
  @inlinable @inline(__always)
  public static func widened(_ x: Double) -> Double { x }
  @inlinable @inline(__always)
  public static func widened(_ x: SIMD8<Double>) -> SIMD8<Double> { x }

  @inlinable @inline(__always)
  public static func rectified(_ values: SIMD8<Double>, by signs: SIMD8<Double>) -> SIMD8<Double> {
    values.replacing(with: 0, where: signs .<= 0)
  }

  @inlinable @inline(__always)
  public static func take(
    _ value: SIMD8<Double>, _ number: Double, ifAbove best: inout SIMD8<Double>, _ winner: inout SIMD8<Double>
  ) {
    let isTaken = .!(value .<= best) .& (best .== best)
    best.replace(with: value, where: isTaken)
    winner.replace(with: number, where: isTaken)
  }

  @inlinable @inline(__always)
  public static func selected(_ values: SIMD8<Self>, where numbers: SIMD8<Self>, equals number: Self) -> SIMD8<Self> {
    values.replacing(with: 0, where: numbers .!= number)
  }
}

extension UnsafeMutableBufferPointer where Element: Scalar {
  /// How many elements give room for `count` doubles.
  public static func elementCount(ofDoubles count: Int) -> Int {
    count * MemoryLayout<Double>.stride / MemoryLayout<Element>.stride
  }

  /// The memory at the start of this window as `count` doubles, for sums in scratch memory; their values are undefined.
  /// - Precondition: the window starts on an 8-byte boundary, as every layer's memory does.
  public func doubles(_ count: Int) -> BufferView<Double> {
    precondition(
      self.count >= Self.elementCount(ofDoubles: count), "\(count) doubles in \(self.count) elements of scratch memory")
    guard let baseAddress else { return BufferView(start: nil, count: 0) }
    return BufferView(
      start: UnsafeMutableRawPointer(baseAddress).bindMemory(to: Double.self, capacity: count), count: count)
  }

  /// Eight elements from `index` on.
  @inline(__always)
  func vector(_ index: Int) -> SIMD8<Element> {
    UnsafeRawPointer(baseAddress.unsafelyUnwrapped + index).loadUnaligned(as: SIMD8<Element>.self)
  }

  /// Overwrites eight elements from `index` on.
  @inline(__always)
  func setVector(_ index: Int, _ value: SIMD8<Element>) {
    UnsafeMutableRawPointer(baseAddress.unsafelyUnwrapped + index).storeBytes(of: value, as: SIMD8<Element>.self)
  }
}

extension SIMD8<Double> {
  /// The sum of the eight elements, in halves: an order that the code fixes.
  @inline(__always)
  var total: Double {
    let quarters = lowHalf + highHalf
    let halves = quarters.lowHalf + quarters.highHalf
    return halves.x + halves.y
  }
}

/// Visits indices below `count`: those that `vector` takes eight at a time, then the `rest`, one by one.
///
/// In place or not, such a loop is one of vectors; a plain loop whose windows are the same memory is not.
@inline(__always)
func forEachVector(_ count: Int, _ vector: (_ index: Int) -> Void, rest scalar: (_ index: Int) -> Void) {
  var index = 0
  while index + 8 <= count {
    vector(index)
    index += 8
  }
  while index < count {
    scalar(index)
    index += 1
  }
}

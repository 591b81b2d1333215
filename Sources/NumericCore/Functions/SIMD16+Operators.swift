internal import CProcessor

// The operators of this module's vectors, which are single instructions in any expression; see CProcessor.

extension SIMD16<Float> {
  @inline(__always)
  static func + (a: SIMD16, b: SIMD16) -> SIMD16 { cprocessor_sum(a, b) }
  @inline(__always)
  static func + (a: Float, b: SIMD16) -> SIMD16 { SIMD16(repeating: a) + b }
  @inline(__always)
  static func + (a: SIMD16, b: Float) -> SIMD16 { a + SIMD16(repeating: b) }
  @inline(__always)
  static func += (a: inout SIMD16, b: SIMD16) { a = a + b }

  @inline(__always)
  static func - (a: SIMD16, b: SIMD16) -> SIMD16 { cprocessor_difference(a, b) }
  @inline(__always)
  static func - (a: Float, b: SIMD16) -> SIMD16 { SIMD16(repeating: a) - b }
  @inline(__always)
  static func - (a: SIMD16, b: Float) -> SIMD16 { a - SIMD16(repeating: b) }
  @inline(__always)
  static func -= (a: inout SIMD16, b: SIMD16) { a = a - b }

  @inline(__always)
  static func * (a: SIMD16, b: SIMD16) -> SIMD16 { cprocessor_product(a, b) }
  @inline(__always)
  static func * (a: Float, b: SIMD16) -> SIMD16 { SIMD16(repeating: a) * b }
  @inline(__always)
  static func * (a: SIMD16, b: Float) -> SIMD16 { a * SIMD16(repeating: b) }
  @inline(__always)
  static func *= (a: inout SIMD16, b: SIMD16) { a = a * b }

  @inline(__always)
  static func / (a: SIMD16, b: SIMD16) -> SIMD16 { cprocessor_quotient(a, b) }
  @inline(__always)
  static func / (a: Float, b: SIMD16) -> SIMD16 { SIMD16(repeating: a) / b }
  @inline(__always)
  static func / (a: SIMD16, b: Float) -> SIMD16 { a / SIMD16(repeating: b) }
  @inline(__always)
  static func /= (a: inout SIMD16, b: SIMD16) { a = a / b }

  @inline(__always)
  static prefix func - (a: SIMD16) -> SIMD16 { cprocessor_negative(a) }

  /// `self + a · b` in one rounding.
  @inline(__always)
  func plus(_ a: SIMD16, _ b: SIMD16) -> SIMD16 { cprocessor_fused_multiply_add(a, b, self) }

  /// `value` in place of the elements at which `x` is less than `limit`, or greater.
  @inline(__always)
  func replacing(with value: Float, whereLess x: SIMD16, than limit: Float) -> SIMD16 {
    cprocessor_where_less(x, SIMD16(repeating: limit), SIMD16(repeating: value), self)
  }
  @inline(__always)
  func replacing(with value: Float, whereGreater x: SIMD16, than limit: Float) -> SIMD16 {
    cprocessor_where_less(SIMD16(repeating: limit), x, SIMD16(repeating: value), self)
  }

  /// Each element, or the limit that is nearest; what is not a number stays so.
  @inline(__always)
  func limited(_ low: Float, _ high: Float) -> SIMD16 {
    replacing(with: high, whereGreater: self, than: high).replacing(with: low, whereLess: self, than: low)
  }

  /// Each element above zero, else zero; what is not a number stays so.
  var rectified: SIMD16 {
    @inline(__always) get { cprocessor_rectified(self) }
  }

  var magnitudes: SIMD16 {
    @inline(__always) get { cprocessor_magnitude(self) }
  }
  /// These values, none of which is negative, with the signs of `x`.
  @inline(__always)
  func withSigns(of x: SIMD16) -> SIMD16 { cprocessor_with_signs(self, x) }
}

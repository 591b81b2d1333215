extension Float {
  /// The value of a half-precision number (IEEE 754 binary16).
  public init(halfBits bits: UInt16) {
    let sign: FloatingPointSign = bits >> 15 == 0 ? .plus : .minus
    let exponent = Int(bits >> 10 & 0x1F), fraction = Float(bits & 0x3FF)
    self =
      switch exponent {
      case 0x1F: fraction == 0 ? .infinity : .nan
      case 0: Float(sign: .plus, exponent: -24, significand: fraction)
      default: Float(sign: .plus, exponent: exponent - 25, significand: fraction + 1024)
      }
    if sign == .minus { negate() }
  }
}

internal import CProcessor

// Sixteen values at once of the functions in `Scalar+Functions.swift`, by the same polynomials: two registers of
// eight, whose
// long chains of dependent operations overlap, or one of sixteen. Products and sums are fused, so that the results may
// differ from those of the scalar functions in the last place.

extension SIMD16<Float> {
  /// `self + a · b` in one rounding. The vector type's own `addingProduct` is written element by element, and comes out
  /// of the compiler half scalar in longer expressions.
  @inline(__always)
  func plus(_ a: SIMD16, _ b: SIMD16) -> SIMD16 { cprocessor_fused_multiply_add(a, b, self) }

  /// c₀ + x · (c₁ + x · (c₂ + …)), the coefficients from the highest to c₀.
  @inline(__always)
  private static func horner(
    _ x: SIMD16, _ a: Float, _ b: Float, _ c: Float, _ d: Float, _ e: Float, _ f: Float? = nil, _ g: Float? = nil
  ) -> SIMD16 {
    var p = SIMD16(repeating: b).plus(SIMD16(repeating: a), x)
    p = SIMD16(repeating: c).plus(p, x)
    p = SIMD16(repeating: d).plus(p, x)
    p = SIMD16(repeating: e).plus(p, x)
    if let f { p = SIMD16(repeating: f).plus(p, x) }
    if let g { p = SIMD16(repeating: g).plus(p, x) }
    return p
  }

  private var bits: SIMD16<UInt32> {
    @inline(__always) get { unsafeBitCast(self, to: SIMD16<UInt32>.self) }
  }
  @inline(__always)
  private init(bits: SIMD16<UInt32>) { self = unsafeBitCast(bits, to: SIMD16<Float>.self) }
  private var magnitudes: SIMD16 {
    @inline(__always) get { SIMD16(bits: bits & 0x7FFF_FFFF) }
  }
  /// These values, none of which is negative, with the signs of `x`.
  @inline(__always)
  private func withSigns(of x: SIMD16) -> SIMD16 { SIMD16(bits: bits | (x.bits & 0x8000_0000)) }

  /// eˣ = fraction · 2ⁿ, both for |x| ≤ 88.8; the exponents n as they stand in the low bits of a float.
  private var exponentialParts: (fraction: SIMD16, exponents: SIMD16<Int32>) {
    @inline(__always) get {
      let magic = SIMD16(repeating: 12_582_912)
      let shifted = magic.plus(self, SIMD16(repeating: 1.44269504088896341))
      let n = shifted - magic
      let r = plus(n, SIMD16(repeating: -0.693359375)).plus(n, SIMD16(repeating: 2.12194440e-4))
      let p = Self.horner(
        r, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
      return ((r + 1).plus(p * r, r), unsafeBitCast(shifted, to: SIMD16<Int32>.self) &- 0x4B40_0000)
    }
  }

  /// eˣ.
  var exponential: SIMD16 {
    @inline(__always) get {
      let parts = replacing(with: 88.8, where: self .> 88.8).replacing(with: -88, where: self .< -88).exponentialParts
      let half = parts.exponents &>> 1
      let low = unsafeBitCast((half &+ 127) &<< 23, to: SIMD16<Float>.self)
      let high = unsafeBitCast((parts.exponents &- half &+ 127) &<< 23, to: SIMD16<Float>.self)
      return (parts.fraction * low * high)
        .replacing(with: 0, where: self .< -87.33655).replacing(with: .infinity, where: self .> 88.72283)
    }
  }

  /// eˣ for x from −87 to 88.3, and the values there beyond: all that functions need which add one to it.
  private var boundedExponential: SIMD16 {
    @inline(__always) get {
      let parts = replacing(with: 88.3, where: self .> 88.3).replacing(with: -87, where: self .< -87).exponentialParts
      return parts.fraction * unsafeBitCast((parts.exponents &+ 127) &<< 23, to: SIMD16<Float>.self)
    }
  }

  /// 1 / (1 + e⁻ˣ), zero where that is no normal number.
  var sigmoid: SIMD16 {
    @inline(__always) get { (1 / (1 + (-self).boundedExponential)).replacing(with: 0, where: self .< -87.4) }
  }

  /// tanh x.
  var hyperbolicTangent: SIMD16 {
    @inline(__always) get {
      let z = self * self
      let p = Self.horner(
        z, -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1)
      let size = magnitudes
      let far = 1 - 2 / ((2 * size).boundedExponential + 1)
      return far.withSigns(of: self).replacing(with: plus(p * z, self), where: size .< 0.625)
    }
  }

  /// erf x.
  var errorFunction: SIMD16 {
    @inline(__always) get {
      let p = Self.horner(
        self * self, 8.1851154e-5, -8.09771e-4, 5.1969527e-3, -2.6857706e-2, 1.1283664e-1, -3.7612632e-1, 1.2837917e-1)
      let size = magnitudes, t = size.replacing(with: 4, where: size .> 4)
      let q = Self.horner(
        t, -1.9150406e-4, 2.99954e-3, -2.2051996e-2, 1.03566885e-1, 6.3760006e-1, 1.127426, 2.564464e-4)
      let far = 1 - (-q).boundedExponential
      return far.withSigns(of: self).replacing(with: plus(p, self), where: size .< 0.95)
    }
  }

  /// Φ(x) = (1 + erf(x / √2)) / 2, of the normal distribution.
  var normalDistribution: SIMD16 {
    @inline(__always) get { 0.5 * (1 + (self * Float(0.5).squareRoot()).errorFunction) }
  }

  /// x · Φ(x).
  var gelu: SIMD16 {
    @inline(__always) get { self * normalDistribution }
  }

  /// Φ(x) + x · φ(x), with the normal density φ.
  var geluSlope: SIMD16 {
    @inline(__always) get {
      let density = (1 / (2 * Float.pi).squareRoot()) * (-0.5 * self * self).boundedExponential
      return normalDistribution.plus(self, density)
    }
  }

  /// The sum of the sixteen elements, in halves: an order that the code fixes.
  var total: Float {
    @inline(__always) get {
      let eight = lowHalf + highHalf, four = eight.lowHalf + eight.highHalf, two = four.lowHalf + four.highHalf
      return two.x + two.y
    }
  }
}

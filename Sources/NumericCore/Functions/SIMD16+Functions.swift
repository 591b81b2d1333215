internal import CProcessor

// Sixteen values at once of the functions in `Scalar+Functions.swift`, by the same polynomials: two registers of
// eight, whose long chains of dependent operations overlap, or one of sixteen. Products and sums are fused, so that the
// results may differ from those of the scalar functions in the last place.

extension SIMD16<Float> {
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

  /// eˣ = fraction · 2ⁿ, both for |x| ≤ 88.8; the exponents n as they stand in the low bits of a float.
  private var exponentialParts: (fraction: SIMD16, exponents: SIMD16<Int32>) {
    @inline(__always) get {
      let magic = SIMD16(repeating: 12_582_912)
      let shifted = magic.plus(self, SIMD16(repeating: 1.44269504088896341))
      let n = shifted - magic
      let r = plus(n, SIMD16(repeating: -0.693359375)).plus(n, SIMD16(repeating: 2.12194440e-4))
      let p = Self.horner(
        r, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
      return ((r + 1).plus(p * r, r), cprocessor_low_bits(shifted))
    }
  }

  /// eˣ.
  var exponential: SIMD16 {
    @inline(__always) get {
      let parts = limited(-88, 88.8).exponentialParts
      let half = parts.exponents &>> 1
      return cprocessor_scaled(cprocessor_scaled(parts.fraction, half), parts.exponents &- half)
        .replacing(with: 0, whereLess: self, than: -87.33655)
        .replacing(with: .infinity, whereGreater: self, than: 88.72283)
    }
  }

  /// eˣ for x from −87 to 88.3, and the values there beyond: all that functions need which add one to it.
  private var boundedExponential: SIMD16 {
    @inline(__always) get {
      let parts = limited(-87, 88.3).exponentialParts
      return cprocessor_scaled(parts.fraction, parts.exponents)
    }
  }

  /// 1 / (1 + e⁻ˣ), zero where that is no normal number.
  var sigmoid: SIMD16 {
    @inline(__always) get {
      (1 / (1 + (-self).boundedExponential)).replacing(with: 0, whereLess: self, than: -87.4)
    }
  }

  /// tanh x.
  var hyperbolicTangent: SIMD16 {
    @inline(__always) get {
      let z = self * self
      let p = Self.horner(
        z, -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1)
      let size = magnitudes
      let far = 1 - 2 / ((2 * size).boundedExponential + 1)
      return cprocessor_where_less(size, SIMD16(repeating: 0.625), plus(p * z, self), far.withSigns(of: self))
    }
  }

  /// erf x.
  var errorFunction: SIMD16 {
    @inline(__always) get {
      let p = Self.horner(
        self * self, 8.1851154e-5, -8.09771e-4, 5.1969527e-3, -2.6857706e-2, 1.1283664e-1, -3.7612632e-1, 1.2837917e-1)
      let size = magnitudes, t = size.replacing(with: 4, whereGreater: size, than: 4)
      let q = Self.horner(
        t, -1.9150406e-4, 2.99954e-3, -2.2051996e-2, 1.03566885e-1, 6.3760006e-1, 1.127426, 2.564464e-4)
      let far = 1 - (-q).boundedExponential
      return cprocessor_where_less(size, SIMD16(repeating: 0.95), plus(p, self), far.withSigns(of: self))
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

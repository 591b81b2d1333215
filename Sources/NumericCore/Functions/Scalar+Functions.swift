import Foundation

// Glibc's functions are calls that keep a loop from vectorising; the Float versions below are branch-free polynomials.
// Those of exp and tanh are from the Cephes library (Stephen Moshier, netlib.org/cephes, single precision), within a
// few units in the last place.

extension Float: Scalar {
  /// Cephes `expf`. Above 88.72 infinity, below −87.33 zero, NaN stays NaN.
  @inlinable @inline(__always)
  public static func exponential(_ x: Float) -> Float {
    let clamped = x > 88.8 ? 88.8 : (x < -88 ? -88 : x)
    // Adding 1.5·2²³ rounds to the nearest integer and leaves that integer in the low bits of the sum.
    let shifted = clamped * 1.44269504088896341 + 12_582_912
    let n = shifted - 12_582_912
    let r = clamped - n * 0.693359375 + n * 2.12194440e-4
    var p: Float = 1.9875691500e-4
    p = p * r + 1.3981999507e-3
    p = p * r + 8.3334519073e-3
    p = p * r + 4.1665795894e-2
    p = p * r + 1.6666665459e-1
    p = p * r + 5.0000001201e-1
    let fraction = p * r * r + r + 1
    // 2ⁿ in two halves, so that neither leaves the range of a normal number.
    let bits = Int32(bitPattern: shifted.bitPattern) &- 0x4B40_0000
    let half = bits &>> 1
    let low = Float(bitPattern: UInt32(bitPattern: (half &+ 127) &<< 23))
    let high = Float(bitPattern: UInt32(bitPattern: (bits &- half &+ 127) &<< 23))
    let result = fraction * low * high
    return x < -87.33655 ? 0 : (x > 88.72283 ? .infinity : result)
  }

  /// Cephes `tanhf`: a polynomial near zero, 1 − 2 / (exp(2|x|) + 1) elsewhere.
  @inlinable @inline(__always)
  public static func hyperbolicTangent(_ x: Float) -> Float {
    let magnitude = abs(x)
    let z = x * x
    var p: Float = -5.70498872745e-3
    p = p * z + 2.06390887954e-2
    p = p * z - 5.37397155531e-2
    p = p * z + 1.33314422036e-1
    p = p * z - 3.33332819422e-1
    let near = p * z * x + x
    let far = 1 - 2 / (exponential(2 * magnitude) + 1)
    return magnitude < 0.625 ? near : (x < 0 ? -far : far)
  }

  /// x + x · P(x²) near zero, 1 − exp(−Q(|x|)) elsewhere, with minimax polynomials fitted for this purpose: P to erf(x)
  /// / x − 1 by relative error, Q to −log(1 − erf(x)) by the error it causes. Within 10⁻⁷ of erf; beyond 4 it is 1 to
  /// single precision.
  @inlinable @inline(__always)
  public static func errorFunction(_ x: Float) -> Float {
    let magnitude = abs(x)
    let z = x * x
    var p: Float = 8.1851154e-5
    p = p * z - 8.09771e-4
    p = p * z + 5.1969527e-3
    p = p * z - 2.6857706e-2
    p = p * z + 1.1283664e-1
    p = p * z - 3.7612632e-1
    p = p * z + 1.2837917e-1
    let near = p * x + x
    let t = magnitude > 4 ? 4 : magnitude
    var q: Float = -1.9150406e-4
    q = q * t + 2.99954e-3
    q = q * t - 2.2051996e-2
    q = q * t + 1.03566885e-1
    q = q * t + 6.3760006e-1
    q = q * t + 1.127426
    q = q * t + 2.564464e-4
    let far = 1 - exponential(-q)
    return magnitude < 0.95 ? near : (x < 0 ? -far : far)
  }

  /// 2 artanh(s) for s = x / (2 + x) ≤ ⅓, as 2s + 2s³ · P(s²) with a minimax polynomial fitted for this purpose: within
  /// two units in the last place on 0 … 1. NaN stays NaN.
  @inlinable @inline(__always)
  public static func logarithmOnePlus(_ x: Float) -> Float {
    let s = x / (2 + x)
    let z = s * s
    var p: Float = 1.4012231e-1
    p = p * z + 1.3999571e-1
    p = p * z + 2.001085e-1
    p = p * z + 3.3333206e-1
    return 2 * s * z * p + 2 * s
  }

  public static func logarithm(_ x: Float) -> Float { logf(x) }
}

extension Double: Scalar {
  public static func exponential(_ x: Double) -> Double { exp(x) }
  public static func logarithm(_ x: Double) -> Double { log(x) }
  public static func logarithmOnePlus(_ x: Double) -> Double { log1p(x) }
  public static func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
  public static func errorFunction(_ x: Double) -> Double { erf(x) }
}

extension Double {
  /// cos x, so that a target above need not import Foundation for one function.
  public static func cosine(_ x: Double) -> Double { cos(x) }
  /// sin x.
  public static func sine(_ x: Double) -> Double { sin(x) }
}

import Foundation

// Glibc's functions are calls that keep a loop from vectorising; the Float versions below are branch-free polynomials
// from the Cephes library (Stephen Moshier, netlib.org/cephes, single precision), within 2 units in the last place.

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

  public static func logarithm(_ x: Float) -> Float { logf(x) }
  public static func logarithmOnePlus(_ x: Float) -> Float { log1pf(x) }
  public static func errorFunction(_ x: Float) -> Float { erff(x) }
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
}

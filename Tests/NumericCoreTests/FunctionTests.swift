import Foundation
import NumericCore
import TestSupport
import Testing

@Suite("Elementary functions in single precision against double")
struct FunctionTests {
  /// Every `stride`-th float bit pattern of either sign whose magnitude lies in `range`.
  func sweep(_ range: ClosedRange<Float>, stride step: Int = 4099, _ body: (Float) -> Void) {
    for bits in stride(from: range.lowerBound.bitPattern, through: range.upperBound.bitPattern, by: step) {
      body(Float(bitPattern: bits))
      body(-Float(bitPattern: bits))
    }
  }

  @Test("exp within 2 units in the last place wherever the result is a normal number")
  func exponential() {
    var worst = 0.0
    var at: Float = 0
    sweep(1e-10...88.72) { x in
      if x < -87.33 { return }
      let exact = exp(Double(x))
      let error = abs(Double(Float.exponential(x)) - exact) / Double(Float(exact).ulp)
      if error > worst { (worst, at) = (error, x) }
    }
    #expect(worst <= 2, "\(worst) ulp at \(at)")
  }

  @Test func exponentialAtTheEdges() {
    #expect(Float.exponential(0) == 1)
    #expect(Float.exponential(-0.0) == 1)
    #expect(Float.exponential(88.7228).isFinite)
    for x: Float in [88.73, 89, 1e4, 3e38, .infinity] { #expect(Float.exponential(x) == .infinity) }
    // Below the smallest normal number the result is zero: denormals would slow every kernel that meets them.
    #expect(Float.exponential(-87.33) >= .leastNormalMagnitude)
    for x: Float in [-87.34, -90, -103, -1e4, -3e38, -.infinity] { #expect(Float.exponential(x) == 0) }
    #expect(Float.exponential(.nan).isNaN)
    for x: Float in [.leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude] {
      #expect(Float.exponential(x) == 1)
    }
  }

  @Test("log(1 + x) within 2 units in the last place from 0 to 1")
  func logarithmOnePlus() {
    var worst = 0.0
    var at: Float = 0
    sweep(1e-37...1) { x in
      guard x > 0 else { return }
      let exact = log1p(Double(x))
      let error = abs(Double(Float.logarithmOnePlus(x)) - exact) / Double(Float(exact).ulp)
      if error > worst { (worst, at) = (error, x) }
    }
    #expect(worst <= 2, "\(worst) ulp at \(at)")
    #expect(Float.logarithmOnePlus(0) == 0 && Float.logarithmOnePlus(.nan).isNaN)
  }

  @Test("tanh within 3 units in the last place everywhere")
  func hyperbolicTangent() {
    var worst = 0.0
    var at: Float = 0
    sweep(.leastNormalMagnitude...100) { x in
      let exact = tanh(Double(x))
      let error = abs(Double(Float.hyperbolicTangent(x)) - exact) / Double(Float(exact).ulp)
      if error > worst { (worst, at) = (error, x) }
    }
    #expect(worst <= 3, "\(worst) ulp at \(at)")
  }

  @Test func hyperbolicTangentAtTheEdges() {
    for x: Float in [10, 88, 89, 1e4, 3e38, .infinity] {
      #expect(Float.hyperbolicTangent(x) == 1)
      #expect(Float.hyperbolicTangent(-x) == -1)
    }
    #expect(Float.hyperbolicTangent(.nan).isNaN)
    #expect(Float.hyperbolicTangent(0) == 0)
    for x: Float in [.leastNonzeroMagnitude, 1e-40, .leastNormalMagnitude, 1e-20] {
      #expect(Float.hyperbolicTangent(x) == x)
    }
  }

  @Test("erf within 10⁻⁷ everywhere, odd, ±1 at the ends")
  func errorFunction() {
    var worst = 0.0
    var at: Float = 0
    sweep(1e-10...12) { x in
      let error = abs(Double(Float.errorFunction(x)) - erf(Double(x)))
      if error > worst { (worst, at) = (error, x) }
    }
    #expect(worst <= 1e-7, "\(worst) at \(at)")
    #expect(Float.errorFunction(0) == 0)
    for x: Float in [6, 1e4, 3e38, .infinity] {
      #expect(Float.errorFunction(x) == 1)
      #expect(Float.errorFunction(-x) == -1)
    }
    #expect(Float.errorFunction(.nan).isNaN)
  }

  @Test("Activation kernels keep NaN and take ±10,000 and infinities to their limits")
  func specialValues() {
    let input: [Float] = [.nan, 1e4, -1e4, .infinity, -.infinity]
    func apply(_ kernel: (BufferView<Float>, BufferView<Float>) -> Void) -> [Float] {
      withWindow(input) { input in output([Float](repeating: 7, count: 5)) { kernel(input, $0) } }
    }
    let tangent = apply { NumericCore.hyperbolicTangent($0, into: $1) }
    #expect(tangent[0].isNaN && tangent[1...] == [1, -1, 1, -1])
    let logistic = apply { sigmoid($0, into: $1) }
    #expect(logistic[0].isNaN && logistic[1...] == [1, 0, 1, 0])
    let rectified = apply { leakyReLU($0, slope: 0.5, into: $1) }
    #expect(rectified[0].isNaN && rectified[1...] == [1e4, -5e3, .infinity, -.infinity])
    let plain = apply { leakyReLU($0, slope: 0, into: $1) }
    #expect(plain[0].isNaN && plain[1...3] == [1e4, 0, .infinity])
    let gaussian = apply { gelu($0, into: $1) }
    #expect(gaussian[0].isNaN && gaussian[1...3] == [1e4, 0, .infinity])
  }
}

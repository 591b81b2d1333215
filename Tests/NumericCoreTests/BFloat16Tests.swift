import NumericCore
import TestSupport
import Testing

@Suite("Numbers in bfloat16")
struct BFloat16Tests {
  /// The nearer of the two neighbours that have sixteen bits, of equally near ones the even one.
  private func nearest(_ x: Float) -> Float {
    guard x.isFinite else { return x }
    let low = Float(bitPattern: x.bitPattern & 0xFFFF_0000)
    // Beyond the greatest, infinity stands for 2¹²⁸.
    let high = Float(bitPattern: (x.bitPattern & 0xFFFF_0000) + 0x1_0000)
    let (below, value) = (Double(low), Double(x))
    let above = high.isInfinite ? (x < 0 ? -0x1p128 : 0x1p128) : Double(high)
    let (toLow, toHigh) = (abs(value - below), abs(above - value))
    if toLow != toHigh { return toLow < toHigh ? low : high }
    return low.bitPattern >> 16 & 1 == 0 ? low : high
  }

  private func round(_ x: [Float], error: [Float]) -> (rounded: [Float], error: [Float], message: [UInt16]) {
    let (values, left, message) = (FlatBuffer(x), FlatBuffer(error), FlatBuffer<UInt16>(count: x.count))
    roundToBFloat16(values.view, error: left.view, into: message.view)
    return (Array(values.view), Array(left.view), Array(message.view))
  }

  @Test("Numbers become their nearest, and the error is what is left", arguments: [0, 1, 7, 8, 9, 15, 17, 33, 1003])
  func rounding(count: Int) {
    let x = (0..<count).map { Float(bitPattern: UInt32(truncatingIfNeeded: $0 &* 2_654_435_761) & 0xBFFF_FFFF) }
    let error = (0..<count).map { Float($0 % 5) * 0x1p-12 }
    let result = round(x, error: error)
    for i in 0..<count {
      let sum = x[i] + error[i]
      #expect(result.rounded[i] == nearest(sum), "\(sum)")
      #expect(result.error[i] == sum - nearest(sum), "\(sum)")
    }
    let widened = FlatBuffer<Float>(count: count)
    let message = FlatBuffer(result.message)
    widenBFloat16(message.view, into: widened.view)
    #expect(Array(widened.view) == result.rounded)
  }

  @Test("Ties go to the even neighbour, great numbers to infinity; NaN stays, and leaves no error behind")
  func edges() {
    let x: [Float] = [
      1 + 0x1p-8, 1 + 3 * 0x1p-8, -1 - 0x1p-8, .greatestFiniteMagnitude, .infinity, -.infinity, .nan,
      Float(bitPattern: 0x7FFF_FFFF), Float(bitPattern: 0xFF80_0001), -0.0,
    ]
    let result = round(x, error: [Float](repeating: 0, count: x.count))
    #expect(result.rounded[..<6] == [1, 1 + 0x1p-6, -1, .infinity, .infinity, -.infinity])
    #expect(result.rounded[6...8].allSatisfy { $0.isNaN })
    #expect(result.rounded[9] == 0)
    #expect(result.error[3...].allSatisfy { $0 == 0 })
  }
}

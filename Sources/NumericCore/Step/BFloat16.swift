/// Numbers in bfloat16 for messages: floats without their last sixteen bits.

/// Rounds numbers to bfloat16, to the nearest and ties to even, and keeps what rounding leaves for the next time (error
/// feedback; Seide et al. 2014, "1-bit stochastic gradient descent and its application to data-parallel distributed
/// training of speech DNNs"):
///
///     v = x + e;  x ← bfloat16(v);  e ← v − x
///
/// - Parameters:
///   - values: x; the rounded numbers take their place, so that the sender has what the receivers have.
///   - error: e; 0 where v − x is not finite. As many as `values`.
///   - message: overwritten with the bits of the rounded numbers, as many as `values`.
public func roundToBFloat16(
  _ values: BufferView<Float>, error: BufferView<Float>, into message: BufferView<UInt16>
) {
  precondition(
    values.count == error.count && values.count == message.count,
    "\(values.count) numbers with \(error.count) errors into \(message.count)")
  for i in values.indices {
    let v = values[i] + error[i], bits = v.bitPattern
    // A NaN stays one: rounded like a number, its last bits could carry into the sign.
    let halves = bits & 0x7FFF_FFFF > 0x7F80_0000 ? bits | 0x40_0000 : bits &+ 0x7FFF &+ (bits &>> 16 & 1)
    let rounded = Float(bitPattern: halves & 0xFFFF_0000), left = v - rounded
    values[i] = rounded
    error[i] = left - left == 0 ? left : 0
    message[i] = UInt16(truncatingIfNeeded: halves &>> 16)
  }
}

/// Overwrites `values` with the numbers of a message in bfloat16, as many.
public func widenBFloat16(_ message: BufferView<UInt16>, into values: BufferView<Float>) {
  precondition(values.count == message.count, "\(message.count) numbers into \(values.count)")
  for i in values.indices { values[i] = Float(bitPattern: UInt32(message[i]) &<< 16) }
}

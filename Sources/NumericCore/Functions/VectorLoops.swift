// Loops over sixteen elements at a time. The elements left at the end are computed in a vector too: what an element
// gives does not depend on where it stands.

extension UnsafeMutableBufferPointer<Float> {
  /// Sixteen elements from `index` on.
  @inline(__always)
  func sixteen(_ index: Int) -> SIMD16<Float> { SIMD16(at: baseAddress.unsafelyUnwrapped + index) }

  /// Overwrites sixteen elements from `index` on.
  @inline(__always)
  func setSixteen(_ index: Int, _ values: SIMD16<Float>) {
    values.store(to: baseAddress.unsafelyUnwrapped + index)
  }

  /// The elements from `index` on, fewer than sixteen, and zeros behind them.
  @inline(never)
  fileprivate func last(_ index: Int) -> SIMD16<Float> {
    var values = SIMD16<Float>()
    for i in index..<count { values[i - index] = self[i] }
    return values
  }

  @inline(never)
  fileprivate func setLast(_ index: Int, _ values: SIMD16<Float>) {
    for i in index..<count { self[i] = values[i - index] }
  }
}

/// `output = f(input)`.
@inline(__always)
func mapSixteen(_ input: BufferView<Float>, into output: BufferView<Float>, _ f: (SIMD16<Float>) -> SIMD16<Float>) {
  var index = 0
  while index + 16 <= output.count {
    output.setSixteen(index, f(input.sixteen(index)))
    index += 16
  }
  if index < output.count { output.setLast(index, f(input.last(index))) }
}

/// `output = f(left, right)`.
@inline(__always)
func mapSixteen(
  _ left: BufferView<Float>, _ right: BufferView<Float>, into output: BufferView<Float>,
  _ f: (SIMD16<Float>, SIMD16<Float>) -> SIMD16<Float>
) {
  var index = 0
  while index + 16 <= output.count {
    output.setSixteen(index, f(left.sixteen(index), right.sixteen(index)))
    index += 16
  }
  if index < output.count { output.setLast(index, f(left.last(index), right.last(index))) }
}

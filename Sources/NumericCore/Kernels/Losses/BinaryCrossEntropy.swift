/// Sums w · t · log(1 + e⁻ᶻ) + (1 − t) · log(1 + eᶻ) over logits z and targets t, and counts logits on their target's
/// side of one half.
///
/// Terms are computed in blocks, which vectorises, and added in double in their order.
///
/// - Shapes: `logits`, `targets` and `gradient` [count]; `positiveWeights` w [1], or [K] in turn for rows of K outputs.
/// - Parameters:
///   - gradient: overwritten with gradientScale · ((1 − t) · σ(z) − w · t · σ(−z)); nil where only the sums are wanted.
@specialized(where S == Float)
@specialized(where S == Double)
public func binaryCrossEntropy<S: Scalar>(
  logits: BufferView<S>, targets: BufferView<S>, positiveWeights: [Double], gradient: BufferView<S>?, gradientScale: S
) -> (loss: Double, correct: Double) {
  let width = positiveWeights.count, count = logits.count
  precondition(
    targets.count == count && (gradient?.count ?? count) == count && width > 0 && count % width == 0,
    "\(count) logits, \(targets.count) targets and \(width) positive weights")
  // Of single precision, three blocks fit what the compiler puts on the stack: nothing is allocated.
  let blockSize = 64
  return withUnsafeTemporaryAllocation(of: S.self, capacity: 3 * blockSize) { memory in
    let terms = memory.view(0..<blockSize), hits = memory.view(blockSize..<2 * blockSize)
    let weights = memory.view(2 * blockSize..<3 * blockSize)
    weights.update(repeating: S(positiveWeights[0]))
    var loss = 0.0, correct = 0.0
    var start = 0
    while start < count {
      let size = min(blockSize, count - start)
      let z = logits.view(start..<start + size), t = targets.view(start..<start + size)
      if width > 1 {
        for i in 0..<size { weights[i] = S(positiveWeights[(start + i) % width]) }
      }
      for i in 0..<size {
        let decay = S.exponential(-abs(z[i]))
        let tail = S.logarithmOnePlus(decay)
        let positive = (z[i] > 0 ? z[i] : 0) + tail, negative = (z[i] > 0 ? 0 : -z[i]) + tail
        terms[i] = weights[i] * t[i] * negative + (1 - t[i]) * positive
        hits[i] = (z[i] > 0) == (t[i] > S(0.5)) ? 1 : 0
      }
      if let gradient = gradient?.view(start..<start + size) {
        for i in 0..<size {
          let decay = S.exponential(-abs(z[i]))
          let greater = 1 / (1 + decay), lesser = decay / (1 + decay)
          let positive = z[i] > 0 ? greater : lesser, negative = z[i] > 0 ? lesser : greater
          gradient[i] = gradientScale * ((1 - t[i]) * positive - weights[i] * t[i] * negative)
        }
      }
      for i in 0..<size {
        loss += Double(terms[i])
        correct += Double(hits[i])
      }
      start += size
    }
    return (loss, correct)
  }
}

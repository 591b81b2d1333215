/// Sums Σ_{j ≠ y} max(0, m − z_y + z_j) / K over the rows z of `logits` [N, K] with labels y, and counts the rows whose
/// first greatest logit is the label's; both divided by `positions`, the rows of a sample.
///
/// - Parameters:
///   - margin: m.
///   - gradient: overwritten; nil where only the sums are wanted.
@specialized(where S == Float)
@specialized(where S == Double)
public func multiClassHinge<S: Scalar>(
  logits: BufferView<S>, labels: BufferView<S>, classes: Int, margin: S, gradient: BufferView<S>?, positions: Int
) -> (loss: Double, correct: Double) {
  var lossSum = 0.0
  var correct = 0
  let scale = 1 / S(classes * positions)
  for sample in labels.indices {
    let row = logits.view(sample * classes..<(sample + 1) * classes)
    let label = classIndex(labels[sample], of: classes)
    var loss: S = 0, violations: S = 0
    for j in row.indices {
      let term = j == label ? 0 : margin - row[label] + row[j]
      // Written so that NaN is kept.
      loss += term <= 0 ? 0 : term
      violations += term > 0 ? 1 : 0
      if let gradient { gradient[sample * classes + j] = term > 0 ? scale : 0 }
    }
    if let gradient { gradient[sample * classes + label] = -scale * violations }
    lossSum += Double(loss)
    correct += firstGreatest(row) == label ? 1 : 0
  }
  return (lossSum / Double(classes * positions), Double(correct) / Double(positions))
}

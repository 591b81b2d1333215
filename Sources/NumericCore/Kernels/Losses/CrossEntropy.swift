// Cross-entropy of softmax over rows of logits, and the softmax itself.

/// Sums −log softmax(logits)[label] over the rows of `logits` [N, K], and counts the rows whose first greatest logit is
/// the label's.
///
/// - Parameter gradient: overwritten with softmax(logits) − 1 at the label; nil where only the sums are wanted.
@specialized(where S == Float)
@specialized(where S == Double)
public func labelCrossEntropy<S: Scalar>(
  logits: BufferView<S>, labels: BufferView<S>, classes: Int, gradient: BufferView<S>?
) -> (loss: Double, correct: Double) {
  var lossSum = 0.0
  var correct = 0
  for sample in labels.indices {
    let row = logits.view(sample * classes..<(sample + 1) * classes)
    let label = classIndex(labels[sample], of: classes)
    let best = firstGreatest(row)
    let greatest = row[best]
    var sum: S = 0
    if let gradient {
      let gradientRow = gradient.view(sample * classes..<(sample + 1) * classes)
      for j in row.indices { gradientRow[j] = S.exponential(row[j] - greatest) }
      for j in row.indices { sum += gradientRow[j] }
      for j in row.indices { gradientRow[j] /= sum }
      gradientRow[label] -= 1
    } else {
      for j in row.indices { sum += S.exponential(row[j] - greatest) }
    }
    lossSum += Double(S.logarithm(sum) - (row[label] - greatest))
    correct += best == label ? 1 : 0
  }
  return (lossSum, Double(correct))
}

/// Sums −Σⱼ wⱼ · qⱼ · log softmax(logits)ⱼ over the rows of `logits` [N, K], where q is the target, smoothed to (1 − ε)
/// · q + ε / K; counts the rows whose first greatest logit is that of the target; sums the weights of the labels.
///
/// - Parameters:
///   - targets: labels [N] where `isLabels`, otherwise distributions [N, K], which weigh 1.
///   - smoothing: ε.
///   - weights: w [K]; nil for 1 each.
///   - gradient: overwritten with (Σⱼ wⱼ · qⱼ) · softmax(logits) − w · q; nil where only the sums are wanted.
@specialized(where S == Float)
@specialized(where S == Double)
public func weightedCrossEntropy<S: Scalar>(
  logits: BufferView<S>, targets: BufferView<S>, isLabels: Bool, classes: Int, smoothing: S, weights: [Double]?,
  gradient: BufferView<S>?
) -> (loss: Double, correct: Double, weight: Double) {
  var lossSum = 0.0, weightSum = 0.0
  var correct = 0
  let spread = smoothing / S(max(1, classes))
  for sample in 0..<logits.count / max(1, classes) {
    let row = logits.view(sample * classes..<(sample + 1) * classes)
    let label: Int
    if isLabels {
      label = classIndex(targets[sample], of: classes)
    } else {
      label = firstGreatest(targets.view(sample * classes..<(sample + 1) * classes))
    }
    let best = firstGreatest(row)
    let greatest = row[best]
    var sum: S = 0
    for j in row.indices { sum += S.exponential(row[j] - greatest) }
    let logarithm = S.logarithm(sum)
    var loss: S = 0, total: S = 0
    for j in row.indices {
      let given: S = isLabels ? (j == label ? 1 : 0) : targets[sample * classes + j]
      let target = (weights.map { S($0[j]) } ?? 1) * ((1 - smoothing) * given + spread)
      total += target
      loss += target * (logarithm - (row[j] - greatest))
      if let gradient { gradient[sample * classes + j] = -target }
    }
    if let gradient {
      let gradientRow = gradient.view(sample * classes..<(sample + 1) * classes)
      for j in row.indices { gradientRow[j] += total * (S.exponential(row[j] - greatest) / sum) }
    }
    lossSum += Double(loss)
    weightSum += isLabels ? Double(weights.map { S($0[label]) } ?? 1) : 1
    correct += best == label ? 1 : 0
  }
  return (lossSum, Double(correct), weightSum)
}

/// Sums the focal loss −α_y · (1 − p_y)^γ · log p_y, p = softmax(logits), over the rows of `logits` [N, K] with labels
/// y, and counts the rows whose first greatest logit is the label's; both divided by `positions`, the rows of a sample.
///
/// - Parameters:
///   - gamma: γ.
///   - alpha: α [K]; nil for 1 each.
///   - gradient: overwritten; nil where only the sums are wanted.
@specialized(where S == Float)
@specialized(where S == Double)
public func focalLoss<S: Scalar>(
  logits: BufferView<S>, labels: BufferView<S>, classes: Int, gamma: S, alpha: [Double]?, gradient: BufferView<S>?,
  positions: Int
) -> (loss: Double, correct: Double) {
  var lossSum = 0.0
  var correct = 0
  for sample in labels.indices {
    let row = logits.view(sample * classes..<(sample + 1) * classes)
    let label = classIndex(labels[sample], of: classes)
    let best = firstGreatest(row)
    let greatest = row[best]
    var others: S = 0
    for j in row.indices where j != label { others += S.exponential(row[j] - greatest) }
    let sum = others + S.exponential(row[label] - greatest)
    let logarithm = (row[label] - greatest) - S.logarithm(sum)
    let miss = others / sum
    // x^γ by logarithms; 0⁰ is 1.
    let modulation = (alpha.map { S($0[label]) } ?? 1) * (gamma == 0 ? 1 : S.exponential(gamma * S.logarithm(miss)))
    lossSum += Double(-modulation * logarithm)
    correct += best == label ? 1 : 0
    if let gradient {
      let gradientRow = gradient.view(sample * classes..<(sample + 1) * classes)
      // −log p / (1 − p) goes to 1 as p does.
      let ratio = miss > 0 ? -logarithm / miss : 1
      let factor = modulation * (1 + gamma * (1 - miss) * ratio) / S(positions)
      for j in row.indices { gradientRow[j] = factor * (S.exponential(row[j] - greatest) / sum) }
      gradientRow[label] = -factor * miss
    }
  }
  return (lossSum / Double(positions), Double(correct) / Double(positions))
}

/// The label as an index.
func classIndex<S: Scalar>(_ label: S, of classes: Int) -> Int {
  let index = Int(label)
  precondition((0..<classes).contains(index), "label \(index) of \(classes) classes")
  return index
}

/// Overwrites each row of `logits` [N, K] with its softmax.
@specialized(where S == Float)
@specialized(where S == Double)
public func softmaxRows<S: Scalar>(_ logits: BufferView<S>, classes: Int) {
  precondition(classes > 0 && logits.count % classes == 0, "rows of \(classes) in \(logits.count) logits")
  for start in stride(from: 0, to: logits.count, by: classes) {
    let row = logits.view(start..<start + classes)
    let greatest = row[firstGreatest(row)]
    var sum: S = 0
    for j in row.indices {
      row[j] = S.exponential(row[j] - greatest)
      sum += row[j]
    }
    for j in row.indices { row[j] /= sum }
  }
}

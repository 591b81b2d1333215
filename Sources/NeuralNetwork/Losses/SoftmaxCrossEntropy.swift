public import NumericCore

/// −log softmax(logits)[label], computed as log Σ exp(logitⱼ − max) − (logit_label − max), which is stable for any logits.
/// Its gradient is softmax(logits) − onehot(label). A sample is correct where its greatest logit (the first, in a tie) is
/// the label's. Where a sample has several positions with a label each, as in a sequence, its loss is their mean, and it is
/// correct in the share of them that are.
public struct SoftmaxCrossEntropy<S: Scalar>: Loss {
  public init() {}
  public var targetKind: TargetKind { .classIndex }

  public func evaluate(outputs: Window<S>, targets: Window<S>, samples: Int, gradient: Window<S>?) -> LossSums {
    let (positions, classes) = sizes(outputs, targets, samples, gradient)
    var sums = softmaxCrossEntropy(logits: outputs, labels: targets, classes: classes, gradient: gradient)
    if positions > 1 {
      sums.loss /= Double(positions)
      sums.correct = sums.correct.map { $0 / Double(positions) }
      if let gradient { scale(gradient, by: 1 / S(positions)) }
    }
    return sums
  }
}

@specialized(where S == Float)
@specialized(where S == Double)
private func softmaxCrossEntropy<S: Scalar>(
  logits: Window<S>, labels: Window<S>, classes: Int, gradient: Window<S>?
) -> LossSums {
  var lossSum = 0.0
  var correct = 0
  for sample in labels.indices {
    let row = logits.window(sample * classes..<(sample + 1) * classes)
    let label = Int(labels[sample])
    precondition((0..<classes).contains(label), "label \(label) of \(classes) classes")
    var best = 0
    for j in row.indices where row[j] > row[best] { best = j }
    let greatest = row[best]
    var sum: S = 0
    if let gradient {
      let gradientRow = gradient.window(sample * classes..<(sample + 1) * classes)
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
  return LossSums(loss: lossSum, correct: Double(correct))
}

/// Overwrites each row of `logits` [N, K] with its softmax.
@specialized(where S == Float)
@specialized(where S == Double)
public func softmaxRows<S: Scalar>(_ logits: Window<S>, classes: Int) {
  precondition(classes > 0 && logits.count % classes == 0, "rows of \(classes) in \(logits.count) logits")
  for start in stride(from: 0, to: logits.count, by: classes) {
    let row = logits.window(start..<start + classes)
    let greatest = row.max()!
    var sum: S = 0
    for j in row.indices {
      row[j] = S.exponential(row[j] - greatest)
      sum += row[j]
    }
    for j in row.indices { row[j] /= sum }
  }
}

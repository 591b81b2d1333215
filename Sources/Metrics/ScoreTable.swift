public import NumericCore

/// The scores of samples and what is true of them, kept for metrics that depend on the order of all scores.
public struct ScoreTable: Sendable {
  public let task: MetricTask
  private var outputs: [Float] = []
  /// What is taken from each logit of a row, for classes: the greatest of them, then log Σ exp of what is left.
  private var shifts: [(greatest: Double, logarithm: Double)] = []
  /// Labels for classes, 0 or 1 for each output otherwise.
  private var labels: [Int32] = []
  /// Of the samples; empty where all count the same.
  private var weights: [Float] = []

  /// - Precondition: the task is not one of values.
  public init(_ task: MetricTask) {
    precondition(task.kind != .values, "scores of values")
    self.task = task
  }

  /// Keeps samples, but for those that `MetricSums` leaves out.
  ///
  /// - Shapes: as for `MetricSums`.
  public mutating func add(
    outputs: BufferView<Float>, targets: BufferView<Float>, weights: BufferView<Float>? = nil
  ) {
    let count = task.count(outputs.count, targets.count)
    let positions = weights.map { max(1, count / max(1, $0.count)) } ?? 1
    for sample in 0..<count {
      // Without the values behind the logits.
      let row = outputs.view(sample * task.rowSize..<sample * task.rowSize + task.outputSize)
      let target = targets.view(sample * task.targetSize..<(sample + 1) * task.targetSize)
      let weight = weights.map { $0[sample / positions] }
      guard weight != 0, !task.isLeftOut(target) else { continue }
      self.outputs += row
      if let weight { self.weights.append(weight) }
      switch task.kind {
      case .labels: labels.append(Int32(target[0]))
      case .distributions: labels.append(Int32(firstGreatest(target)))
      case .binary, .values: labels += target.map { $0 > 0.5 ? 1 : 0 }
      }
      if task.hasClasses { shifts.append(Self.shift(row)) }
    }
  }

  /// The weight of each sample that is kept; empty where all count the same.
  public var sampleWeights: [Double] { weights.map { Double($0) } }

  /// What thresholds are compared with: the logits of output `index`, or what the second of two classes has more than
  /// the first.
  public func decisionScores(_ index: Int) -> [Float] {
    let size = task.outputSize
    return (0..<outputs.count / size).map { sample in
      task.hasClasses ? outputs[sample * size + 1] - outputs[sample * size] : outputs[sample * size + index]
    }
  }

  /// What metrics need to know of the samples, judged by the thresholds of `task`.
  ///
  /// - Precondition: a task of yes-or-no outputs or two classes.
  public func sums(_ task: MetricTask, metrics: [any Metric]) -> MetricSums {
    precondition(task.takesThresholds, "thresholds of \(task)")
    var sums = MetricSums(task, metrics: metrics)
    let outputs = FlatBuffer(self.outputs), targets = FlatBuffer(labels.map { Float($0) })
    let weights = self.weights.isEmpty ? nil : FlatBuffer(self.weights)
    withExtendedLifetime((outputs, targets, weights)) {
      sums.add(outputs: outputs.view, targets: targets.view, weights: weights?.view)
    }
    return sums
  }

  /// The score of each sample for class or output `index`, and 1 where it is the sample's.
  ///
  /// Classes are scored by the logarithm of their softmax, the second of two against the first by the difference of the
  /// logits, outputs by their logit: none of these is rounded to equality before the sigmoid or the softmax would be.
  public func column(_ index: Int) -> (scores: [Double], isPositive: [UInt8]) {
    let size = task.outputSize, count = outputs.count / size
    var scores = [Double](repeating: 0, count: count)
    var isPositive = [UInt8](repeating: 0, count: count)
    for sample in 0..<count {
      let output = Double(outputs[sample * size + index])
      if !task.hasClasses {
        scores[sample] = output
        isPositive[sample] = labels[sample * size + index] == 1 ? 1 : 0
      } else {
        let shift = shifts[sample]
        scores[sample] =
          size == 2
          ? output - Double(outputs[sample * size + 1 - index]) : (output - shift.greatest) - shift.logarithm
        isPositive[sample] = Int(labels[sample]) == index ? 1 : 0
      }
    }
    return (scores, isPositive)
  }

  /// The greatest logit and log Σ exp(logit − greatest), the sum taken in integers of 2⁻⁴⁶: it does not depend on the
  /// order of the classes, so that rows of the same logits in another order, or all shifted alike, tie as they should.
  private static func shift(_ row: BufferView<Float>) -> (greatest: Double, logarithm: Double) {
    let greatest = Double(row[firstGreatest(row)])
    var sum: UInt64 = 0
    for x in row {
      let term = Double.exponential(Double(x) - greatest)
      // The comparison also finds a NaN.
      guard term <= 1 else { return (.nan, .nan) }
      sum += UInt64((term * 0x1p46).rounded())
    }
    return (greatest, Double.logarithm(Double(sum) * 0x1p-46))
  }
}

/// Figures that depend on the order of the scores alone.
public struct RankingFigures: Sendable, Equatable {
  /// The share of pairs of a positive and a negative sample in which the positive one scores higher, ties counted half;
  /// nil where there is no such pair.
  public let rocAUC: Double?
  /// Σ (Rₙ − Rₙ₋₁) Pₙ over the thresholds, samples of one score taken together; nil without a positive sample.
  public let averagePrecision: Double?

  /// From all samples, in any order: the result is the same. Nil both where a score is NaN.
  ///
  /// O(N log N).
  ///
  /// - Parameter weights: what each sample counts, in one order for the same bits; empty for 1 each.
  public init(scores: [Double], isPositive: [UInt8], weights: [Double] = []) {
    precondition(
      scores.count == isPositive.count && (weights.isEmpty || weights.count == scores.count),
      "\(scores.count) scores of \(isPositive.count) samples with \(weights.count) weights")
    guard weights.isEmpty else {
      (rocAUC, averagePrecision) = Self.weighed(scores, isPositive, weights)
      return
    }
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    var positives = 0, negatives = 0
    // Twice the number of pairs in the right order; exact.
    var pairs = 0
    var precisionSum = 0.0
    var start = 0
    while start < order.count {
      var end = start, newPositives = 0
      while end < order.count, scores[order[end]] == scores[order[start]] {
        newPositives += Int(isPositive[order[end]])
        end += 1
      }
      // A NaN equals nothing, itself included.
      guard end > start else {
        (rocAUC, averagePrecision) = (nil, nil)
        return
      }
      let newNegatives = end - start - newPositives
      pairs += newNegatives * (2 * positives + newPositives)
      positives += newPositives
      negatives += newNegatives
      precisionSum += Double(newPositives) * (Double(positives) / Double(end))
      start = end
    }
    rocAUC = positives > 0 && negatives > 0 ? Double(pairs) / (2 * Double(positives) * Double(negatives)) : nil
    averagePrecision = positives > 0 ? precisionSum / Double(positives) : nil
  }

  /// The same of sums of weights in the place of counts.
  private static func weighed(
    _ scores: [Double], _ isPositive: [UInt8], _ weights: [Double]
  ) -> (rocAUC: Double?, averagePrecision: Double?) {
    let order = scores.indices.sorted { scores[$0] > scores[$1] || (scores[$0] == scores[$1] && $0 < $1) }
    var positives = 0.0, negatives = 0.0, pairs = 0.0, precisionSum = 0.0
    var start = 0
    while start < order.count {
      var end = start, newPositives = 0.0, newNegatives = 0.0
      while end < order.count, scores[order[end]] == scores[order[start]] {
        if isPositive[order[end]] == 1 {
          newPositives += weights[order[end]]
        } else {
          newNegatives += weights[order[end]]
        }
        end += 1
      }
      // A NaN equals nothing, itself included.
      guard end > start else { return (nil, nil) }
      pairs += newNegatives * (positives + newPositives / 2)
      positives += newPositives
      negatives += newNegatives
      if newPositives > 0 { precisionSum += newPositives * (positives / (positives + negatives)) }
      start = end
    }
    return (
      positives > 0 && negatives > 0 ? pairs / (positives * negatives) : nil,
      positives > 0 ? precisionSum / positives : nil
    )
  }
}

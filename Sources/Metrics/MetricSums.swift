public import NumericCore

/// What metrics need to know of any number of samples: counts and sums that add up over micro-batches, shards and
/// ranks.
///
/// Merged in one fixed order they give the same bits however the samples were divided. The elements, by task:
///
/// | task | elements |
/// |---|---|
/// | classes | N, Σ log loss, how often the label had rank 0, 1, …; for each class labels, predictions, hits; the
/// confusion matrix |
/// | binary | N, Σ log loss, samples right in all outputs; for each output true and false positives, false and true
/// negatives |
/// | values | N; for each output Σe², Σ\|e\|, the mean of the targets and Σ of their squared distances from it |
///
/// Behind them stand the sums that metrics keep themselves. Where samples have weights, all counts and sums are of
/// weights and N is their sum, as with scikit-learn's `sample_weight`.
public struct MetricSums: Sendable {
  public let task: MetricTask
  /// Those whose own sums are kept.
  public let metrics: [any Metric]
  /// The state, which `init(_:metrics:elements:)` takes back on another rank.
  public private(set) var elements: [Double]

  /// The greatest k of a top-k accuracy.
  public static let rankLimit = 100
  /// Classes up to which a confusion matrix is kept.
  public static let confusionLimit = 256

  /// Of no sample.
  public init(_ task: MetricTask, metrics: [any Metric] = MetricCatalog.all) {
    let count = Self.elementCount(task) + metrics.reduce(0) { $0 + $1.sumCount(task) }
    self.init(task, metrics: metrics, elements: [Double](repeating: 0, count: count))
  }

  /// - Precondition: `elements` are those of a state of the same task and metrics.
  public init(_ task: MetricTask, metrics: [any Metric] = MetricCatalog.all, elements: [Double]) {
    precondition(
      elements.count == Self.elementCount(task) + metrics.reduce(0) { $0 + $1.sumCount(task) },
      "\(elements.count) elements for metrics of \(task)")
    self.task = task
    self.metrics = metrics
    self.elements = elements
  }

  /// Takes in samples. Those of weight 0 and those whose label is below 0, which stands for no class, are left out.
  ///
  /// - Shapes: as the task says; `weights` one for each sample, with all its positions, nil for 1 each.
  public mutating func add(
    outputs: BufferView<Float>, targets: BufferView<Float>, weights: BufferView<Float>? = nil
  ) {
    let task = task
    let count = task.count(outputs.count, targets.count)
    let positions = weights.map { max(1, count / max(1, $0.count)) } ?? 1
    let summing = metrics.filter { $0.sumCount(task) > 0 }
    elements.withUnsafeMutableBufferPointer { elements in
      for sample in 0..<count {
        let row = outputs.view(sample * task.rowSize..<(sample + 1) * task.rowSize)
        let target = targets.view(sample * task.targetSize..<(sample + 1) * task.targetSize)
        let weight = weights.map { Double($0[sample / positions]) } ?? 1
        guard weight != 0, !task.isLeftOut(target) else { continue }
        switch task.kind {
        case .labels:
          task.addClass(
            row.view(first: task.outputSize), label: Int(target[0]), distribution: nil, weight, to: elements)
        case .distributions:
          task.addClass(row, label: firstGreatest(target), distribution: target, weight, to: elements)
        case .binary: task.addBinary(row, target, weight, to: elements)
        case .values: task.addValues(row, target, weight, to: elements)
        }
        guard !summing.isEmpty else { continue }
        var start = Self.elementCount(task)
        let scaled = task.units.isEmpty ? nil : (outputs: task.inUnits(row), target: task.inUnits(target))
        for metric in summing {
          let end = start + metric.sumCount(task), sums = elements.view(start..<end)
          // A metric adds one sample; what it adds is multiplied.
          let before = weight == 1 ? [] : Array(sums)
          metric.add(
            outputs: scaled?.outputs.view ?? row, target: scaled?.target.view ?? target, task: task, to: sums)
          for (index, old) in before.enumerated() { sums[index] = old + weight * (sums[index] - old) }
          start = end
        }
      }
    }
  }

  /// Takes in the samples of another state.
  public mutating func merge(_ other: MetricSums) {
    precondition(task == other.task, "metrics of \(other.task) merged into \(task)")
    let first = task.kind == .values ? Self.elementCount(task) : 0
    if task.kind == .values { mergeValues(other) }
    for i in first..<elements.count { elements[i] += other.elements[i] }
  }

  private mutating func mergeValues(_ other: MetricSums) {
    let own = elements[0], others = other.elements[0], total = own + others
    guard others > 0 else { return }
    elements[0] = total
    for output in 0..<task.outputSize {
      let at = 1 + output * Self.valueWidth
      elements[at] += other.elements[at]
      elements[at + 1] += other.elements[at + 1]
      // Chan, Golub and LeVeque 1979: no large sums of squares are subtracted.
      let distance = other.elements[at + 2] - elements[at + 2]
      elements[at + 2] += distance * (others / total)
      elements[at + 3] += other.elements[at + 3] + distance * distance * (own * others / total)
    }
  }

  /// The same of values in the units of the data, which those of others may be merged with, whatever their scale.
  package var inUnitsOfData: MetricSums {
    guard !task.units.isEmpty else { return self }
    var (task, elements) = (task, elements)
    for (output, unit) in task.units.enumerated() {
      let at = 1 + output * Self.valueWidth
      elements[at] *= unit.width * unit.width
      elements[at + 1] *= unit.width
      elements[at + 2] = elements[at + 2] * unit.width + unit.zero
      elements[at + 3] *= unit.width * unit.width
    }
    task.units = []
    return MetricSums(task, metrics: metrics, elements: elements)
  }

  // MARK: What figures follow from

  var sampleCount: Double { elements[0] }
  var logLoss: Double { elements[1] }
  /// Samples of which all yes-or-no outputs are right.
  var rightSamples: Double { elements[2] }
  /// Right yes-or-no outputs over all samples.
  var rightOutputs: Double { (0..<task.outputSize).reduce(0) { $0 + counts($1).tp + counts($1).tn } }

  /// Labels among the k greatest logits.
  func labelsInTop(_ k: Int) -> Double { elements[2..<2 + k].reduce(0, +) }

  /// True and false positives, false and true negatives of a yes-or-no output.
  func counts(_ output: Int) -> (tp: Double, fp: Double, fn: Double, tn: Double) {
    let at = Self.binaryStart + 4 * output
    return (elements[at], elements[at + 1], elements[at + 2], elements[at + 3])
  }

  /// Of each output of values: Σe², Σ|e|, and Σ of the targets' squared distances from their mean, in the units of the
  /// data.
  var outputSums: [(squaredError: Double, absoluteError: Double, deviation: Double)] {
    (0..<task.outputSize).map { output in
      let at = 1 + output * Self.valueWidth
      let unit = task.units.isEmpty ? 1 : task.units[output].width
      return (elements[at] * unit * unit, elements[at + 1] * unit, elements[at + 3] * unit * unit)
    }
  }

  /// The sums that one of the metrics keeps itself.
  func ownSums(ofMetric index: Int) -> [Double] {
    let start = Self.elementCount(task) + metrics[..<index].reduce(0) { $0 + $1.sumCount(task) }
    return Array(elements[start..<start + metrics[index].sumCount(task)])
  }

  // MARK: Layout

  static let valueWidth = 4
  static let binaryStart = 3

  static func rankCount(_ task: MetricTask) -> Int { min(task.outputSize, rankLimit) }
  /// Where the counts by class begin: labels, predictions, hits.
  static func classStart(_ task: MetricTask) -> Int { 2 + rankCount(task) }
  static func confusionStart(_ task: MetricTask) -> Int { classStart(task) + 3 * task.outputSize }

  /// Without the sums that metrics keep themselves.
  private static func elementCount(_ task: MetricTask) -> Int {
    let size = task.outputSize
    switch task.kind {
    case .labels, .distributions: return confusionStart(task) + (size <= confusionLimit ? size * size : 0)
    case .binary: return binaryStart + 4 * size
    case .values: return 1 + valueWidth * size
    }
  }
}

extension MetricSums: Equatable {
  public static func == (a: MetricSums, b: MetricSums) -> Bool { a.task == b.task && a.elements == b.elements }
}

// MARK: One sample

extension MetricTask {
  fileprivate func addClass(
    _ logits: BufferView<Float>, label: Int, distribution: BufferView<Float>?, _ weight: Double,
    to elements: BufferView<Double>
  ) {
    let classes = outputSize
    precondition((0..<classes).contains(label), "label \(label) of \(classes) classes")
    let prediction = prediction(logits)
    elements[0] += weight
    let logarithm = logSumExp(logits)
    if let distribution {
      for j in logits.indices where distribution[j] != 0 {
        elements[1] += weight * (Double(distribution[j]) * (logarithm - Double(logits[j])))
      }
    } else {
      elements[1] += weight * (logarithm - Double(logits[label]))
    }
    var rank = 0
    for j in logits.indices where logits[j] > logits[label] || (logits[j] == logits[label] && j < label) { rank += 1 }
    if rank < MetricSums.rankCount(self) { elements[2 + rank] += weight }
    let start = MetricSums.classStart(self)
    elements[start + label] += weight
    elements[start + classes + prediction] += weight
    if label == prediction { elements[start + 2 * classes + label] += weight }
    if classes <= MetricSums.confusionLimit {
      elements[MetricSums.confusionStart(self) + label * classes + prediction] += weight
    }
  }

  fileprivate func addBinary(
    _ logits: BufferView<Float>, _ targets: BufferView<Float>, _ weight: Double, to elements: BufferView<Double>
  ) {
    elements[0] += weight
    var isRight = true
    for output in logits.indices {
      let z = Double(logits[output]), t = Double(targets[output])
      let tail = Double.logarithmOnePlus(Double.exponential(-abs(z)))
      elements[1] += weight * (t * (max(-z, 0) + tail) + (1 - t) * (max(z, 0) + tail))
      let isPositive = t > 0.5, isPredicted = z > (thresholds.isEmpty ? 0 : Double(thresholds[output]))
      isRight = isRight && isPositive == isPredicted
      let slot = isPositive ? (isPredicted ? 0 : 2) : (isPredicted ? 1 : 3)
      elements[MetricSums.binaryStart + 4 * output + slot] += weight
    }
    if isRight { elements[2] += weight }
  }

  fileprivate func addValues(
    _ outputs: BufferView<Float>, _ targets: BufferView<Float>, _ weight: Double, to elements: BufferView<Double>
  ) {
    elements[0] += weight
    for output in outputs.indices {
      let at = 1 + output * MetricSums.valueWidth
      let target = Double(targets[output])
      let error = Double(outputs[output]) - target
      elements[at] += weight * (error * error)
      elements[at + 1] += weight * abs(error)
      // West 1979: the mean moves by the sample's share of the weights so far.
      let distance = target - elements[at + 2]
      elements[at + 2] += weight * distance / elements[0]
      elements[at + 3] += weight * (distance * (target - elements[at + 2]))
    }
  }
}

/// log Σ exp(x), in double.
func logSumExp(_ row: BufferView<Float>) -> Double {
  let greatest = Double(row[firstGreatest(row)])
  var sum = 0.0
  for x in row { sum += Double.exponential(Double(x) - greatest) }
  return greatest + Double.logarithm(sum)
}

public import NumericCore

/// What metrics need to know of any number of samples: counts and sums that add up over micro-batches, shards and ranks.
///
/// Merged in one fixed order they give the same bits however the samples were divided. The elements, by task:
///
/// | task | elements |
/// |---|---|
/// | classes | N, Σ log loss, how often the label had rank 0, 1, …; for each class labels, predictions, hits; the confusion matrix |
/// | detections | as for classes, then Σ IoU |
/// | binary | N, Σ log loss, samples right in all outputs; for each output true and false positives, false and true negatives |
/// | values | N; for each output Σe², Σ\|e\|, the mean of the targets and Σ of their squared distances from it |
public struct MetricSums: Sendable, Equatable {
  public let task: MetricTask
  /// The state, which `init(_:elements:)` takes back on another rank.
  public private(set) var elements: [Double]

  /// The greatest k of a top-k accuracy.
  public static let rankLimit = 100
  /// Classes up to which a confusion matrix is kept.
  public static let confusionLimit = 256

  /// Of no sample.
  public init(_ task: MetricTask) {
    self.task = task
    elements = [Double](repeating: 0, count: Self.elementCount(task))
  }

  /// - Precondition: `elements` are those of a state of the same task.
  public init(_ task: MetricTask, elements: [Double]) {
    precondition(elements.count == Self.elementCount(task), "\(elements.count) elements for metrics of \(task)")
    self.task = task
    self.elements = elements
  }

  /// Takes in samples.
  ///
  /// - Shapes: as the task says.
  public mutating func add(outputs: Window<Float>, targets: Window<Float>) {
    let task = task
    let count = task.count(outputs.count, targets.count)
    elements.withUnsafeMutableBufferPointer { elements in
      for sample in 0..<count {
        let row = outputs.window(sample * task.rowSize..<(sample + 1) * task.rowSize)
        let target = targets.window(sample * task.targetSize..<(sample + 1) * task.targetSize)
        switch task.kind {
        case .labels: task.addClass(row, label: Int(target[0]), distribution: nil, to: elements)
        case .distributions:
          task.addClass(row, label: firstGreatest(target), distribution: target, to: elements)
        case .binary: task.addBinary(row, target, to: elements)
        case .values: task.addValues(row, target, to: elements)
        case .detections:
          task.addClass(
            row.window(first: task.outputSize), label: Int(target[0]), distribution: nil, to: elements)
          elements[Self.overlapPlace(task)] += intersectionOverUnion(
            row.window(task.outputSize..<task.rowSize), target.window(1..<task.targetSize))
        }
      }
    }
  }

  /// Takes in the samples of another state.
  public mutating func merge(_ other: MetricSums) {
    precondition(task == other.task, "metrics of \(other.task) merged into \(task)")
    guard task.kind == .values else {
      for i in elements.indices { elements[i] += other.elements[i] }
      return
    }
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

  // MARK: Layout

  static let valueWidth = 4

  var sampleCount: Double { elements[0] }
  static func rankCount(_ task: MetricTask) -> Int { min(task.outputSize, rankLimit) }
  /// Where the counts by class begin: labels, predictions, hits.
  static func classStart(_ task: MetricTask) -> Int { 2 + rankCount(task) }
  static func confusionStart(_ task: MetricTask) -> Int { classStart(task) + 3 * task.outputSize }
  /// Where Σ IoU stands, behind the confusion matrix.
  static func overlapPlace(_ task: MetricTask) -> Int {
    confusionStart(task) + (task.outputSize <= confusionLimit ? task.outputSize * task.outputSize : 0)
  }
  static let binaryStart = 3

  private static func elementCount(_ task: MetricTask) -> Int {
    let size = task.outputSize
    switch task.kind {
    case .labels, .distributions: return overlapPlace(task)
    case .detections: return overlapPlace(task) + 1
    case .binary: return binaryStart + 4 * size
    case .values: return 1 + valueWidth * size
    }
  }

}

// MARK: One sample

extension MetricTask {
  fileprivate func addClass(
    _ logits: Window<Float>, label: Int, distribution: Window<Float>?, to elements: Window<Double>
  ) {
    let classes = outputSize
    precondition((0..<classes).contains(label), "label \(label) of \(classes) classes")
    let prediction = firstGreatest(logits)
    elements[0] += 1
    let logarithm = logSumExp(logits)
    if let distribution {
      for j in logits.indices where distribution[j] != 0 {
        elements[1] += Double(distribution[j]) * (logarithm - Double(logits[j]))
      }
    } else {
      elements[1] += logarithm - Double(logits[label])
    }
    var rank = 0
    for j in logits.indices where logits[j] > logits[label] || (logits[j] == logits[label] && j < label) { rank += 1 }
    if rank < MetricSums.rankCount(self) { elements[2 + rank] += 1 }
    let start = MetricSums.classStart(self)
    elements[start + label] += 1
    elements[start + classes + prediction] += 1
    if label == prediction { elements[start + 2 * classes + label] += 1 }
    if classes <= MetricSums.confusionLimit {
      elements[MetricSums.confusionStart(self) + label * classes + prediction] += 1
    }
  }

  fileprivate func addBinary(_ logits: Window<Float>, _ targets: Window<Float>, to elements: Window<Double>) {
    elements[0] += 1
    var isRight = true
    for output in logits.indices {
      let z = Double(logits[output]), t = Double(targets[output])
      let tail = Double.logarithmOnePlus(Double.exponential(-abs(z)))
      elements[1] += t * (max(-z, 0) + tail) + (1 - t) * (max(z, 0) + tail)
      let isPositive = t > 0.5, isPredicted = z > 0
      isRight = isRight && isPositive == isPredicted
      let slot = isPositive ? (isPredicted ? 0 : 2) : (isPredicted ? 1 : 3)
      elements[MetricSums.binaryStart + 4 * output + slot] += 1
    }
    if isRight { elements[2] += 1 }
  }

  fileprivate func addValues(_ outputs: Window<Float>, _ targets: Window<Float>, to elements: Window<Double>) {
    elements[0] += 1
    for output in outputs.indices {
      let at = 1 + output * MetricSums.valueWidth
      let target = Double(targets[output])
      let error = Double(outputs[output]) - target
      elements[at] += error * error
      elements[at + 1] += abs(error)
      let distance = target - elements[at + 2]
      elements[at + 2] += distance / elements[0]
      elements[at + 3] += distance * (target - elements[at + 2])
    }
  }
}

/// The intersection over union |A ∩ B| / |A ∪ B| of two boxes [x centre, y centre, width, height] (Everingham and others, "The Pascal
/// visual object classes challenge", 2010): 1 for equal boxes, 0 for boxes apart. A box of a negative width or height is empty.
///
/// In double; the quotient of a sample, so that a mean over samples is the mean IoU of one box an image.
func intersectionOverUnion(_ a: Window<Float>, _ b: Window<Float>) -> Double {
  var intersection = 1.0, areaA = 1.0, areaB = 1.0
  for axis in 0..<2 {
    let (centerA, centerB) = (Double(a[axis]), Double(b[axis]))
    let (sizeA, sizeB) = (max(0, Double(a[axis + 2])), max(0, Double(b[axis + 2])))
    let low = max(centerA - sizeA / 2, centerB - sizeB / 2)
    let high = min(centerA + sizeA / 2, centerB + sizeB / 2)
    intersection *= max(0, high - low)
    areaA *= sizeA
    areaB *= sizeB
  }
  let union = areaA + areaB - intersection
  return union > 0 ? intersection / union : 0
}

/// log Σ exp(x), in double.
func logSumExp(_ row: Window<Float>) -> Double {
  let greatest = Double(row[firstGreatest(row)])
  var sum = 0.0
  for x in row { sum += Double.exponential(Double(x) - greatest) }
  return greatest + Double.logarithm(sum)
}

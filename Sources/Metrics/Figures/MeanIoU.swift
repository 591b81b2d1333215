public import NumericCore

/// The mean over samples of the intersection over union of the box that was found and the true one, whatever the
/// classes.
struct MeanIoU: Metric {
  let names = ["mean_iou"]
  let summary = "mean overlap of boxes: intersection over union"

  /// Where a box stands behind the logits of a row and behind the label of a target.
  private func hasBoxes(_ task: MetricTask) -> Bool { task.kind == .labels && task.valuesBehind == 4 }

  func sumCount(_ task: MetricTask) -> Int { hasBoxes(task) ? 1 : 0 }

  func add(outputs: BufferView<Float>, target: BufferView<Float>, task: MetricTask, to sums: BufferView<Double>) {
    sums[0] += intersectionOverUnion(
      outputs.view(task.outputSize..<outputs.count), target.view(1..<target.count))
  }

  func figures(_ results: SplitResults) -> [MetricReport.Figure] {
    guard hasBoxes(results.task) else { return [] }
    let overlap = results.sampleCount > 0 ? results.ownSums[0] / results.sampleCount : nil
    return [MetricReport.Figure(name: "mean_iou", value: overlap)]
  }
}

/// The intersection over union |A ∩ B| / |A ∪ B| of two boxes [x centre, y centre, width, height] (Everingham and
/// others, "The Pascal visual object classes challenge", 2010): 1 for equal boxes, 0 for boxes apart. A box of a
/// negative width or height is empty.
///
/// In double; the quotient of a sample, so that a mean over samples is the mean IoU of one box an image.
func intersectionOverUnion(_ a: BufferView<Float>, _ b: BufferView<Float>) -> Double {
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

public import NumericCore

/// The numbers of a box: x centre, y centre, width and height, relative to the image.
public let boxSize = 4

/// The loss of one class and one box a sample: the cross-entropy of the class plus λ Σ Huber_δ(bᵢ − tᵢ) over the four
/// numbers of the box, the multi-task loss of Girshick ("Fast R-CNN", 2015) whose smooth L1 is δ = 1.
///
/// A sample is correct where its greatest logit (the first, in a tie) is the label's.
public struct DetectionLoss<S: Scalar>: Loss {
  private let boxes: HuberLoss<S>
  /// λ.
  private let boxWeight: S

  /// - Parameters:
  ///   - delta: δ, where the square turns into a line; greater than 0.
  ///   - boxWeight: λ, at least 0.
  public init(delta: Double = 0.1, boxWeight: Double = 20) {
    precondition(boxWeight >= 0, "a box weight of \(boxWeight)")
    boxes = HuberLoss(delta: delta)
    self.boxWeight = S(boxWeight)
  }

  public var targetKind: TargetKind { .detection }

  /// - Shapes: `outputs` and `gradient` [N, K + 4], logits then box; `targets` [N, 5], class then box.
  public func evaluate(outputs: Window<S>, targets: Window<S>, samples: Int, gradient: Window<S>?) -> LossSums {
    let width = outputs.count / max(1, samples), classes = width - boxSize
    precondition(
      outputs.count == width * samples && targets.count == (1 + boxSize) * samples
        && (samples == 0 || classes > 0) && (gradient?.count ?? outputs.count) == outputs.count,
      "\(outputs.count) outputs and \(targets.count) targets of detections for \(samples) samples")
    var sums = LossSums(loss: 0, correct: 0)
    for sample in 0..<samples {
      let start = sample * width, target = sample * (1 + boxSize)
      let logits = start..<start + classes, box = start + classes..<start + width
      let (loss, correct) = labelCrossEntropy(
        logits: outputs.window(logits), labels: targets.window(target..<target + 1), classes: classes,
        gradient: gradient?.window(logits))
      sums += LossSums(loss: loss, correct: correct)
      let gradient = gradient?.window(box)
      // The mean over the four, as every loss of several outputs takes it, times four.
      let mean = boxes.evaluate(
        outputs: outputs.window(box), targets: targets.window(target + 1..<target + 1 + boxSize), samples: 1,
        gradient: gradient)
      sums.loss += Double(boxWeight) * Double(boxSize) * mean.loss
      if let gradient { scale(gradient, by: boxWeight * S(boxSize)) }
    }
    return sums
  }
}

public import NumericCore
public import Settings

/// The numbers of a box: x centre, y centre, width and height, relative to the image.
public let boxSize = 4

/// The loss of one class and one box a sample: the cross-entropy of the class plus λ Σ Huber_δ(bᵢ − tᵢ) over the four
/// numbers of the box, the multi-task loss of Girshick ("Fast R-CNN", 2015) whose smooth L1 is δ = 1.
///
/// A sample is correct where its greatest logit (the first, in a tie) is the label's.
public struct DetectionLoss: Loss {
  /// δ, where the square turns into a line.
  public var delta: Double
  /// λ: what the loss of the box counts beside that of the class.
  public var boxWeight: Double

  public init(delta: Double = 0.1, boxWeight: Double = 20) {
    self.delta = delta
    self.boxWeight = boxWeight
  }

  public init() { self.init(delta: 0.1) }

  public static let name = "detection"
  public static let summary = "cross-entropy of the class and Huber's loss of the box"
  public static let settings: [Setting<DetectionLoss>] = [
    Setting("delta", \.delta, .above(0), "the error of a box where the square turns into a line"),
    Setting("box_weight", \.boxWeight, .atLeast(0), "weight of the box beside the class"),
  ]
  public var targetKind: TargetKind { .classAndBox }

  /// - Shapes: `outputs` and `gradient` [N, K + 4], logits then box; `targets` [N, 5], class then box.
  public func evaluate<S: Scalar>(
    outputs: BufferView<S>, targets: BufferView<S>, samples: Int, gradient: BufferView<S>?
  ) -> StepScalars {
    let width = outputs.count / max(1, samples), classes = width - boxSize
    precondition(
      outputs.count == width * samples && targets.count == (1 + boxSize) * samples
        && (samples == 0 || classes > 0) && (gradient?.count ?? outputs.count) == outputs.count,
      "\(outputs.count) outputs and \(targets.count) targets of detections for \(samples) samples")
    let boxes = HuberLoss(delta: delta)
    var loss = 0.0, correct = 0.0
    for sample in 0..<samples {
      let start = sample * width, target = sample * (1 + boxSize)
      let logits = start..<start + classes, box = start + classes..<start + width
      let label = labelCrossEntropy(
        logits: outputs.view(logits), labels: targets.view(target..<target + 1), classes: classes,
        gradient: gradient?.view(logits))
      loss += label.loss
      correct += label.correct
      let gradient = gradient?.view(box)
      // The mean over the four, as every loss of several outputs takes it, times four.
      let mean = boxes.evaluate(
        outputs: outputs.view(box), targets: targets.view(target + 1..<target + 1 + boxSize), samples: 1,
        gradient: gradient)
      loss += Double(S(boxWeight)) * Double(boxSize) * mean.loss
      if let gradient { scale(gradient, by: S(boxWeight) * S(boxSize)) }
    }
    return StepScalars(loss: loss, correct: correct, samples: samples)
  }
}

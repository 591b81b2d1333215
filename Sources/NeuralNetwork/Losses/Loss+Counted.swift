public import NumericCore

// Losses of samples that do not all count the same.

extension Loss {
  /// The loss of samples that have weights, or targets that are left out.
  ///
  /// - A sample of weight w brings w times its loss, its gradient, its share of the accuracy and its weight among the
  ///   classes: the sums of weights are what to divide by, as in PyTorch `(loss * w).sum() / w.sum()`. A sample of
  ///   weight 0 is as if it were not there, whatever its loss.
  /// - A class index below 0 stands for no class, as PyTorch's `ignore_index`: the sample, or the step of a sequence,
  ///   has no loss and no gradient and counts for nothing. The mean is over those that are left.
  ///
  /// - Shapes: as for `evaluate(outputs:targets:samples:gradient:)`; `weights` [N], each at least 0, nil for 1 each.
  public func evaluate<S: Scalar>(
    outputs: BufferView<S>, targets: BufferView<S>, weights: BufferView<S>?, samples: Int, gradient: BufferView<S>?
  ) -> StepScalars {
    let leavesOut = targetKind == .classIndex && targets.contains { $0 < 0 }
    guard weights != nil || leavesOut else {
      return evaluate(outputs: outputs, targets: targets, samples: samples, gradient: gradient)
    }
    precondition(weights.map { $0.count == samples } ?? true, "\(weights?.count ?? 0) weights for \(samples) samples")
    let width = outputs.count / max(1, samples), targetWidth = targets.count / max(1, samples)
    var sums = StepScalars()
    for sample in 0..<samples {
      let own = sample * width..<(sample + 1) * width
      let outputs = outputs.view(own), gradient = gradient?.view(own)
      let targets = targets.view(sample * targetWidth..<(sample + 1) * targetWidth)
      let weight = weights.map { $0[sample] } ?? 1
      guard weight != 0 else {
        gradient?.update(repeating: 0)
        sums += StepScalars(loss: 0, counting: 0)
        continue
      }
      var part =
        leavesOut
        ? evaluateCounted(outputs: outputs, targets: targets, gradient: gradient)
        : evaluate(outputs: outputs, targets: targets, samples: 1, gradient: gradient)
      if weight != 1 {
        part.multiply(by: Double(weight))
        if let gradient { scale(gradient, by: weight) }
      }
      sums += part
    }
    return sums
  }

  /// The loss of one sample without the steps that stand for no class.
  private func evaluateCounted<S: Scalar>(
    outputs: BufferView<S>, targets: BufferView<S>, gradient: BufferView<S>?
  ) -> StepScalars {
    let steps = targets.count, classes = outputs.count / max(1, steps)
    var sums = StepScalars(loss: 0, counting: 0)
    var start = 0
    while start < steps {
      let isLeftOut = targets[start] < 0
      var end = start + 1
      while end < steps, (targets[end] < 0) == isLeftOut { end += 1 }
      let run = start * classes..<end * classes
      if isLeftOut {
        gradient?.view(run).update(repeating: 0)
      } else {
        // Each step as a sample of its own.
        var part = evaluate(
          outputs: outputs.view(run), targets: targets.view(start..<end), samples: end - start,
          gradient: gradient?.view(run))
        part.multiply(by: 1 / Double(steps))
        part.samples = 0
        sums += part
        if steps > 1, let gradient { scale(gradient.view(run), by: 1 / S(steps)) }
      }
      start = end
    }
    return sums
  }
}

extension StepScalars {
  /// The sums of one sample that counts as much as is said.
  fileprivate init(loss: Double, counting count: Double) {
    self.init(loss: loss, samples: 1)
    (weight, counted) = (count, count)
  }

  /// As if the samples counted so many times as much.
  fileprivate mutating func multiply(by factor: Double) {
    loss *= factor
    correct *= factor
    weight *= factor
    counted *= factor
  }
}

/// Overwrites `distributions` [N, K] with 1 at each label and 0 elsewhere.
public func fillOneHot(_ distributions: BufferView<Float>, labels: BufferView<Float>) {
  let classes = labels.isEmpty ? 0 : distributions.count / labels.count
  precondition(
    distributions.count == classes * labels.count, "\(labels.count) labels in \(distributions.count) elements")
  distributions.update(repeating: 0)
  for (sample, label) in labels.enumerated() { distributions[sample * classes + Int(label)] = 1 }
}

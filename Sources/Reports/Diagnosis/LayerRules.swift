import Basics

/// Vanishing gradients: the first layers learn next to nothing.
///
/// Of a network with at least four layers with weights, the gradient's root mean square of one in the first half is
/// below 5·10⁻⁴ of the greatest of all. (The models by name stay above 5·10⁻³ on their tasks.) A gradient of exactly 0
/// is that of a weight that is frozen or behind dead units.
struct VanishingGradients: DiagnosisRule {
  static let name = "vanishing gradients"

  func finding(_ evidence: Evidence) -> Finding? {
    for (_, layers) in networks(evidence) {
      guard let greatest = layers.max(by: { $0.gradient < $1.gradient }), greatest.gradient > 0,
        let least = layers.prefix(layers.count / 2).min(by: { $0.gradient < $1.gradient }),
        least.gradient < 5e-4 * greatest.gradient
      else { continue }
      return found(
        "the gradient dies out on its way to the first layers, which learn next to nothing",
        evidence: "root mean square of the gradient \(shortNumber(least.gradient)) in layer \(least.name) "
          + "(\(least.type)), \(shortNumber(greatest.gradient)) in layer \(greatest.name) (\(greatest.type))",
        advice:
          "relu in place of sigmoid or tanh, batch_norm or layer_norm, residual blocks, initializer kaiming, fewer "
          + "layers")
    }
    return nil
  }
}

/// Exploding gradients: they grow on their way to the first layers, or in single steps.
///
/// Of a network with at least four layers with weights, the gradient's root mean square of one in the first half is
/// more than 1,000 times that of the last; or the norm of a recorded step is above 10 and more than 100 times the
/// median of the 20 before it. (The first steps of a sound run have the greatest norms.)
struct ExplodingGradients: DiagnosisRule {
  static let name = "exploding gradients"
  static let explained = [LossSpikes.name]

  func finding(_ evidence: Evidence) -> Finding? {
    let advice = "clip_norm: 1, a lower learning rate, batch_norm or layer_norm, initializer xavier or kaiming"
    let norms = evidence.steps.compactMap { step in step.gradientNorm.map { (step: step.step, norm: $0) } }
    for index in norms.indices.dropFirst(20) where norms[index].norm > 10 {
      guard let middle = median(norms[index - 20..<index].map(\.norm)), norms[index].norm > 100 * middle else {
        continue
      }
      return found(
        "the gradient explodes in single steps",
        evidence: "norm \(shortNumber(norms[index].norm)) in step \(norms[index].step), median of the steps before it "
          + shortNumber(middle), advice: advice)
    }
    for (_, layers) in networks(evidence) {
      guard let last = layers.last, last.gradient > 0,
        let greatest = layers.prefix(layers.count / 2).max(by: { $0.gradient < $1.gradient }),
        greatest.gradient > 1_000 * last.gradient
      else { continue }
      return found(
        "the gradient grows on its way to the first layers",
        evidence: "root mean square \(shortNumber(greatest.gradient)) in layer \(greatest.name) (\(greatest.type)), "
          + "\(shortNumber(last.gradient)) in the last, \(last.name)", advice: advice)
    }
    return nil
  }
}

/// The layers with weights of each network that has at least four, in order. Embeddings are left out: most of their
/// rows have no part in a batch.
private func networks(_ evidence: Evidence) -> [(String, [(name: String, type: String, gradient: Double)])] {
  let names = evidence.layers.map(\.network).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
  return names.map { network in
    (
      network,
      evidence.layers.filter { $0.network == network && !$0.type.contains("Embedding") }.compactMap { layer in
        layer.gradient.map { (layer.name, layer.type, $0) }
      }
    )
  }.filter { $0.1.count >= 4 }
}

/// Dead rectified units: they give 0 for every sample, so they pass no gradient and never change again.
///
/// Of a layer of at least 8 units that gave at least 64 numbers each in the probe, more than four fifths. (Sound models
/// have layers of which more than half is not in use.)
struct DeadUnits: DiagnosisRule {
  static let name = "dead units"

  func finding(_ evidence: Evidence) -> Finding? {
    let layers = evidence.layers.filter { $0.units >= 8 && $0.observations >= 64 && 5 * $0.deadUnits > 4 * $0.units }
    guard !layers.isEmpty else { return nil }
    return found(
      "rectified units are dead: they give 0 for every sample, and no gradient passes them",
      evidence: layers.prefix(4).map {
        "\(grouped($0.deadUnits)) of \(grouped($0.units)) in layer \($0.name)"
      }.joined(separator: ", ") + (layers.count > 4 ? ", …" : "")
        + ", over \(grouped(layers[0].observations)) numbers each",
      advice:
        "a lower learning rate or schedule.warmup_steps, leaky_relu or gelu in place of relu, initializer kaiming, "
        + "batch_norm before the activation")
  }
}

/// A batch normalization that is fed with one sample: there are no statistics of one, and it gives zeros.
///
/// Where shards get micro-batches of one sample and the layer has one value a sample and channel, as the run itself
/// works out before it begins.
struct SingleSampleStatistics: DiagnosisRule {
  static let name = "batch normalization of one sample"

  func finding(_ evidence: Evidence) -> Finding? {
    guard let warning = evidence.material["batch_norm"]?.string else { return nil }
    return found(
      "a batch normalization is fed with single samples at times", evidence: warning,
      advice: "a greater --batch-size, fewer --shards, batch_norm with sync: true, or layer_norm")
  }
}

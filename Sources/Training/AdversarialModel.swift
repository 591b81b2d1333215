import Configuration
import NeuralNetwork
import NumericCore

/// The networks of a GAN: each by itself for its passes, and both joined in one model whose layouts are those of the run, so that
/// they share one exchange, one update and one checkpoint.
///
/// The generator's parameters and statistics stand before the discriminator's; each network's flat buffers are windows of the joined
/// ones. Names begin with `generator.` and `discriminator.`, as in a PyTorch module of two `nn.Sequential`.
struct AdversarialModel<S: Scalar>: Sendable {
  let joined: Model<S>
  /// From latent vectors [N, `layers.latent`] to samples.
  let generator: Model<S>
  /// From samples to logits.
  let discriminator: Model<S>
  /// What they were built of.
  let layers: AdversarialDescription

  static var generatorPrefix: String { "generator." }
  static var discriminatorPrefix: String { "discriminator." }

  /// - Precondition: built of the same layers, the generator's first.
  init(
    joined: Model<S>, generator: Model<S>, discriminator: Model<S>, layers: AdversarialDescription
  ) {
    self.layers = layers
    for layout in [\Model<S>.parameterLayout, \.statisticLayout] {
      let (whole, first, second) = (joined[keyPath: layout], generator[keyPath: layout], discriminator[keyPath: layout])
      precondition(
        whole.count == first.count + second.count
          && whole.entries.map(\.name) == (first.entries + second.entries).map(\.name)
          && whole.entries.map(\.range)
            == first.entries.map(\.range)
            + second.entries.map { $0.range.lowerBound + first.count..<$0.range.upperBound + first.count },
        "layouts of two networks that are not windows of the joined one")
    }
    (self.joined, self.generator, self.discriminator) = (joined, generator, discriminator)
  }

  /// Where the discriminator's elements begin in a flat buffer of the joined model.
  static func discriminatorStart(in layout: ParameterLayout) -> Int {
    layout.entries.first { $0.name.hasPrefix(discriminatorPrefix) }?.range.lowerBound ?? layout.count
  }

  /// The generator's part of the values of both.
  func generatorValues(_ values: ModelValues<S>) -> ModelValues<S> {
    part(values, parameters: 0..<generator.parameterLayout.count, statistics: 0..<generator.statisticLayout.count)
  }

  /// The discriminator's part of the values of both.
  func discriminatorValues(_ values: ModelValues<S>) -> ModelValues<S> {
    part(
      values, parameters: generator.parameterLayout.count..<joined.parameterLayout.count,
      statistics: generator.statisticLayout.count..<joined.statisticLayout.count)
  }

  private func part(_ values: ModelValues<S>, parameters: Range<Int>, statistics: Range<Int>) -> ModelValues<S> {
    ModelValues(
      parameters: values.parameters.window(parameters), gradients: values.gradients?.window(parameters),
      statistics: values.statistics.window(statistics), batchStatistics: values.batchStatistics?.window(statistics))
  }
}

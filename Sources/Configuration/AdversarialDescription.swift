import Settings

/// The two networks of a generative adversarial network (Goodfellow et al. 2014, "Generative adversarial nets").
public struct AdversarialDescription: Sendable, Equatable {
  /// From a row of `latent` standard normal numbers to a sample.
  public let generator: [LayerDescription]
  /// From a sample to the logit of its being real.
  public let discriminator: [LayerDescription]
  /// Numbers that the generator makes a sample of, at least 1.
  public let latent: Int

  public static let defaultLatent = 64

  public init(generator: [LayerDescription], discriminator: [LayerDescription], latent: Int = defaultLatent) {
    self.generator = generator
    self.discriminator = discriminator
    self.latent = latent
  }

  /// Reads `generator`, `discriminator` and `latent`; nil where none of them is there.
  init?(_ reader: inout SettingsReader) throws(SettingsError) {
    let generator = try reader.layers("generator")
    let discriminator = try reader.layers("discriminator")
    let latent = try reader.integer("latent", in: .atLeast(1))
    switch (generator, discriminator) {
    case (nil, nil) where latent == nil: return nil
    case (let generator?, let discriminator?):
      self.init(generator: generator, discriminator: discriminator, latent: latent ?? Self.defaultLatent)
    case (nil, _): throw reader.error("generator", "expected a list of layers in brackets, beside the discriminator")
    case (_, nil): throw reader.error("discriminator", "expected a list of layers in brackets, beside the generator")
    }
  }

  var json: JSONValue {
    [
      "generator": .array(generator.map(\.json)), "discriminator": .array(discriminator.map(\.json)),
      "latent": .integer(latent),
    ]
  }
}

extension TrainingConfiguration {
  /// Reports settings that mean nothing to an adversarial pair, and those of a pair that mean nothing to other models.
  func checkAdversarial(_ reader: SettingsReader) throws(SettingsError) {
    guard model.isAdversarial else {
      guard generatorOptimizer == nil else {
        throw reader.error("generator_optimizer", "is for a GAN alone, whose model has a generator; leave it out")
      }
      return
    }
    let mixes = data.augment.contains { if case .mixup = $0 { true } else { false } }
    let stray: [(isGiven: Bool, path: [String], message: String)] = [
      (loss != nil, ["loss"], "a GAN has its own, binary cross-entropy on reals and fakes; leave it out"),
      (
        data.validation > 0, ["data", "validation"],
        "a GAN is trained on all samples and has no validation figures; set it to 0"
      ),
      (data.target != nil, ["data", "target"], "a GAN has no targets; leave it out"),
      (mixes, ["data", "augment"], "mixup mixes targets, of which a GAN has none; leave it out"),
      (
        model == .named("gan") && data.scaling == .standard, ["data", "scaling"],
        "gan makes values from 0 to 1; give unit or min_max, or describe other networks"
      ),
      (earlyStopping != nil, ["early_stopping"], "the losses of a GAN do not tell when to stop; leave it out"),
      (
        schedule.name == .plateau, ["schedule"],
        "plateau follows a loss, but those of a GAN do not fall; give another name"
      ),
      (metrics.contains { $0 != .accuracy }, ["metrics"], "a GAN has no predictions to measure; leave it out"),
    ]
    guard let found = stray.first(where: \.isGiven) else { return }
    var reader = reader
    let value = found.path.dropFirst().reduce(reader.value(found.path[0])) { $0?[$1] }
    throw SettingsError("\(found.path.joined(separator: ".")): \(found.message)", at: value?.position)
  }
}

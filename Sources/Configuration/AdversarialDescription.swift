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

import NeuralNetwork
import Settings

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
        model == .named(.gan) && data.scaling == .standard, ["data", "scaling"],
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

import Basics
import Checkpointing
import DataPipeline
import HDF5Storage
import NeuralNetwork
import NumericCore

/// A checkpoint whose model makes something: text, character by character, or, of a GAN, samples like its data.
package struct GenerativeCheckpoint {
  let trained: TrainedModel

  /// - Throws: a `UserFacingError` where the file is missing or damaged.
  package init(_ path: String) throws { trained = try TrainedModel(path) }

  /// The file.
  package var path: String { trained.path }

  /// What its outputs may not replace: itself, and the data that it was trained on.
  package var inputs: [String] { [path] + trained.trainingFiles }

  /// Whether it makes samples; else text.
  package var makesSamples: Bool { trained.metadata.configuration.model.isAdversarial }
}

/// Makes samples with the generator of a GAN.
///
/// Sample i is made of the latent vector that (seed, i) gives, whatever the number of samples.
package struct SampleGenerator {
  private let networks: AdversarialModel<Float>
  private let values: ModelValues<Float>
  private let metadata: Checkpoint.Metadata
  private let storage: FeatureStorage
  /// What holds the values in memory, and where they come from; nil where a run does.
  private let trained: TrainedModel?

  /// - Throws: where the checkpoint does not tell how its data were stored.
  package init(_ checkpoint: GenerativeCheckpoint) throws {
    let trained = checkpoint.trained
    let model = trained.metadata.configuration.model
    guard let networks = try trained.factory.makeAdversarialModel(model), let storage = trained.metadata.data.storage
    else {
      throw Failure.data("\(trained.path): the attribute 'file_shape' is missing or not as ddp-train writes it")
    }
    (self.networks, self.storage, values) = (networks, storage, trained.values)
    (self.trained, metadata) = (trained, trained.metadata)
  }

  /// The generator of a run, as it is.
  ///
  /// - Returns: nil for a run that trains none.
  init?(_ trainer: Trainer, _ metadata: Checkpoint.Metadata) {
    guard let networks = trainer.network as? AdversarialNetworks, let storage = metadata.data.storage else {
      return nil
    }
    (self.networks, self.storage, values) = (networks.networks, storage, trainer.values)
    (trained, self.metadata) = (nil, metadata)
  }

  /// The shape of a sample in the data's file.
  package var shape: Shape { storage.shape }

  /// Samples [N, feature size] in the units of the data.
  package func samples(_ count: Int, seed: UInt64) -> [Float] {
    // Always as many at a time: a sample's last bits may depend on how many are computed beside it.
    let capacity = 64, size = networks.layers.latent
    let values = networks.generatorValues(values)
    let workspace = Workspace(model: networks.generator, capacity: capacity, values: values, learns: false)
    let random = RandomSource(seed: seed).stream(.latent)
    var samples: [Float] = []
    for start in stride(from: 0, to: count, by: capacity) {
      let block = min(capacity, count - start)
      for index in 0..<block {
        random.fillNormal(workspace.input().view(index * size..<(index + 1) * size), substream: start + index)
      }
      workspace.forward(samples: capacity, mode: .evaluation, values: values)
      samples += workspace.output().view(first: block * storage.shape.elementCount)
    }
    metadata.transform.invert(&samples)
    return samples
  }

  /// Writes `/train/x` as in the files of the training data, but as single-precision numbers.
  package func write(_ samples: [Float], to path: String) throws {
    let size = storage.shape.elementCount, count = samples.count / size
    let elements = (0..<count).flatMap { storage.fileOrder(samples[$0 * size..<($0 + 1) * size]) }
    let file = try HDF5File.createInMemory(named: path)
    try file.write("/train/x", shape: [count] + storage.shape.extents, elements: elements)
    // Numbers that are scaled by the greatest value of their type say which it was.
    if let greatest = metadata.transform.greatest {
      try file.setAttribute("valid_max", to: Double(greatest.rounded()), of: "/train/x")
    }
    if let trained { try file.setAttribute("checkpoint", to: trained.path) }
    let image = try file.image()
    try file.close()
    try AtomicFile.write(image, to: path)
  }

  /// How a sample is a picture; nil where it is none.
  package var pictures: SamplePictures? { SamplePictures(metadata) }
}

import Basics
import Checkpointing
import Configuration
import DataPipeline
import Foundation
import HDF5Storage
import NeuralNetwork
import NumericCore

/// The command `generate` for a GAN: samples as a picture, as a data set, or both, on this process alone.
///
/// Sample i is made of the latent vector that (seed, i) gives, whatever the number of samples.
struct SampleGenerationRun {
  private let trained: TrainedModel
  private let networks: AdversarialModel<Float>
  private let storage: FeatureStorage
  private let arguments: GenerateArguments

  /// - Throws: where nothing is to be written, an option is of text, or samples are no pictures for a grid.
  init(_ trained: TrainedModel, _ arguments: GenerateArguments) throws {
    if let option = arguments.givenOption(for: .text) {
      throw Failure.usage(
        "\(option): \(trained.path) is of a GAN, which makes samples and no text; leave it out")
    }
    guard arguments.grid != nil || arguments.output != nil else {
      throw Failure.usage(
        "generate: expected --grid FILE.png, --output OUT.h5 or both, for the samples of \(trained.path)")
    }
    guard let networks = try trained.networks(), let storage = trained.facts.storage else {
      throw Failure.data("\(trained.path): the attribute 'file_shape' is missing or not as ddp-train writes it")
    }
    (self.trained, self.networks, self.storage, self.arguments) = (trained, networks, storage, arguments)
    if arguments.grid != nil { _ = try pictureShape() }
  }

  func run() throws {
    let scaled = makeSamples()
    var samples = scaled
    trained.facts.transform.invert(&samples)
    if let grid = arguments.grid {
      try AtomicFile.write(picture(of: samples).file, to: grid)
      print("\(grid): a picture of \(plural(arguments.samples, "sample"))")
    }
    if let output = arguments.output {
      try write(samples, to: output)
      print("\(output): \(plural(arguments.samples, "sample")) of \(storage.shape) in /train/x")
    }
  }

  /// What the generator makes of the latent vectors [N, feature size], scaled as in training.
  private func makeSamples() -> [Float] {
    // Always as many at a time: what a sample is may depend on how many are computed beside it.
    let capacity = 64, size = networks.layers.latent
    let values = networks.generatorValues(trained.values)
    let workspace = Workspace(model: networks.generator, capacity: capacity, values: values, learns: false)
    let random = RandomSource(seed: arguments.seed).stream(.latent)
    var samples: [Float] = []
    for start in stride(from: 0, to: arguments.samples, by: capacity) {
      let count = min(capacity, arguments.samples - start)
      for index in 0..<count {
        random.fillNormal(workspace.input().window(index * size..<(index + 1) * size), substream: start + index)
      }
      workspace.forward(samples: capacity, mode: .evaluation, values: values)
      samples += workspace.output().window(first: count * storage.shape.elementCount)
    }
    return samples
  }

  // MARK: Data

  /// `/train/x` as in the files of the training data, but as single-precision numbers.
  private func write(_ samples: [Float], to path: String) throws {
    let size = storage.shape.elementCount
    let elements = (0..<arguments.samples).flatMap { storage.fileOrder(samples[$0 * size..<($0 + 1) * size]) }
    let file = try HDF5File.createInMemory(named: path)
    try file.write("/train/x", shape: [arguments.samples] + storage.shape.extents, elements: elements)
    // Numbers that are scaled by the greatest value of their type say which it was.
    let factor = trained.facts.transform.factor[0]
    if trained.facts.transform.kind == .unit && factor != 1 {
      try file.setAttribute("valid_max", to: Double((1 / factor).rounded()), of: "/train/x")
    }
    try file.setAttribute("checkpoint", to: trained.path)
    let image = try file.image()
    try file.close()
    try AtomicFile.write(image, to: path)
  }

  // MARK: A picture

  /// Height, width and channels.
  private func pictureShape() throws -> Shape {
    let shape = trained.facts.inputShape.rank == 3 ? trained.facts.inputShape : storage.shape
    if shape.rank == 2 { return [shape[0], shape[1], 1] }
    guard shape.rank == 3, shape[2] == 1 || shape[2] == 3 else {
      throw Failure.usage(
        "--grid: samples of \(storage.shape) are no pictures of one or three channels; give --output")
    }
    return shape
  }

  /// Black is 0 and white the greatest value of the type where the data was scaled by that, else the range of the samples.
  private func picture(of samples: [Float]) throws -> PNGImage {
    let shape = try pictureShape(), transform = trained.facts.transform
    let isUnit = transform.kind == .unit && transform.factor[0] != 1
    let black = isUnit ? 0 : samples.min() ?? 0
    let white = isUnit ? 1 / transform.factor[0] : samples.max() ?? 1
    let scale = white > black ? 255 / (white - black) : 0
    var images: [PNGImage] = []
    for start in stride(from: 0, to: samples.count, by: shape.elementCount) {
      var image = PNGImage(width: shape[1], height: shape[0], channels: shape[2])
      for i in image.pixels.indices {
        let value = (samples[start + i] - black) * scale
        image.pixels[i] = UInt8(min(255, max(0, value.rounded())))
      }
      images.append(image)
    }
    return .grid(of: images)
  }
}

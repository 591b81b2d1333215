public import NumericCore
public import Settings

/// In training, zeroes each channel of a sample with probability `rate` and scales the others by 1 / (1 − rate).
public struct SpatialDropout: LayerDescription {
  /// At least 0 and less than 1.
  public var rate = 0.5

  public init() {}
  public init(_ rate: Double) { self.rate = rate }

  public static let name = "spatial_dropout"
  public static let summary = "zeroes whole channels at random in training"
  public static let shorthand: String? = "rate"
  public static let settings: [Setting<SpatialDropout>] = [
    Setting("rate", \.rate, .halfOpen(0, 1), "probability of being zeroed")
  ]

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) {
    model.apply(SpatialDropoutLayer(probability: rate, shape: model.shape), named: name)
  }
}

/// In training, zeroes whole channels of a sample with probability p and scales the others by 1 / (1 − p); else passes
/// all through. Neighbouring positions of a channel are so alike that dropping single ones drops no information
/// (Tompson et al. 2015; PyTorch's `Dropout1d` and `Dropout2d`).
///
/// - Shapes: `input` and `output` [N, …, C] with the last axis as channels.
///
/// The mask is keyed by (seed, step, layer, sample, channel).
public struct SpatialDropoutLayer<S: Scalar>: Layer {
  /// p, at least 0 and less than 1.
  public let probability: Double
  public let outputShape: Shape
  private let channels: Int

  public init(probability: Double, shape: Shape) {
    precondition(
      (0..<1).contains(probability) && shape.rank >= 1 && shape.elementCount > 0,
      "a dropout probability of \(probability) for the channels of \(shape)")
    self.probability = probability
    outputShape = shape
    channels = shape[shape.rank - 1]
  }

  public var inputShapes: [Shape] { [outputShape] }
  /// The mask.
  public func savedCount(samples: Int) -> Int { channels * samples }

  public func forward(_ pass: LayerPass<S>) {
    guard let random = pass.random, probability > 0 else { return copy(pass.input(), into: pass.output) }
    for sample in 0..<pass.samples {
      let mask = mask(pass, sample)
      random.fillDropoutMask(mask, substream: pass.sampleIDs[sample], probability: probability)
      multiplyRows(view(pass.input(), sample), by: mask, into: view(pass.output, sample))
    }
  }

  public func backward(_ pass: LayerPass<S>) {
    guard let inputGradient = pass.inputGradient() else { return }
    guard pass.random != nil, probability > 0 else { return copy(pass.outputGradient, into: inputGradient) }
    for sample in 0..<pass.samples {
      multiplyRows(
        view(pass.outputGradient, sample), by: mask(pass, sample), into: view(inputGradient, sample))
    }
  }

  private func mask(_ pass: LayerPass<S>, _ sample: Int) -> BufferView<S> {
    pass.saved.view(sample * channels..<(sample + 1) * channels)
  }
  private func view(_ batch: BufferView<S>, _ sample: Int) -> BufferView<S> {
    batch.view(sample * outputShape.elementCount..<(sample + 1) * outputShape.elementCount)
  }
}

public import NumericCore
public import Settings

/// In training, zeroes each element with probability `rate` and scales the others by 1 / (1 − rate).
public struct Dropout: LayerDescription {
  /// At least 0 and less than 1.
  public var rate = 0.5

  public init() {}
  public init(_ rate: Double) { self.rate = rate }

  public static let name = "dropout"
  public static let summary = "zeroes elements at random in training"
  public static let shorthand: String? = "rate"
  public static let settings: [Setting<Dropout>] = [
    Setting("rate", \.rate, .halfOpen(0, 1), "probability of being zeroed")
  ]

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) {
    model.apply(DropoutLayer(probability: rate, shape: model.shape), named: name)
  }
}

/// In training, zeroes each element with probability p and scales the others by 1 / (1 − p); else passes all through.
/// Srivastava et al. 2014, in the inverted form, so that evaluation needs no scaling.
///
/// The mask is keyed by (seed, step, layer, sample, element): the same on any number of ranks, and nothing to save.
public struct DropoutLayer<S: Scalar>: Layer {
  /// p, at least 0 and less than 1.
  public let probability: Double
  public let outputShape: Shape

  public init(probability: Double, shape: Shape) {
    precondition((0..<1).contains(probability), "a dropout probability of \(probability)")
    self.probability = probability
    outputShape = shape
  }

  public var inputShapes: [Shape] { [outputShape] }
  public func savedCount(samples: Int) -> Int { outputShape.elementCount * samples }

  public func forward(_ pass: LayerPass<S>) {
    guard let random = pass.random, probability > 0 else { return copy(pass.input(), into: pass.output) }
    let mask = pass.saved.view(first: pass.output.count)
    for sample in 0..<pass.samples {
      let size = outputShape.elementCount
      random.fillDropoutMask(
        mask.view(sample * size..<(sample + 1) * size), substream: pass.sampleIDs[sample], probability: probability)
    }
    multiplyElements(pass.input(), mask, into: pass.output)
  }

  public func backward(_ pass: LayerPass<S>) {
    guard let inputGradient = pass.inputGradient() else { return }
    guard pass.random != nil, probability > 0 else { return copy(pass.outputGradient, into: inputGradient) }
    multiplyElements(pass.outputGradient, pass.saved.view(first: pass.output.count), into: inputGradient)
  }
}

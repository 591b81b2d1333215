public import NumericCore
import Settings

/// A model in the making: descriptions of layers add themselves to it one behind the other, and find every size that
/// the data or an earlier layer fixes.
public struct ModelAssembly<S: Scalar> {
  /// What the last dense layer gives where it names no size.
  var outputSize: Int
  /// The rows of an embedding that names no size.
  let indexCount: Int
  /// For weights whose layer names none.
  let initializer: InitializationScheme
  /// Those of the program.
  let customLayers: CustomLayers

  var builder: ModelBuilder<S>
  /// What the next layer is applied to.
  var node: NodeReference
  /// The steps of each sample that are no padding, a scalar; nil where all are steps.
  var lengths: NodeReference?

  /// What a dense layer without a size gives; nil where it needs one.
  private(set) var sizelessUnits: Int?
  /// The layer behind the one that is being added.
  private(set) var next: (any LayerDescription)?
  /// For a layer to say that it computes `next` as well.
  var takesInNext = false

  /// - Parameter inputShape: of one sample, as the first layer reads it.
  init(
    inputShape: Shape, outputSize: Int, indexCount: Int, initializer: InitializationScheme, customLayers: CustomLayers,
    precision: ProductPrecision
  ) {
    self.outputSize = outputSize
    self.indexCount = indexCount
    self.initializer = initializer
    self.customLayers = customLayers
    builder = ModelBuilder(precision: precision)
    node = builder.input(inputShape)
  }

  /// Shape of what flows into the next layer, sample axis left out.
  var shape: Shape { node.shape }

  // MARK: Networks

  /// Builds the layers one behind the other, named as `addSequence` says.
  mutating func makeModel(_ layers: [LayerEntry]) throws(SettingsError) -> Model<S> {
    let model = try makeNetwork(layers)
    // A model over sequences may give its outputs at each position.
    guard shape.elementCount == outputSize || shape.rank == 2 && shape[1] == outputSize else {
      throw SettingsError(
        "model: the last layer gives \(shape) outputs, but the data and the loss need \(outputSize); "
          + "leave the last dense layer's size out, or give \(outputSize)")
    }
    return model
  }

  /// The same, whatever the outputs; all that the layers name begins with `prefix`.
  mutating func makeNetwork(_ layers: [LayerEntry], prefix: String = "") throws(SettingsError) -> Model<S> {
    try add(layers, prefix: prefix, sizelessDense: layers.lastIndex { $0.description is Dense })
    return builder.build(outputs: node, lengths: lengths)
  }

  // MARK: For the descriptions of layers

  /// Applies `layer` to what flows in.
  mutating func apply(_ layer: some Layer<S>, named name: String) {
    node = builder.add(layer, to: node, name: name)
  }

  /// Applies `layer` to what flows in and, where samples have lengths of their own, to these.
  mutating func applyWithLengths(_ layer: some Layer<S>, named name: String) {
    node = builder.add(layer, toAll: [node] + (lengths.map { [$0] } ?? []), name: name)
  }

  /// Builds the layers of a block one behind the other.
  ///
  /// Parameters are named as in a PyTorch module of the same structure, where a sequence is an `nn.Sequential`, a
  /// residual block has the sequences `layers` and `shortcut`, and a parallel block an `nn.ModuleList` of sequences
  /// `branches`: `0.weight`, `3.layers.0.bias`, `3.shortcut.1.running_mean`, `4.branches.2.0.bias`.
  ///
  /// - Parameter prefix: what stands before the number of a layer in the names.
  mutating func addSequence(_ layers: [LayerEntry], prefix: String) throws(LayerError) {
    do throws(SettingsError) { try add(layers, prefix: prefix, sizelessDense: nil) } catch { throw .inner(error) }
  }

  /// - Parameter sizelessDense: which layer may be a dense one without a size.
  private mutating func add(
    _ layers: [LayerEntry], prefix: String, sizelessDense: Int?
  ) throws(SettingsError) {
    var isTakenIn = false
    if let first = layers.first { try checkSize(behind: first, gives: "takes") }
    for (index, layer) in layers.enumerated() {
      // The layers behind keep their numbers.
      guard !isTakenIn else {
        isTakenIn = false
        continue
      }
      sizelessUnits = index == sizelessDense ? outputSize : nil
      next = index + 1 < layers.count ? layers[index + 1].description : nil
      do throws(LayerError) {
        try layer.description.add(to: &self, named: "\(prefix)\(index)")
      } catch { throw layer.located(error) }
      try checkSize(behind: layer, gives: "gives")
      (isTakenIn, takesInNext) = (takesInNext, false)
      if shape.rank != 2 || !type(of: layer.description).keepsLengths { lengths = nil }
    }
  }

  // MARK: Sizes

  /// The most numbers of one sample between two layers: 1 GiB of them.
  private static var greatestSample: Int { 1 << 28 }
  /// The most weights of a layer, or products of a sample. Times `greatestSample` they still fit in 64 bits.
  private static var greatestLayer: Int { 1 << 34 }

  /// - Throws: where the layer that was added last is larger than any that can be computed.
  private func checkSize(behind layer: LayerEntry, gives verb: String) throws(SettingsError) {
    do throws(LayerError) {
      guard shape.elementCount <= Self.greatestSample else {
        throw .layer(
          "\(verb) \(shape) numbers a sample, more than the \(Self.greatestSample) that a layer can have; give "
            + "smaller sizes")
      }
      if let largest = builder.largestParameter { try requireSize("weights", of: largest) }
    } catch { throw layer.located(error) }
  }

  /// - Throws: where an array of that shape is larger than any that can be computed.
  func requireSize(_ noun: String, of shape: Shape) throws(LayerError) {
    guard shape.elementCount <= Self.greatestLayer else {
      throw .layer(
        "has \(shape) \(noun), more than the \(Self.greatestLayer) that a layer can have; give smaller sizes")
    }
  }

  // MARK: What layers expect of what flows in

  func requireImages() throws(LayerError) {
    guard shape.rank == 3 else { throw mismatch("images (H × W × C)") }
  }

  func requireSequences() throws(LayerError) {
    guard shape.rank == 2 else {
      throw .layer("expected a sequence of rows (steps × features), found samples of \(shape)")
    }
  }

  /// Images that a window fits into at least once.
  func requireFit(_ window: Extents, padding: Extents, dilation: Extents = 1) throws(LayerError) {
    let image = Extents(height: shape[0], width: shape[1])
    guard SlidingWindow.fits(input: image, kernel: window, padding: padding, dilation: dilation) else {
      throw mismatch("images that a window of \(window) fits into")
    }
  }

  func mismatch(_ expected: String) -> LayerError { .layer("expected \(expected), found \(shape) a sample") }
}

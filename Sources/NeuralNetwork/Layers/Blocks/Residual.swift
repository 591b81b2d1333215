public import NumericCore
public import Settings

/// What the layers make of the input, added to the input or to what the shortcut makes of it (He et al. 2016).
///
/// ```swift
/// Residual { Conv2D(32, padding: .same); BatchNorm() } shortcut: { Conv2D(32, kernel: 1) }
/// ```
public struct Residual: LayerDescription {
  /// At least one.
  public var layers: [LayerEntry]
  /// nil for the input itself.
  public var shortcut: [LayerEntry]?

  public init(@SequentialBuilder _ layers: () -> [LayerEntry]) { (self.layers, shortcut) = (layers(), nil) }
  public init(
    @SequentialBuilder _ layers: () -> [LayerEntry], @SequentialBuilder shortcut: () -> [LayerEntry]
  ) {
    (self.layers, self.shortcut) = (layers(), shortcut())
  }
  public init() { (layers, shortcut) = ([], nil) }

  public static let name = "residual"
  public static let summary = "layers whose output is added to their input, or to that of a shortcut"
  public static let shorthand: String? = "layers"
  public static let settings: [Setting<Residual>] = [
    Setting("layers", \.layers, "the main path"),
    Setting("shortcut", \.shortcut, "the path beside it; else the input itself"),
  ]
  public var innerLayers: [LayerEntry] { layers + (shortcut ?? []) }

  public func validate(_ reader: SettingsReader) throws(SettingsError) {
    guard !layers.isEmpty else { throw reader.error("layers", "expected a list of layers in brackets") }
  }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    let (input, lengths) = (model.node, model.lengths)
    try model.addSequence(layers, prefix: "\(name).layers.")
    let (output, outputLengths) = (model.node, model.lengths)
    (model.node, model.lengths) = (input, lengths)
    try model.addSequence(shortcut ?? [], prefix: "\(name).shortcut.")
    if outputLengths == nil { model.lengths = nil }
    guard output.shape == model.shape else {
      let beside = shortcut == nil ? "what flows in is" : "the shortcut gives"
      throw .layer(
        "the layers give \(output.shape) a sample, but \(beside) \(model.shape); the two are added, so give the "
          + "block a shortcut whose layers lead to \(output.shape)")
    }
    model.node = model.builder.add(AddLayer(shape: output.shape), to: output, model.node, name: name)
  }

  public func registered(in customLayers: inout CustomLayers) -> Residual {
    var copy = self
    copy.layers = layers.map { $0.registered(in: &customLayers) }
    copy.shortcut = shortcut?.map { $0.registered(in: &customLayers) }
    return copy
  }
}

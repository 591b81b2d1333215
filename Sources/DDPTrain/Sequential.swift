public import NeuralNetwork
public import Settings

/// A model as a program writes it: layers one behind the other, as in PyTorch's `nn.Sequential`.
///
/// ```swift
/// let model = Sequential {
///   Dense(128)
///   Custom(LearnedSwish.init)
///   Dropout(0.2)
///   Residual { Dense(128); ReLU() }
///   Dense()
/// }
/// ```
///
/// The layers are those of a configuration, with the same settings and defaults, and layers of one's own. Sizes are
/// inferred from what flows in; a last `Dense()` without a size gives the outputs that data and loss need. Parameters
/// are named by the place of their layer: `0.weight`, `3.layers.0.bias`.
///
/// What is wrong with a setting is found when a run is set up, with a line such as
/// `Digits/main.swift:9: model.layers[2].dropout.rate: expected at least 0 and less than 1, found 1.5`.
public struct Sequential: Sendable {
  /// The layers of the program's own, by the names that they have in the description.
  public let customLayers: CustomLayers
  /// As `model` in a configuration file, with the places in the program.
  let json: JSONValue

  public init(@SequentialBuilder _ layers: () -> [LayerEntry]) {
    var customLayers = CustomLayers()
    let entries = layers().map { $0.registered(in: &customLayers) }
    json = ModelDescription.layers(entries).json
    self.customLayers = customLayers
  }

  /// The model as a configuration describes it; a checkpoint stores it so.
  ///
  /// - Throws: where a setting is out of its range, or there is no layer.
  public func description() throws(SettingsError) -> ModelDescription {
    try ModelDescription(json, path: "model")
  }
}

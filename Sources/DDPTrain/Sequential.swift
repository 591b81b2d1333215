public import Configuration
import Settings
public import Training

/// A model as a program writes it: layers one behind the other, as in PyTorch's `nn.Sequential`.
///
/// ```swift
/// let model = Sequential {
///   dense(128)
///   layer(LearnedSwish.init)
///   dropout(0.2)
///   residual { dense(128); relu() }
///   dense()
/// }
/// ```
///
/// The layers are those of a configuration, with the same options and defaults (`ddp-train train --help`), and layers of one's
/// own. Sizes are inferred from what flows in; a last `dense()` without a size gives the outputs that data and loss need.
/// Parameters are named by the place of their layer: `0.weight`, `3.layers.0.bias`. What is wrong with an option is found when a
/// run begins, with a line such as `model.layers[2].dropout.rate: expected at least 0 and less than 1, found 1.5`.
public struct Sequential: Sendable {
  /// The layers of the program's own, by the names that they have in the description.
  public let customLayers: CustomLayers
  /// As `model` in a configuration file.
  let json: JSONValue

  public init(@SequentialBuilder _ layers: () -> [LayerComponent]) {
    var customLayers = CustomLayers()
    let described = layers().map { $0.describe(&customLayers) }
    json = ["layers": .array(described)]
    self.customLayers = customLayers
  }

  /// The model as a configuration describes it; a checkpoint stores it so.
  ///
  /// - Throws: where an option is out of its range, or there is no layer.
  public func description() throws(SettingsError) -> ModelDescription {
    try ModelDescription(json, path: "model")
  }
}

/// One entry of a `Sequential`: a layer, or a block of layers. The functions `dense`, `relu`, … make them.
public struct LayerComponent: Sendable {
  /// Gives the entry of the configuration's list of layers; a layer of the program's own is added to those given.
  let describe: @Sendable (inout CustomLayers) -> JSONValue

  /// A layer that the configuration knows, with those of `options` that are not null.
  init(_ name: String, _ options: JSONValue = [:]) {
    let given = (options.members ?? []).filter { !$0.value.isNull }
    describe = { _ in given.isEmpty ? .string(name) : .object([.init(name, .object(given))]) }
  }

  init(_ describe: @escaping @Sendable (inout CustomLayers) -> JSONValue) { self.describe = describe }
}

/// Collects the layers of a `Sequential`; `if`, `switch` and `for` decide between them.
@resultBuilder public enum SequentialBuilder {
  public static func buildExpression(_ component: LayerComponent) -> [LayerComponent] { [component] }
  /// Layers that a function of the program's own gives.
  public static func buildExpression(_ components: [LayerComponent]) -> [LayerComponent] { components }
  public static func buildBlock(_ components: [LayerComponent]...) -> [LayerComponent] { components.flatMap { $0 } }
  public static func buildOptional(_ components: [LayerComponent]?) -> [LayerComponent] { components ?? [] }
  public static func buildEither(first components: [LayerComponent]) -> [LayerComponent] { components }
  public static func buildEither(second components: [LayerComponent]) -> [LayerComponent] { components }
  public static func buildArray(_ components: [[LayerComponent]]) -> [LayerComponent] { components.flatMap { $0 } }
}

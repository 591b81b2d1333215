public import NumericCore
public import Settings

/// A layer as a configuration or a program describes it, before what flows in has given it its sizes.
///
/// A description stands in one file with the layer that it makes. What it is called, which settings it has, their
/// ranges and defaults and how it joins a model are said there and nowhere else; `LayerCatalog` lists the descriptions.
public protocol LayerDescription: Configurable {
  /// Whether the steps that a sample has of its own are still its steps behind the layer, as where each step is treated
  /// by itself. Default: true.
  static var keepsLengths: Bool { get }
  /// What the layer takes a sample for where it is the first of a model; nil where it takes all samples alike. Default:
  /// nil.
  var inputLayout: InputLayout? { get }
  /// Whether it looks for padding among the features. Default: false.
  var masksFeatures: Bool { get }
  /// The layers inside of a block, in the order of its settings. Default: none.
  var innerLayers: [LayerEntry] { get }
  /// What the head of a run says behind the layer's name. Default: nil, for the shape of the output where the layer
  /// learns, and else for the setting that a bare value stands for.
  var detail: String? { get }

  /// Builds the layer behind what `model` has so far.
  ///
  /// - Parameter name: the prefix of its parameters' names.
  func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError)
  /// The same layer, with the program's own layers in it named and added to `layers`. Default: itself.
  func registered(in layers: inout CustomLayers) -> Self
}

extension LayerDescription {
  public static var keepsLengths: Bool { true }
  public var inputLayout: InputLayout? { nil }
  public var masksFeatures: Bool { false }
  public var innerLayers: [LayerEntry] { [] }
  public var detail: String? { nil }
  public func registered(in layers: inout CustomLayers) -> Self { self }

  /// The setting that a bare value stands for, as it would be written; nil where there is none, or it is a list.
  public var mainValueText: String? {
    guard let value = members.first(where: { $0.key == Self.shorthand })?.value else { return nil }
    switch value.content {
    case .null, .array, .object: return nil
    case .bool, .integer, .string: return value.line
    case .number(let number): return Int(exactly: number).map(String.init) ?? value.line
    }
  }
}

/// Why a layer cannot be built. Whoever holds its entry knows where that was written.
public enum LayerError: Error {
  /// About the layer as a whole.
  case layer(String)
  /// About one setting: its key, and what was expected.
  case setting(String, String)
  /// About a layer inside of it.
  case inner(SettingsError)
}

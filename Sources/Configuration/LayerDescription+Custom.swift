import Settings

// Layers that a program adds to those that a configuration knows.

extension LayerDescription {
  static let customKinds = [
    Kind(
      name: "custom", mainOption: "name",
      options: [("name", .text), ("reads", .name(SampleReading.allCases.map(\.rawValue)))],
      required: [("name", "the name of a layer that the program has")])
  ]

  /// What a layer of a program's own takes a sample for, where it is the first that is not alike for all.
  public enum SampleReading: String, CaseIterable, Sendable {
    /// One row of features.
    case rows
    /// Pixels of channels [H, W, C].
    case images
    /// Steps of features [T, F].
    case sequences
    /// Whole numbers, which no scaling may touch.
    case indices
  }

  /// The names of the program's own layers among `layers` and in the blocks among them, in order.
  public static func customNames(in layers: [LayerDescription]) throws(SettingsError) -> [String] {
    var names: [String] = []
    for layer in layers {
      if let name = layer.customName { names.append(name) }
      names += try customNames(in: layer.innerLayers())
    }
    return names
  }

  /// The name of a layer of a program's own; nil for one that the configuration knows.
  public var customName: String? {
    guard name == "custom", case .string(let text)? = options["name"]?.content else { return nil }
    return text
  }
}

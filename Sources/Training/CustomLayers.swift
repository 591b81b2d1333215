import Configuration
public import NeuralNetwork
public import NumericCore
import Settings

/// Layers of a program's own, by the names that descriptions of models have for them: `{ custom: "LearnedSwish" }`.
public struct CustomLayers: Sendable {
  /// Makes the layer for one input.
  ///
  /// - Parameter shape: of what flows in, sample axis left out.
  /// - Throws: where the layer cannot take that shape, with a reason for people.
  public typealias Maker = @Sendable (_ shape: Shape) throws -> any Layer<Float>

  private var makers: [String: Maker] = [:]

  public init() {}

  /// nil where the program has no layer of this name.
  public subscript(name: String) -> Maker? {
    get { makers[name] }
    set { makers[name] = newValue }
  }

  /// The names of the layers in `model` that only another program can build, in order.
  func missing(in model: ModelDescription) throws(SettingsError) -> [String] {
    try LayerDescription.customNames(in: ModelCatalog.allLayers(of: model)).filter { makers[$0] == nil }
  }
}

extension ModelAssembly {
  /// A layer of the program's own.
  mutating func addCustom(_ layer: LayerDescription, name: String) throws(SettingsError) {
    let custom = layer.customName ?? ""
    func failure(_ reason: String) -> SettingsError {
      SettingsError("\(layer.path): \(custom): \(reason)", at: layer.position)
    }
    guard let make = customLayers[custom] else {
      throw failure("is a layer that this program does not have; build the model in the program that has it")
    }
    let made: any Layer<Float>
    do { made = try make(node.shape) } catch { throw failure("\(error)") }
    guard let made = made as? any Layer<S> else { throw failure("computes in Float, but the model in \(S.self)") }
    guard made.inputShapes == [node.shape] else {
      let taken = made.inputShapes.map(\.description).joined(separator: " and ")
      throw failure("takes \(taken) a sample, but \(node.shape) flows in")
    }
    node = builder.add(made, to: node, name: name)
  }
}

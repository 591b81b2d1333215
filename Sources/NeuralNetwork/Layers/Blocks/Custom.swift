public import NumericCore
public import Settings

/// A layer of the program's own, made for what flows in: `Custom(LearnedSwish.init)`.
///
/// It may stand several times; each has parameters of its own. Checkpoints name it by its type, numbered from the
/// second on; a configuration names it as `{ custom: "LearnedSwish" }`.
public struct Custom: LayerDescription {
  /// What the program calls it; it has to be given in a configuration.
  public var layer: String?
  /// What it takes a sample for, where it is the model's first layer; nil for what the next layer takes it for.
  public var reads: InputLayout?
  private var make: CustomLayers.Maker?

  /// - Parameters:
  ///   - reads: what it takes a sample for, where it is the model's first layer and that is not one row of features.
  ///   - make: makes the layer for one input of the given shape, sample axis left out; throws, with a reason for
  ///     people, where it cannot take that shape.
  public init<L: Layer<Float>>(
    reads: InputLayout? = nil, _ make: @escaping @Sendable (_ shape: Shape) throws -> L
  ) {
    layer = String("\(L.self)".prefix { $0 != "<" })
    self.reads = reads
    self.make = make
  }
  public init() {}

  public static let name = "custom"
  public static let summary = "a layer of a program that has ddp-train as a library"
  public static let shorthand: String? = "name"
  public static let settings: [Setting<Custom>] = [
    Setting("name", \.layer, "of a layer that the program has"),
    Setting("reads", \.reads, "what it takes a sample for, as the first layer"),
  ]
  public var inputLayout: InputLayout? { reads }

  public func validate(_ reader: SettingsReader) throws(SettingsError) {
    guard layer != nil else { throw reader.error("name", "expected the name of a layer that the program has") }
  }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    guard let layer else { throw .setting("name", "expected the name of a layer that the program has") }
    guard let make = model.customLayers[layer] else {
      throw .layer(
        "\(layer): is a layer that this program does not have; build the model in the program that has it")
    }
    let made: any Layer<Float>
    do { made = try make(model.shape) } catch { throw .layer("\(layer): \(error)") }
    guard let made = made as? any Layer<S> else {
      throw .layer("\(layer): computes in Float, but the model in \(S.self)")
    }
    guard made.inputShapes == [model.shape] else {
      let taken = made.inputShapes.map(\.description).joined(separator: " and ")
      throw .layer("\(layer): takes \(taken) a sample, but \(model.shape) flows in")
    }
    model.apply(made, named: name)
  }

  public func registered(in customLayers: inout CustomLayers) -> Custom {
    guard let type = layer, let make else { return self }
    var copy = self
    copy.layer = customLayers.insert(type, make)
    return copy
  }
}

/// Layers of a program's own, by the names that descriptions of models have for them.
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

  /// Adds a layer called `type` and, from the second of its type on, a number.
  ///
  /// - Returns: what it is called.
  mutating func insert(_ type: String, _ make: @escaping Maker) -> String {
    var (name, number) = (type, 1)
    while makers[name] != nil {
      number += 1
      name = "\(type) \(number)"
    }
    makers[name] = make
    return name
  }

  /// The names of the layers in `model` that only another program can build, in order.
  public func missing(in model: ModelDescription) -> [String] {
    model.allLayers.customNames.filter { makers[$0] == nil }
  }
}

extension [LayerEntry] {
  /// The names of the program's own layers among these and in the blocks among them, in order.
  public var customNames: [String] {
    flatMap { entry in
      (entry.description as? Custom).map { $0.layer.map { [$0] } ?? [] } ?? entry.description.innerLayers.customNames
    }
  }
}

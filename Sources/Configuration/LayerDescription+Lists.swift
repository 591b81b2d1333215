import Settings

// Layers that hold layers.

extension LayerDescription {
  static var blockKinds: [Kind] {
    [
      Kind(
        name: "residual", mainOption: "layers", options: [("layers", .layers), ("shortcut", .layers)],
        required: [("layers", "a list of layers in brackets")]),
      Kind(
        name: "parallel", mainOption: "branches",
        options: [("branches", .branches), ("join", .name(["concat", "add"]))],
        required: [("branches", "a list of layers in brackets")]),
    ]
  }

  static var normalizationKinds: [Kind] {
    [
      Kind(name: "spatial_dropout", mainOption: "rate", options: [("rate", .number(.halfOpen(0, 1)))]),
      Kind(
        name: "batch_norm",
        options: [("momentum", .number(.closed(0, 1))), ("epsilon", .number(.above(0))), ("sync", .bool)]),
      Kind(name: "layer_norm", options: [("epsilon", .number(.above(0)))]),
    ]
  }

  /// The layers inside of a block, in the order of its options; none in a simple layer.
  public func innerLayers() throws(SettingsError) -> [LayerDescription] {
    guard Self.blockKinds.contains(where: { $0.name == name }) else { return [] }
    var reader = try reader()
    let lists = [try reader.layers("layers") ?? [], try reader.layers("shortcut") ?? []]
    return (lists + (try reader.branches("branches") ?? [])).flatMap { $0 }
  }

  /// The layers of a list in brackets, at least one.
  ///
  /// - Parameter path: the keys that lead to `value`, for errors.
  static func list(_ value: JSONValue, path: String) throws(SettingsError) -> [LayerDescription] {
    guard case .array(let elements) = value.content else { throw value.mismatch(path, "a list in brackets") }
    guard !elements.isEmpty else { throw value.mismatch(path, "at least one layer") }
    var layers: [LayerDescription] = []
    for (index, element) in elements.enumerated() {
      layers.append(try LayerDescription(element, path: "\(path)[\(index)]"))
    }
    return layers
  }
}

extension SettingsReader {
  /// The layers of the list under `key`, at least one.
  public mutating func layers(_ key: String) throws(SettingsError) -> [LayerDescription]? {
    guard let value = value(key) else { return nil }
    return try LayerDescription.list(value, path: path(of: key))
  }

  /// The lists of layers in the list under `key`, at least two. An empty one passes its input on.
  public mutating func branches(_ key: String) throws(SettingsError) -> [[LayerDescription]]? {
    guard let value = value(key) else { return nil }
    guard case .array(let elements) = value.content, elements.count >= 2 else {
      throw value.mismatch(
        path(of: key), "two or more lists of layers, such as [[{ dense: 8 }], [{ dense: 4 }, \"relu\"]]")
    }
    var branches: [[LayerDescription]] = []
    for (index, element) in elements.enumerated() {
      branches.append(
        element.content == .array([])
          ? [] : try LayerDescription.list(element, path: "\(path(of: key))[\(index)]"))
    }
    return branches
  }
}

import Configuration
import NeuralNetwork
import NumericCore
import Settings

/// Layers that hold layers.
extension ModelAssembly {
  /// Builds layers one behind the other.
  ///
  /// Parameters are named as in a PyTorch module of the same structure, where a sequence is an `nn.Sequential`, a residual
  /// block has the sequences `layers` and `shortcut`, and a parallel block an `nn.ModuleList` of sequences `branches`:
  /// `0.weight`, `3.layers.0.weight`, `3.shortcut.1.running_mean`, `4.branches.2.0.bias`.
  ///
  /// A ReLU right behind a batch normalization is computed with it; the layers behind keep their numbers.
  ///
  /// - Parameters:
  ///   - prefix: what stands before the number of a layer in the names.
  ///   - sizelessDense: which layer may be a dense one without a size.
  mutating func addSequence(
    _ layers: [LayerDescription], prefix: String = "", sizelessDense: Int? = nil
  ) throws(SettingsError) {
    for (index, layer) in layers.enumerated() {
      let isTakenIn = layer.name == "relu" && index > 0 && layers[index - 1].name == "batch_norm"
      if isTakenIn { continue }
      try add(
        layer, name: "\(prefix)\(index)", mayLeaveOutSize: index == sizelessDense,
        isRectified: index + 1 < layers.count && layers[index + 1].name == "relu")
    }
  }

  /// `layers` and, beside them, `shortcut` or what flows in, added up.
  mutating func addResidual(
    _ options: inout SettingsReader, _ layer: LayerDescription, _ name: String
  ) throws(SettingsError) {
    let (input, steps) = (node, lengths)
    try addSequence(try options.layers("layers") ?? [], prefix: "\(name).layers.")
    let (output, outputSteps) = (node, lengths)
    (node, lengths) = (input, steps)
    let shortcut = try options.layers("shortcut")
    try addSequence(shortcut ?? [], prefix: "\(name).shortcut.")
    if outputSteps == nil { lengths = nil }
    guard output.shape == node.shape else {
      let beside = shortcut == nil ? "what flows in is" : "the shortcut gives"
      throw SettingsError(
        "\(layer.path): the layers give \(output.shape) a sample, but \(beside) \(node.shape); the two are added, so give the "
          + "block a shortcut whose layers lead to \(output.shape)", at: layer.position)
    }
    node = builder.add(Add(shape: output.shape), to: output, node, name: name)
  }

  /// Several sequences applied to the same input, their outputs side by side (`concat`) or added up (`add`).
  mutating func addParallel(
    _ options: inout SettingsReader, _ layer: LayerDescription, _ name: String
  ) throws(SettingsError) {
    let (input, steps) = (node, lengths)
    var outputs: [NodeReference] = []
    var isMasked = true
    for (index, branch) in (try options.branches("branches") ?? []).enumerated() {
      (node, lengths) = (input, steps)
      try addSequence(branch, prefix: "\(name).branches.\(index).")
      outputs.append(node)
      isMasked = isMasked && lengths != nil
    }
    if !isMasked { lengths = nil }
    let shapes = outputs.map(\.shape)
    let adds = try options.name("join", of: ["concat", "add"]) == "add"
    let extents = shapes.map { adds ? $0.extents : Array($0.extents.dropLast()) }
    guard extents.allSatisfy({ $0 == extents[0] }), shapes.allSatisfy({ $0.rank == shapes[0].rank }) else {
      let given = shapes.map(\.description).joined(separator: ", ")
      let expected = adds ? "equal shapes" : "shapes that are equal but for the last axis"
      throw SettingsError(
        "\(layer.path): the branches give \(given) a sample, expected \(expected)", at: layer.position)
    }
    node =
      adds
      ? builder.add(Add(shape: shapes[0], inputCount: outputs.count), toAll: outputs, name: name)
      : builder.add(Concat(inputShapes: shapes), toAll: outputs, name: name)
  }
}

import Configuration
import NeuralNetwork
import NumericCore
import Settings

// Layers over sequences: samples of [T, F], or of [T] whole numbers in front of an embedding.
//
// Behind an embedding with padding, or a `mask`, sequences have lengths of their own: recurrent layers stop at a sample's last step,
// and attention does not look behind it. Layers that treat each step by itself keep the lengths; a convolution, a pooling, a reshape
// or a last state ends them, and what follows takes all steps alike.

extension ModelAssembly {
  static var sequenceLayers: Set<String> {
    ["embedding", "lstm", "gru", "multi_head_attention", "transformer_block", "positional_embedding", "mask"]
  }

  mutating func addSequenceLayer(
    _ layer: LayerDescription, _ options: inout SettingsReader, _ name: String
  ) throws(SettingsError) {
    switch layer.name {
    case "embedding": try addEmbedding(&options, name)
    case "mask":
      lengths = builder.add(
        SequenceLengths(inputShape: try sequenceShape(layer), padding: S(try options.double("value") ?? 0)), to: node,
        name: name)
    case "lstm", "gru": try addRecurrent(layer, &options, name)
    case "multi_head_attention":
      let attention = MultiHeadAttention<S>(
        shape: try sequenceShape(layer), heads: try heads(&options, of: layer),
        isCausal: try options.bool("causal") ?? false, hasLengths: lengths != nil,
        dropout: try options.double("dropout") ?? 0)
      node = builder.add(attention, toAll: [node] + masks, name: name)
    case "transformer_block":
      _ = try sequenceShape(layer)
      node = builder.addTransformerBlock(
        to: node, name: name, heads: try heads(&options, of: layer), isCausal: try options.bool("causal") ?? false,
        lengths: lengths, dropout: try options.double("dropout") ?? 0)
    default:
      let positions = PositionalEmbedding<S>(
        shape: try sequenceShape(layer),
        initializer: .normal(standardDeviation: try options.double("standard_deviation") ?? 1))
      node = builder.add(positions, to: node, name: name)
    }
  }

  private mutating func addEmbedding(_ options: inout SettingsReader, _ name: String) throws(SettingsError) {
    guard let dimension = try options.integer("dimension") else {
      throw options.error("dimension", "expected the length of the vectors")
    }
    let size = try options.integer("size") ?? indexCount
    let padding = try options.integer("padding")
    if let padding {
      guard padding < size else {
        throw options.error("padding", "expected one of the numbers 0 to \(size - 1), found \(padding)")
      }
      lengths = builder.add(
        SequenceLengths(inputShape: node.shape, padding: S(padding)), to: node, name: "\(name).lengths")
    }
    let embedding = Embedding<S>(
      inputShape: node.shape, size: size, dimension: dimension, padding: padding,
      initializer: .normal(standardDeviation: try options.double("standard_deviation") ?? 1))
    node = builder.add(embedding, to: node, name: name)
  }

  /// The second input of layers that stop at the end of a sample.
  private var masks: [NodeReference] { lengths.map { [$0] } ?? [] }

  private mutating func addRecurrent(
    _ layer: LayerDescription, _ options: inout SettingsReader, _ name: String
  ) throws(SettingsError) {
    guard let units = try options.integer("units") else {
      throw options.error("units", "expected the number of units")
    }
    let recurrent = Recurrent<S>(
      layer.name == "lstm" ? .lstm : .gru, inputShape: try sequenceShape(layer), units: units,
      layers: try options.integer("layers") ?? 1, isBidirectional: try options.bool("bidirectional") ?? false,
      givesSequence: try options.bool("sequence") ?? true, hasLengths: lengths != nil,
      dropout: try options.double("dropout") ?? 0)
    node = builder.add(recurrent, toAll: [node] + masks, name: name)
  }

  /// What flows into `layer`, which has to be [T, F].
  private func sequenceShape(_ layer: LayerDescription) throws(SettingsError) -> Shape {
    guard node.shape.rank == 2 else {
      throw SettingsError(
        "\(layer.path): expected a sequence of rows (steps × features), found samples of \(node.shape)",
        at: layer.position)
    }
    return node.shape
  }

  /// The number of heads, which has to divide the width.
  private func heads(
    _ options: inout SettingsReader, of layer: LayerDescription
  ) throws(SettingsError) -> Int {
    let width = try sequenceShape(layer)[1]
    guard let heads = try options.integer("heads") else {
      throw options.error("heads", "expected the number of heads, a divisor of the width \(width)")
    }
    guard width % heads == 0 else {
      throw options.error("heads", "expected a divisor of the width \(width), found \(heads)")
    }
    return heads
  }
}

import Configuration

// Layers over sequences [T, F]. Options that are nil keep the configuration's defaults.

/// Looks up a vector of `dimension` for each whole number: [T] to [T, dimension].
///
/// - Parameters:
///   - size: how many vectors there are; nil: as many as the data set says, else one for each of the model's outputs.
///   - padding: the number that fills short sequences up: its vector is zero, and recurrent layers behind stop before it.
///   - standardDeviation: of the initial vectors (1).
public func embedding(
  _ dimension: Int, size: Int? = nil, padding: Int? = nil, standardDeviation: Double? = nil
) -> LayerComponent {
  LayerComponent(
    "embedding",
    [
      "dimension": .integer(dimension), "size": .optional(size), "padding": .optional(padding),
      "standard_deviation": .optional(standardDeviation),
    ])
}

/// Steps at the end of a sequence whose features all equal `value` (0) are padding, before which recurrent layers behind stop.
public func mask(_ value: Double? = nil) -> LayerComponent { LayerComponent("mask", ["value": .optional(value)]) }

/// Adds a learned vector to each position of [T, F].
public func positionalEmbedding(standardDeviation: Double? = nil) -> LayerComponent {
  LayerComponent("positional_embedding", ["standard_deviation": .optional(standardDeviation)])
}

/// Long short-term memory: [T, F] to [T, units], or [T, 2 · units] where it reads in both directions.
///
/// - Parameters:
///   - layers: one above the other (1).
///   - dropout: between the layers (0).
///   - sequence: whether it gives every step (true) or its last state alone.
public func lstm(
  _ units: Int, layers: Int? = nil, bidirectional: Bool? = nil, dropout: Double? = nil, sequence: Bool? = nil
) -> LayerComponent {
  recurrent("lstm", units, layers, bidirectional, dropout, sequence)
}

/// Gated recurrent unit, with the options of `lstm`.
public func gru(
  _ units: Int, layers: Int? = nil, bidirectional: Bool? = nil, dropout: Double? = nil, sequence: Bool? = nil
) -> LayerComponent {
  recurrent("gru", units, layers, bidirectional, dropout, sequence)
}

private func recurrent(
  _ name: String, _ units: Int, _ layers: Int?, _ bidirectional: Bool?, _ dropout: Double?, _ sequence: Bool?
) -> LayerComponent {
  LayerComponent(
    name,
    [
      "units": .integer(units), "layers": .optional(layers), "bidirectional": .optional(bidirectional),
      "dropout": .optional(dropout), "sequence": .optional(sequence),
    ])
}

/// Self-attention of `heads` heads, a divisor of F; `causal` (false) hides later steps.
public func multiHeadAttention(_ heads: Int, causal: Bool? = nil, dropout: Double? = nil) -> LayerComponent {
  LayerComponent(
    "multi_head_attention",
    ["heads": .integer(heads), "causal": .optional(causal), "dropout": .optional(dropout)])
}

/// Layer norm, attention, layer norm and a perceptron of width 4 · F, each pair with a residual connection.
public func transformerBlock(_ heads: Int, causal: Bool? = nil, dropout: Double? = nil) -> LayerComponent {
  LayerComponent(
    "transformer_block",
    ["heads": .integer(heads), "causal": .optional(causal), "dropout": .optional(dropout)])
}

import Settings

// Layers over sequences.

extension LayerDescription {
  static let sequenceKinds = [
    Kind(
      name: "embedding", mainOption: "dimension",
      options: [
        ("dimension", .integer(.atLeast(1))), ("size", .integer(.atLeast(1))),
        ("padding", .integer(.atLeast(0))), ("standard_deviation", .number(.atLeast(0))),
      ]),
    Kind(name: "mask", mainOption: "value", options: [("value", .number(.any))]),
    Kind(name: "positional_embedding", options: [("standard_deviation", .number(.atLeast(0)))]),
    Kind(name: "lstm", mainOption: "units", options: recurrentOptions),
    Kind(name: "gru", mainOption: "units", options: recurrentOptions),
    Kind(name: "multi_head_attention", mainOption: "heads", options: attentionOptions),
    Kind(name: "transformer_block", mainOption: "heads", options: attentionOptions),
  ]

  private static let recurrentOptions: [(name: String, type: OptionType)] = [
    ("units", .integer(.atLeast(1))), ("layers", .integer(.atLeast(1))), ("bidirectional", .bool),
    ("dropout", .number(.halfOpen(0, 1))), ("sequence", .bool),
  ]

  private static let attentionOptions: [(name: String, type: OptionType)] = [
    ("heads", .integer(.atLeast(1))), ("causal", .bool), ("dropout", .number(.halfOpen(0, 1))),
  ]
}

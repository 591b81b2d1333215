extension NamedModel {
  /// For the next character at each position: nanoGPT's setting for a CPU, 4 layers, 4 heads, width 128.
  public static let characterTransformer = NamedModel(
    "char-transformer",
    "embedding 128 with positions, four causal transformer blocks of 4 heads, layer norm, dense at each position"
  ) {
    Embedding(128, standardDeviation: 0.02)
    PositionalEmbedding(standardDeviation: 0.02)
    for _ in 0..<4 { TransformerBlock(4, causal: true) }
    LayerNorm()
    Dense(bias: false)
  }
}

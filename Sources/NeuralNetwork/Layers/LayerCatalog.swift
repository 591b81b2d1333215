public import Settings

/// The layers that a configuration can name. A new layer adds its description to `all`, and nothing else anywhere.
public enum LayerCatalog {
  /// In the order of `--help`.
  public static let all = Catalog(
    [
      Dense.self, ReLU.self, LeakyReLU.self, Tanh.self, Sigmoid.self, GELU.self, ELU.self, SiLU.self, Softmax.self,
      Dropout.self, SpatialDropout.self, BatchNorm.self, LayerNorm.self, GroupNorm.self, Residual.self, Parallel.self,
      Conv2D.self,
      Conv1D.self, ConvTranspose2D.self, MaxPool2D.self, AveragePool2D.self, GlobalAveragePool.self, Upsample.self,
      Flatten.self, Reshape.self, Embedding.self, Mask.self, PositionalEmbedding.self, LSTM.self, GRU.self,
      MultiHeadAttention.self, TransformerBlock.self, Custom.self,
    ]
  ) { $0 as? any LayerDescription }
}

import NumericCore

extension ModelBuilder {
  /// Adds a transformer block with normalisation in front, the form of GPT-2 and nanoGPT: `y = x + attention(norm(x))`,
  /// `output = y + mlp(norm(y))`, the last a dense layer to 4E, GELU, and a dense layer back to E.
  ///
  /// - Shapes: [T, E] in and out. Parameters: `ln_1.*`, `attn.*`, `ln_2.*`, `mlp.0.*`, `mlp.2.*` behind `name`, as in a
  ///   PyTorch module of `nn.LayerNorm`, `nn.MultiheadAttention` and `nn.Sequential(nn.Linear, nn.GELU, nn.Linear)`.
  /// - Initial weights: normal with standard deviation 0.02, biases zero, as GPT-2's.
  /// - Parameters:
  ///   - heads: a divisor of E.
  ///   - lengths: the number of steps of each sample, a scalar; those behind are padding, which no position attends to.
  ///   - dropout: of attention weights and of what both parts add.
  public mutating func addTransformerBlock(
    to input: NodeReference, name: String, heads: Int, isCausal: Bool, lengths: NodeReference? = nil,
    dropout: Double = 0
  ) -> NodeReference {
    let shape = input.shape
    let initializer = Initializer.normal(standardDeviation: 0.02)

    let firstNorm = add(LayerNorm<S>(shape: shape), to: input, name: "\(name).ln_1")
    let attention = add(
      MultiHeadAttention<S>(
        shape: shape, heads: heads, isCausal: isCausal, hasLengths: lengths != nil, dropout: dropout,
        initializer: initializer),
      toAll: [firstNorm] + (lengths.map { [$0] } ?? []), name: "\(name).attn")
    let attended = addResidual(attention, to: input, name: "\(name).attn", dropout: dropout)

    let secondNorm = add(LayerNorm<S>(shape: shape), to: attended, name: "\(name).ln_2")
    let wide = add(
      Dense<S>(inputShape: shape, outputSize: 4 * shape[1]) { _, _ in initializer }, to: secondNorm,
      name: "\(name).mlp.0")
    let active = add(Activation<S>(.gelu, shape: wide.shape), to: wide, name: "\(name).mlp.1")
    let narrow = add(
      Dense<S>(inputShape: wide.shape, outputSize: shape[1]) { _, _ in initializer }, to: active, name: "\(name).mlp.2")
    return addResidual(narrow, to: attended, name: "\(name).mlp", dropout: dropout)
  }

  private mutating func addResidual(
    _ branch: NodeReference, to input: NodeReference, name: String, dropout: Double
  ) -> NodeReference {
    var branch = branch
    if dropout > 0 {
      branch = add(Dropout<S>(probability: dropout, shape: branch.shape), to: branch, name: "\(name).dropout")
    }
    return add(Add<S>(shape: input.shape), to: input, branch, name: "\(name).residual")
  }
}

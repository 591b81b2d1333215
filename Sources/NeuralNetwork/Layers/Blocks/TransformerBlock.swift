public import NumericCore
public import Settings

/// Layer norm, attention, layer norm and a perceptron of width 4 · E, each pair with a residual connection.
public struct TransformerBlock: LayerDescription {
  /// A divisor of E; it has to be given.
  public var heads: Int?
  /// Whether a position sees no later ones.
  public var causal: Bool
  /// Of attention weights and of what both parts add, at least 0 and less than 1.
  public var dropout: Double

  public init(_ heads: Int?, causal: Bool = false, dropout: Double = 0) {
    (self.heads, self.causal, self.dropout) = (heads, causal, dropout)
  }
  public init() { self.init(nil) }

  public static let name = "transformer_block"
  public static let summary = "layer norm, attention, layer norm and a perceptron, with residual connections"
  public static let shorthand: String? = "heads"
  public static let settings: [Setting<TransformerBlock>] = [
    Setting("heads", \.heads, .atLeast(1), "a divisor of the features of a step"),
    Setting("causal", \.causal, "whether later steps are hidden"),
    Setting("dropout", \.dropout, .halfOpen(0, 1), "of attention weights and of what both parts add"),
  ]
  public var inputLayout: InputLayout? { .sequences }
  public var detail: String? { heads.map { "\($0) heads" } }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    let heads = try model.checked(heads: heads)
    model.node = model.builder.addTransformerBlock(
      to: model.node, name: name, heads: heads, isCausal: causal, lengths: model.lengths, dropout: dropout)
  }
}

extension ModelBuilder {
  /// Adds a transformer block with normalisation in front, the form of GPT-2 and nanoGPT:
  /// `y = x + attention(norm(x))`, `output = y + mlp(norm(y))`, the last a dense layer to 4E, GELU, and a dense layer
  /// back to E.
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

    let firstNorm = add(LayerNormLayer<S>(shape: shape), to: input, name: "\(name).ln_1")
    let attention = add(
      MultiHeadAttentionLayer<S>(
        shape: shape, heads: heads, isCausal: isCausal, hasLengths: lengths != nil, dropout: dropout,
        initializer: initializer),
      toAll: [firstNorm] + (lengths.map { [$0] } ?? []), name: "\(name).attn")
    let attended = addResidual(attention, to: input, name: "\(name).attn", dropout: dropout)

    let secondNorm = add(LayerNormLayer<S>(shape: shape), to: attended, name: "\(name).ln_2")
    let wide = add(
      DenseLayer<S>(inputShape: shape, outputSize: 4 * shape[1]) { _, _ in initializer }, to: secondNorm,
      name: "\(name).mlp.0")
    let active = add(ActivationLayer<S>(.gelu, shape: wide.shape), to: wide, name: "\(name).mlp.1")
    let narrow = add(
      DenseLayer<S>(inputShape: wide.shape, outputSize: shape[1]) { _, _ in initializer }, to: active,
      name: "\(name).mlp.2")
    return addResidual(narrow, to: attended, name: "\(name).mlp", dropout: dropout)
  }

  private mutating func addResidual(
    _ branch: NodeReference, to input: NodeReference, name: String, dropout: Double
  ) -> NodeReference {
    var branch = branch
    if dropout > 0 {
      branch = add(DropoutLayer<S>(probability: dropout, shape: branch.shape), to: branch, name: "\(name).dropout")
    }
    return add(AddLayer<S>(shape: input.shape), to: input, branch, name: "\(name).residual")
  }
}

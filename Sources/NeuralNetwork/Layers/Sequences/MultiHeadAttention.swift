public import NumericCore
public import Settings

/// Self-attention in several heads over a sequence [T, E].
public struct MultiHeadAttention: LayerDescription {
  /// A divisor of E; it has to be given.
  public var heads: Int?
  /// Whether a position sees no later ones.
  public var causal: Bool
  /// Of the attention weights, at least 0 and less than 1.
  public var dropout: Double

  public init(_ heads: Int?, causal: Bool = false, dropout: Double = 0) {
    (self.heads, self.causal, self.dropout) = (heads, causal, dropout)
  }
  public init() { self.init(nil) }

  public static let name = "multi_head_attention"
  public static let summary = "self-attention over a sequence"
  public static let shorthand: String? = "heads"
  public static let settings: [Setting<MultiHeadAttention>] = [
    Setting("heads", \.heads, .atLeast(1), "a divisor of the features of a step"),
    Setting("causal", \.causal, "whether later steps are hidden"),
    Setting("dropout", \.dropout, .halfOpen(0, 1), "of attention weights"),
  ]
  public var inputLayout: InputLayout? { .sequences }
  public var detail: String? { heads.map { "\($0) heads" } }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    let heads = try model.checked(heads: heads)
    model.applyWithLengths(
      MultiHeadAttentionLayer(
        shape: model.shape, heads: heads, isCausal: causal, hasLengths: model.lengths != nil, dropout: dropout),
      named: name)
  }
}

extension ModelAssembly {
  /// The number of heads over a sequence, which has to be given and to divide the width.
  func checked(heads: Int?) throws(LayerError) -> Int {
    try requireSequences()
    let width = shape[1]
    guard let heads else { throw .setting("heads", "expected the number of heads, a divisor of the width \(width)") }
    guard width % heads == 0 else {
      throw .setting("heads", "expected a divisor of the width \(width), found \(heads)")
    }
    try requireSize("products of a sample", of: [heads, shape[0], shape[0]])
    return heads
  }
}

/// Scaled dot-product self-attention in several heads (Vaswani et al. 2017).
///
/// With q, k, v the three parts of `x · in_projᵀ + bias`, each cut into heads of d = E / heads columns, a head gives
/// `softmax(q · kᵀ / √d) · v`; the heads side by side go through `out_proj`. Where causal, position t sees positions up
/// to t.
///
/// - Shapes: input and output [T, E]; `in_proj_weight` [3E, E] and `in_proj_bias` [3E] (q, k, v), `out_proj.weight` [E,
///   E] and `out_proj.bias` [E], named and initialised as by PyTorch's `nn.MultiheadAttention`.
/// - Input 1, where `hasLengths`, is the number of steps of each sample, a scalar from 1 to T: the steps behind it are
///   padding, which no position sees (PyTorch's `key_padding_mask`). What the padding's own positions give means
///   nothing.
/// - In training, dropout falls on the softmax's results, keyed by (step, layer, sample).
public struct MultiHeadAttentionLayer<S: Scalar>: Layer {
  public let inputShapes: [Shape]
  public let outputShape: Shape
  public let parameters: [ParameterSpecification]
  public let heads: Int
  public let isCausal: Bool
  public let dropout: Double
  private let positions: Int, width: Int, headWidth: Int
  private let stripes: [AttentionStripe]

  /// - Parameters:
  ///   - shape: [T, E], E a multiple of `heads`.
  ///   - hasLengths: whether a second input tells the steps of each sample.
  ///   - dropout: of attention weights, at least 0 and less than 1.
  ///   - initializer: of both weights; nil for PyTorch's, Xavier for the input's and uniform on ±1/√E for the output's.
  public init(
    shape: Shape, heads: Int, isCausal: Bool = false, hasLengths: Bool = false, dropout: Double = 0,
    initializer: Initializer? = nil
  ) {
    precondition(
      shape.rank == 2 && heads >= 1 && shape[1] >= 1 && shape[1] % heads == 0 && (0..<1).contains(dropout),
      "\(heads) heads over \(shape) with dropout \(dropout)")
    inputShapes = hasLengths ? [shape, []] : [shape]
    outputShape = shape
    (self.heads, self.isCausal, self.dropout) = (heads, isCausal, dropout)
    (positions, width, headWidth) = (shape[0], shape[1], shape[1] / heads)
    stripes = AttentionStripe.all(positions: positions, isCausal: isCausal)
    parameters = [
      ParameterSpecification(
        "in_proj_weight", shape: [3 * width, width],
        initializer: initializer ?? .xavierUniform(fanIn: width, fanOut: 3 * width)),
      ParameterSpecification("in_proj_bias", shape: [3 * width], initializer: .zeros),
      ParameterSpecification(
        "out_proj.weight", shape: [width, width],
        initializer: initializer ?? .uniform(bound: (1 / Double(width)).squareRoot())),
      ParameterSpecification("out_proj.bias", shape: [width], initializer: .zeros),
    ]
  }

  // A head's attention matrix of one sample has T² elements.
  private var square: Int { positions * positions }

  public func savedCount(samples: Int) -> Int {
    samples * (4 * positions * width + heads * square * (dropout > 0 ? 2 : 1)) + ViewCutter<S>.slack(views: 4)
  }
  public func scratchCount(samples: Int) -> Int {
    samples * 4 * positions * width + 2 * square + ViewCutter<S>.slack(views: 4)
  }

  /// What forward leaves for backward: q, k and v [N, T, 3E], attention [N, heads, T, T], what it gives [N, T, E],
  /// masks.
  private func memory(
    _ pass: LayerPass<S>
  ) -> (projected: BufferView<S>, attention: BufferView<S>, context: BufferView<S>, mask: BufferView<S>) {
    var saved = ViewCutter(pass.saved)
    return (
      saved.take(pass.samples * 3 * positions * width), saved.take(pass.samples * heads * square),
      saved.take(pass.samples * positions * width), saved.take(dropout > 0 ? pass.samples * heads * square : 0)
    )
  }

  /// The columns of part 0, 1 or 2 (q, k, v) of a head of a sample, in rows of q, k and v side by side.
  private func part(_ projected: BufferView<S>, _ part: Int, _ sample: Int, _ head: Int) -> Matrix<S> {
    let size = positions * 3 * width, start = part * width + head * headWidth
    return Matrix(projected.view(sample * size..<(sample + 1) * size), rows: positions, columns: 3 * width)
      .columns(start..<start + headWidth)
  }

  /// q, k and v of a head of a sample.
  private func parts(_ projected: BufferView<S>, _ sample: Int, _ head: Int) -> (Matrix<S>, Matrix<S>, Matrix<S>) {
    (part(projected, 0, sample, head), part(projected, 1, sample, head), part(projected, 2, sample, head))
  }

  private func part(_ context: BufferView<S>, _ sample: Int, _ head: Int) -> Matrix<S> {
    let size = positions * width
    return Matrix(context.view(sample * size..<(sample + 1) * size), rows: positions, columns: width)
      .columns(head * headWidth..<(head + 1) * headWidth)
  }

  private func square(_ view: BufferView<S>, _ sample: Int, _ head: Int) -> BufferView<S> {
    view.view((sample * heads + head) * square..<(sample * heads + head + 1) * square)
  }

  private func drops(_ pass: LayerPass<S>) -> Bool { dropout > 0 && pass.random != nil }
  private var scale: S { 1 / S(headWidth).squareRoot() }

  public func forward(_ pass: LayerPass<S>) {
    let memory = memory(pass)
    let rows = pass.samples * positions
    multiply(
      Matrix(pass.input(), rows: rows, columns: width),
      Matrix(pass.parameter(0), rows: 3 * width, columns: width).transposed,
      into: Matrix(memory.projected, rows: rows, columns: 3 * width), precision: pass.precision)
    addRow(pass.parameter(1), toRowsOf: memory.projected)
    if drops(pass), let random = pass.random {
      for sample in 0..<pass.samples {
        random.fillDropoutMask(
          memory.mask.view(sample * heads * square..<(sample + 1) * heads * square),
          substream: pass.sampleIDs[sample],
          probability: dropout)
      }
    }
    let dropped = pass.scratch.view(first: square)
    for sample in 0..<pass.samples {
      let length = inputShapes.count > 1 ? Int(pass.input(1)[sample]) : positions
      for head in 0..<heads {
        let attention = square(memory.attention, sample, head)
        let (q, k, v) = parts(memory.projected, sample, head), context = part(memory.context, sample, head)
        for stripe in stripes {
          multiply(
            q.rows(stripe.rows), k.rows(stripe.seen).transposed, into: stripe.of(attention),
            precision: pass.precision)
        }
        attentionSoftmax(attention, columns: positions, length: length, scale: scale, isCausal: isCausal)
        if drops(pass) { multiplyElements(attention, square(memory.mask, sample, head), into: dropped) }
        for stripe in stripes {
          multiply(
            stripe.of(drops(pass) ? dropped : attention), v.rows(stripe.seen),
            into: context.rows(stripe.rows), precision: pass.precision)
        }
      }
    }
    multiply(
      Matrix(memory.context, rows: rows, columns: width),
      Matrix(pass.parameter(2), rows: width, columns: width).transposed,
      into: Matrix(pass.output, rows: rows, columns: width), precision: pass.precision)
    addRow(pass.parameter(3), toRowsOf: pass.output)
  }

  public func backward(_ pass: LayerPass<S>) {
    let memory = memory(pass)
    let rows = pass.samples * positions
    var scratch = ViewCutter(pass.scratch)
    let contextGradient = scratch.take(rows * width), projectedGradient = scratch.take(rows * 3 * width)
    let gradient = scratch.take(square), dropped = scratch.take(square)

    let outputGradient = Matrix(pass.outputGradient, rows: rows, columns: width)
    addGradients(pass, of: 2, input: memory.context, outputGradient: pass.outputGradient)
    multiply(
      outputGradient, Matrix(pass.parameter(2), rows: width, columns: width),
      into: Matrix(contextGradient, rows: rows, columns: width), precision: pass.precision)
    for sample in 0..<pass.samples {
      for head in 0..<heads {
        let attention = square(memory.attention, sample, head)
        let headGradient = part(contextGradient, sample, head)
        let (q, k, v) = parts(memory.projected, sample, head)
        let (qGradient, kGradient, vGradient) = parts(projectedGradient, sample, head)
        if drops(pass) { multiplyElements(attention, square(memory.mask, sample, head), into: dropped) }
        for stripe in stripes {
          multiply(
            stripe.of(drops(pass) ? dropped : attention).transposed, headGradient.rows(stripe.rows),
            into: vGradient.rows(stripe.seen), adding: !stripe.seesAll, precision: pass.precision)
          multiply(
            headGradient.rows(stripe.rows), v.rows(stripe.seen).transposed, into: stripe.of(gradient),
            precision: pass.precision)
        }
        if drops(pass) { multiplyElements(gradient, square(memory.mask, sample, head), into: gradient) }
        attentionSoftmaxBackward(
          probabilities: attention, columns: positions, scale: scale, isCausal: isCausal, gradient: gradient)
        for stripe in stripes {
          let scores = stripe.of(gradient)
          multiply(scores, k.rows(stripe.seen), into: qGradient.rows(stripe.rows), precision: pass.precision)
          multiply(
            scores.transposed, q.rows(stripe.rows), into: kGradient.rows(stripe.seen), adding: !stripe.seesAll,
            precision: pass.precision)
        }
      }
    }
    addGradients(pass, of: 0, input: pass.input(), outputGradient: projectedGradient)
    pass.gradientsAreFinal()
    if let inputGradient = pass.inputGradient() {
      multiply(
        Matrix(projectedGradient, rows: rows, columns: 3 * width),
        Matrix(pass.parameter(0), rows: 3 * width, columns: width),
        into: Matrix(inputGradient, rows: rows, columns: width), precision: pass.precision)
    }
    if inputShapes.count > 1 { pass.inputGradient(1)?.zero() }
  }

  /// Adds to the gradients of weight `index` and the bias behind it.
  private func addGradients(_ pass: LayerPass<S>, of index: Int, input: BufferView<S>, outputGradient: BufferView<S>) {
    let rows = pass.samples * positions
    if let gradient = pass.parameterGradient(index) {
      let outputs = gradient.count / width
      multiply(
        Matrix(outputGradient, rows: rows, columns: outputs).transposed,
        Matrix(input, rows: rows, columns: width), into: Matrix(gradient, rows: outputs, columns: width), adding: true,
        precision: pass.precision)
    }
    if let gradient = pass.parameterGradient(index + 1) { addColumnSums(of: outputGradient, to: gradient) }
  }
}

/// Some rows of an attention matrix [T, T], and the columns that any of them sees: what a causal mask hides from all of
/// them is not computed.
private struct AttentionStripe {
  let rows: Range<Int>
  let seen: Range<Int>
  /// T.
  let positions: Int

  var seesAll: Bool { seen.count == positions }

  /// Rows of a stripe: fewer would leave out more columns, in products that are too small to be fast.
  private static let height = 64

  /// From the last stripe, which sees all columns, to the first.
  static func all(positions: Int, isCausal: Bool) -> [AttentionStripe] {
    guard isCausal else { return [AttentionStripe(rows: 0..<positions, seen: 0..<positions, positions: positions)] }
    return stride(from: 0, to: positions, by: height).reversed().map { start in
      let end = min(start + height, positions)
      return AttentionStripe(rows: start..<end, seen: 0..<end, positions: positions)
    }
  }

  /// Its part of an attention matrix.
  func of<S: Scalar>(_ square: BufferView<S>) -> Matrix<S> {
    Matrix(square, rows: positions, columns: positions).rows(rows).columns(seen)
  }
}

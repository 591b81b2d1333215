public import NumericCore
public import Settings

/// Affine map of the last axis [in] to [units]. Images [H, W, C] are flattened first, in PyTorch's order.
public struct Dense: LayerDescription {
  /// nil in the last dense layer of a model alone: the outputs that data and loss need.
  public var units: Int?
  public var bias: Bool
  /// Of the weight; nil for that of the run.
  public var initializer: InitializationScheme?

  public init(_ units: Int? = nil, bias: Bool = true, initializer: InitializationScheme? = nil) {
    (self.units, self.bias, self.initializer) = (units, bias, initializer)
  }
  public init() { self.init(nil) }

  public static let name = "dense"
  public static let summary = "affine map of features, of each step of a sequence, or of a flattened image"
  public static let shorthand: String? = "units"
  public static let settings: [Setting<Dense>] = [
    Setting("units", \.units, .atLeast(1), "outputs; the last dense layer may leave it out"),
    Setting("bias", \.bias, "whether it adds one"),
    Setting("initializer", \.initializer, "of the weight; else that of the run"),
  ]
  public var inputLayout: InputLayout? { .rows }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    guard let units = units ?? model.sizelessUnits else {
      throw .setting("units", "expected the number of units; only the last dense layer may leave it out")
    }
    if model.shape.rank == 3 { model.apply(FlattenLayer(inputShape: model.shape), named: "\(name).flatten") }
    model.apply(
      DenseLayer(
        inputShape: model.shape, outputSize: units, hasBias: bias,
        initializer: (initializer ?? model.initializer).initializer),
      named: name)
  }
}

/// Affine map `output = input · weightᵀ + bias`.
///
/// - Shapes: `input` [N, in] with the last axis as `in` (leading axes count as samples), `output` [N, out], `weight`
///   [out, in] row-major, `bias` [out].
public struct DenseLayer<S: Scalar>: Layer {
  public let inputShape: Shape
  public let outputShape: Shape
  public let parameters: [ParameterSpecification]
  private let inputSize: Int
  private let outputSize: Int
  private let hasBias: Bool

  /// Maps the last axis of `inputShape`.
  /// - Parameter initializer: of the weight, from its fan-in and fan-out; the bias starts at zero.
  public init(
    inputShape: Shape, outputSize: Int, hasBias: Bool = true,
    initializer: (_ fanIn: Int, _ fanOut: Int) -> Initializer = { fanIn, _ in .kaimingUniform(fanIn: fanIn) }
  ) {
    precondition(inputShape.rank >= 1 && outputSize >= 1, "Dense maps the last axis of \(inputShape) to \(outputSize)")
    inputSize = inputShape[inputShape.rank - 1]
    self.inputShape = inputShape
    self.outputSize = outputSize
    self.hasBias = hasBias
    outputShape = Shape(inputShape.extents.dropLast() + [outputSize])
    let weight = ParameterSpecification(
      "weight", shape: [outputSize, inputSize], initializer: initializer(inputSize, outputSize))
    let bias = ParameterSpecification("bias", shape: [outputSize], initializer: .zeros)
    parameters = hasBias ? [weight, bias] : [weight]
  }

  public init(inputSize: Int, outputSize: Int) { self.init(inputShape: [inputSize], outputSize: outputSize) }

  public var inputShapes: [Shape] { [inputShape] }

  public func forward(_ pass: LayerPass<S>) {
    let rows = rows(pass)
    multiply(
      Matrix(pass.input(), rows: rows, columns: inputSize), weight(pass.parameter(0)).transposed,
      into: Matrix(pass.output, rows: rows, columns: outputSize), precision: pass.precision)
    if hasBias { addRow(pass.parameter(1), toRowsOf: pass.output) }
  }

  public func backward(_ pass: LayerPass<S>) {
    let rows = rows(pass)
    let outputGradient = Matrix(pass.outputGradient, rows: rows, columns: outputSize)
    if let (weightGradient, adds) = pass.freshParameterGradient(0) {
      multiply(
        outputGradient.transposed, Matrix(pass.input(), rows: rows, columns: inputSize), into: weight(weightGradient),
        adding: adds, precision: pass.precision)
    }
    if hasBias, let biasGradient = pass.parameterGradient(1) {
      addColumnSums(of: pass.outputGradient, to: biasGradient)
    }
    pass.gradientsAreFinal()
    if let inputGradient = pass.inputGradient() {
      multiply(
        outputGradient, weight(pass.parameter(0)), into: Matrix(inputGradient, rows: rows, columns: inputSize),
        precision: pass.precision)
    }
  }

  private func rows(_ pass: LayerPass<S>) -> Int { pass.output.count / outputSize }
  private func weight(_ window: BufferView<S>) -> Matrix<S> { Matrix(window, rows: outputSize, columns: inputSize) }
}

extension DenseLayer: JointLayer {
  /// For whole samples: a micro-batch of sequences has rows enough for itself.
  var isJoint: Bool { inputShape.rank == 1 }
  var jointParameters: [Int] { [0] }

  func forward(_ pass: JointPass<S>) {
    let (input, output) = (pass.input, pass.output), rows = output.count / outputSize
    multiplyRows(
      Matrix(input, rows: rows, columns: inputSize), weight(pass.parameter(0)).transposed,
      into: Matrix(output, rows: rows, columns: outputSize), precision: pass.precision)
    if hasBias { addRow(pass.parameter(1), toRowsOf: output) }
  }

  func backward(_ pass: JointPass<S>) {
    let rows = pass.outputGradient.count / outputSize
    let outputGradient = Matrix(pass.outputGradient, rows: rows, columns: outputSize)
    multiplyShards(
      outputGradient, Matrix(pass.input, rows: rows, columns: inputSize), rows: pass.samples, order: pass.order,
      precision: pass.precision
    ) { weight(pass.jointGradient(0, root: $0)) }
    if hasBias {
      for index in pass.workspaces.indices {
        let part = pass.part(index)
        if let biasGradient = part.parameterGradient(1) {
          addColumnSums(of: part.outputGradient, to: biasGradient)
        }
      }
    }
    pass.gradientsAreFinal()
    if let inputGradient = pass.inputGradient {
      multiplyRows(
        outputGradient, weight(pass.parameter(0)), into: Matrix(inputGradient, rows: rows, columns: inputSize),
        precision: pass.precision)
    }
  }
}

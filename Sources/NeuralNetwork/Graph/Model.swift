public import NumericCore

/// A graph of layers in the order of evaluation. Immutable; all values live elsewhere.
///
/// Node 0 up to the number of inputs are the model's inputs; every other node is a layer applied to earlier nodes. A
/// chain, a residual block, parallel branches, several inputs or outputs and shared weights are the same structure.
public final class Model<S: Scalar>: Sendable {
  struct Node: Sendable {
    let name: String
    /// nil for an input of the model.
    let layer: (any Layer<S>)?
    let shape: Shape
    let inputs: [Int]
    let parameterEntries: [Int]
    let statisticEntries: [Int]
    /// True where a parameter at or above this node learns from its gradient.
    var needsGradient: Bool
    /// Whether it has parameters, and none of them learns.
    var isFrozen = false
  }

  let nodes: [Node]
  /// What the work of each node is called in a timeline, such as `2 DenseLayer`.
  let spanNames: [String]
  let inputNodes: [Int]
  let outputNodes: [Int]
  /// The node that gives how many steps of each sample's outputs are no padding; nil where all are steps, or samples
  /// have none.
  let lengthsNode: Int?
  /// Parameters, gradients and optimizer state share this layout.
  public let parameterLayout: ParameterLayout
  /// Running statistics, which follow the gradients through the exchange.
  public let statisticLayout: ParameterLayout
  /// The nodes whose layers take in the micro-batches of all shards, ascending.
  let synchronizingNodes: [Int]
  /// The nodes whose layers can compute the micro-batches of several shards at once, ascending.
  let jointNodes: [Int]
  /// For each node the entries of `parameterLayout` that it is the first to use, and so the last in backward.
  let ownEntries: [Range<Int>]
  /// For each node, what its layer computes besides.
  let fusions: [NodeFusion]
  /// One for each entry of `statisticLayout`.
  let statisticRules: [RunningStatistics.Rule]
  /// What the factors of matrix products are rounded to in dense, attention and recurrent layers. Convolutions have
  /// kernels of their own and compute in `S`.
  public let precision: ProductPrecision
  /// Entries of `parameterLayout` that do not learn.
  public let frozenEntries: Set<Int>

  fileprivate init(
    nodes: [Node], outputs: [Int], lengths: Int?, parameterLayout: ParameterLayout, statisticLayout: ParameterLayout,
    precision: ProductPrecision, frozenEntries: Set<Int> = []
  ) {
    self.nodes = nodes
    self.precision = precision
    spanNames = nodes.map { node in node.layer.map { "\(node.name) \(Self.typeName($0))" } ?? node.name }
    self.frozenEntries = frozenEntries
    inputNodes = nodes.indices.filter { nodes[$0].layer == nil }
    outputNodes = outputs
    lengthsNode = lengths
    synchronizingNodes = nodes.indices.filter {
      (nodes[$0].layer as? any SynchronizingLayer<S>)?.synchronizes == true && !nodes[$0].isFrozen
    }
    jointNodes = Self.jointNodes(nodes, outputs: outputs, frozenEntries: frozenEntries)
    fusions = NodeFusion.plan(nodes, keeping: Set(outputs + (lengths.map { [$0] } ?? [])))
    self.parameterLayout = parameterLayout
    self.statisticLayout = statisticLayout
    var entries = 0
    ownEntries = nodes.map { node in
      let first = entries
      entries = max(entries, (node.parameterEntries.max() ?? -1) + 1)
      return first..<entries
    }
    statisticRules = Self.statisticRules(nodes, count: statisticLayout.entries.count)
  }

  /// Whether training has to run the shards' micro-batches in lockstep, by
  /// a `WorkspaceGroup`.
  public var synchronizes: Bool { !synchronizingNodes.isEmpty }
  /// The layers that have one value a sample and channel and take their statistics over the samples of a micro-batch:
  /// of a single sample there are none.
  ///
  /// - Parameter synchronizing: those that take them over the micro-batches of all shards together, or the others.
  public func sampleStatistics(synchronizing: Bool) -> [String] {
    nodes.filter { node in
      guard let layer = node.layer as? BatchNormLayer<S>, layer.synchronizes == synchronizing, !node.isFrozen
      else { return false }
      return layer.outputShape.elementCount == layer.outputShape[layer.outputShape.rank - 1]
    }.map(\.name)
  }

  /// The same model, in which some parameters do not learn.
  ///
  /// A layer all of whose parameters are frozen computes no gradients of them, and backward ends above the lowest layer
  /// that learns. Where such a layer has running statistics it uses them in training too, and they stay as they are, as
  /// in Keras; PyTorch's `requires_grad = False` alone leaves a batch normalization with those of the batch.
  ///
  /// - Parameter names: of parameters; others are passed over.
  public func freezing(_ names: Set<String>) -> Model {
    let frozen = Set(parameterLayout.entries.indices.filter { names.contains(parameterLayout.entries[$0].name) })
    var changed = nodes
    for (index, node) in nodes.enumerated() {
      let learns = node.parameterEntries.contains { !frozen.contains($0) }
      changed[index].isFrozen = !node.parameterEntries.isEmpty && !learns
      changed[index].needsGradient = learns || node.inputs.contains { changed[$0].needsGradient }
    }
    return Model(
      nodes: changed, outputs: outputNodes, lengths: lengthsNode, parameterLayout: parameterLayout,
      statisticLayout: statisticLayout, precision: precision, frozenEntries: frozen)
  }

  /// The same model, whose products round their factors to `precision`.
  public func rounding(to precision: ProductPrecision) -> Model {
    Model(
      nodes: nodes, outputs: outputNodes, lengths: lengthsNode, parameterLayout: parameterLayout,
      statisticLayout: statisticLayout, precision: precision, frozenEntries: frozenEntries)
  }

  /// The elements of the flat buffer that do not learn, each parameter with the gap behind it.
  public var frozenRanges: [Range<Int>] {
    let entries = parameterLayout.entries
    return frozenEntries.sorted().map { index in
      entries[index].range
        .lowerBound..<(index + 1 < entries.count ? entries[index + 1].range.lowerBound : parameterLayout.count)
    }
  }

  /// The parameters of the last layers that have any on the ways to the outputs: what gives the outputs their meaning.
  public var headParameters: Set<String> {
    var pending = outputNodes, seen: Set<Int> = [], names: Set<String> = []
    while let index = pending.popLast() {
      guard seen.insert(index).inserted else { continue }
      let node = nodes[index]
      if node.parameterEntries.isEmpty { pending += node.inputs }
      names.formUnion(node.parameterEntries.map { parameterLayout.entries[$0].name })
    }
    return names
  }

  public var inputShapes: [Shape] { inputNodes.map { nodes[$0].shape } }
  public var outputShapes: [Shape] { outputNodes.map { nodes[$0].shape } }
  /// Elements of a sample that flow out of all layers together.
  public var activationCount: Int { nodes.reduce(0) { $0 + $1.shape.elementCount } }
  /// The layer of that name; nil where there is none.
  public func layer(_ name: String) -> (any Layer<S>)? { nodes.first { $0.name == name }?.layer }
  /// The layers in order, for a summary: name, type, output shape, learnable elements (0 where shared with an earlier
  /// one).
  public var summary: [(name: String, type: String, outputShape: Shape, parameterCount: Int)] {
    var counted = Set<Int>()
    return nodes.compactMap { node in
      guard let layer = node.layer else { return nil }
      let fresh = node.parameterEntries.filter { counted.insert($0).inserted }
      let count = fresh.reduce(0) { $0 + parameterLayout.entries[$1].range.count }
      return (node.name, Self.typeName(layer), node.shape, count)
    }
  }

  /// Such as `DenseLayer`.
  private static func typeName(_ layer: any Layer<S>) -> String {
    String(String(describing: type(of: layer)).prefix { $0 != "<" })
  }
}

extension Model {
  /// Joint layers all of whose parameters are theirs alone and learn, behind an input whose gradient is theirs alone.
  private static func jointNodes(_ nodes: [Node], outputs: [Int], frozenEntries: Set<Int>) -> [Int] {
    var (users, readers) = ([Int: Int](), [Int: Int]())
    for node in nodes {
      for entry in node.parameterEntries { users[entry, default: 0] += 1 }
      for input in node.inputs { readers[input, default: 0] += 1 }
    }
    return nodes.indices.filter { index in
      let node = nodes[index]
      return (node.layer as? any JointLayer<S>)?.isJoint == true && node.inputs.count == 1
        && node.inputs.allSatisfy { readers[$0] == 1 && !outputs.contains($0) }
        && node.parameterEntries.allSatisfy { users[$0] == 1 && !frozenEntries.contains($0) }
    }
  }

  /// Whether the layers that can compute several micro-batches at once have most of the model's work.
  public var isMostlyJoint: Bool {
    func operations(_ indices: some Sequence<Int>) -> Int {
      indices.reduce(0) { $0 + (nodes[$1].layer?.operations ?? 0) }
    }
    return 2 * operations(jointNodes) > operations(nodes.indices)
  }

  /// The elements of the flat buffer whose gradients joint layers add up over the shards of a rank.
  public var jointRanges: [Range<Int>] {
    jointNodes.flatMap { index in
      guard let layer = nodes[index].layer as? any JointLayer<S> else { return [Range<Int>]() }
      return layer.jointParameters.map { parameterLayout.entries[nodes[index].parameterEntries[$0]].range }
    }
  }
}

/// A place in a model under construction.
public struct NodeReference: Sendable {
  let index: Int
  /// Shape of what flows out of it, sample axis left out.
  public let shape: Shape
}

/// Joins layers into a `Model`.
///
/// ```swift
/// var builder = ModelBuilder<Float>()
/// let input = builder.input([784])
/// let hidden = builder.add(DenseLayer(inputSize: 784, outputSize: 128), to: input, name: "0")
/// let active = builder.add(ActivationLayer(.relu, shape: hidden.shape), to: hidden, name: "1")
/// let model = builder.build(outputs: builder.add(DenseLayer(inputSize: 128, outputSize: 10), to: active, name: "2"))
/// ```
public struct ModelBuilder<S: Scalar> {
  private var nodes: [Model<S>.Node] = []
  private var parameterLayout = ParameterLayout()
  private var statisticLayout = ParameterLayout()
  private let precision: ProductPrecision

  /// - Parameter precision: what the factors of matrix products are rounded to.
  public init(precision: ProductPrecision = .float32) { self.precision = precision }

  /// Declares an input of the model. All inputs come before the first layer.
  public mutating func input(_ shape: Shape) -> NodeReference {
    append(
      Model.Node(
        name: "input", layer: nil, shape: shape, inputs: [], parameterEntries: [], statisticEntries: [],
        needsGradient: false))
  }

  /// Applies `layer` to earlier nodes.
  /// - Parameters:
  ///   - name: the prefix of its parameters' names, as in PyTorch's `state_dict`; new in this model.
  ///   - shared: a node whose parameters and statistics this layer uses instead of its own (weight sharing).
  /// - Precondition: the shapes of `inputs` are those that the layer takes.
  public mutating func add(
    _ layer: some Layer<S>, to inputs: NodeReference..., name: String, sharing shared: NodeReference? = nil
  ) -> NodeReference {
    add(layer, toAll: inputs, name: name, sharing: shared)
  }

  /// The same for a number of inputs that only the running program knows.
  public mutating func add(
    _ layer: some Layer<S>, toAll inputs: [NodeReference], name: String, sharing shared: NodeReference? = nil
  ) -> NodeReference {
    precondition(
      inputs.map(\.shape) == layer.inputShapes,
      "\(name) takes \(layer.inputShapes), not \(inputs.map(\.shape))")
    let parameters: [Int]
    let statistics: [Int]
    if let shared {
      (parameters, statistics) = (nodes[shared.index].parameterEntries, nodes[shared.index].statisticEntries)
      precondition(
        parameters.map { parameterLayout.entries[$0].shape } == layer.parameters.map(\.shape),
        "\(name) cannot share the parameters of \(nodes[shared.index].name)")
    } else {
      parameters = layer.parameters.map {
        parameterLayout.append(name: "\(name).\($0.name)", shape: $0.shape, initializer: $0.initializer)
      }
      statistics = layer.statistics.map {
        statisticLayout.append(name: "\(name).\($0.name)", shape: $0.shape, initializer: $0.initializer)
      }
    }
    return append(
      Model.Node(
        name: name, layer: layer, shape: layer.outputShape, inputs: inputs.map(\.index), parameterEntries: parameters,
        statisticEntries: statistics,
        needsGradient: !parameters.isEmpty || inputs.contains { nodes[$0.index].needsGradient }))
  }

  /// The finished model.
  ///
  /// Mutating, though it changes nothing: Swift reads the builder of a mutating call after the call's arguments, and
  /// those of `build(outputs: builder.add(…))` add to it.
  ///
  /// - Parameter lengths: a scalar, how many steps of a sample's outputs are no padding; nil where all are steps.
  public mutating func build(outputs: NodeReference..., lengths: NodeReference? = nil) -> Model<S> {
    build(outputs: outputs, lengths: lengths)
  }

  /// The same for a number of outputs that only the running program knows.
  public mutating func build(outputs: [NodeReference], lengths: NodeReference? = nil) -> Model<S> {
    precondition(!outputs.isEmpty, "a model has an output")
    return Model(
      nodes: nodes, outputs: outputs.map(\.index), lengths: lengths?.index, parameterLayout: parameterLayout,
      statisticLayout: statisticLayout, precision: precision)
  }

  /// The shape of the learnable array that has the most elements; nil where there is none.
  var largestParameter: Shape? {
    parameterLayout.entries.map(\.shape).max { $0.elementCount < $1.elementCount }
  }

  private mutating func append(_ node: Model<S>.Node) -> NodeReference {
    precondition(
      node.layer != nil || nodes.allSatisfy { $0.layer == nil }, "inputs are declared before the first layer")
    nodes.append(node)
    return NodeReference(index: nodes.count - 1, shape: node.shape)
  }
}

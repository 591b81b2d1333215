import Basics
public import NumericCore

/// The activations of one micro-batch and their gradients, planned once for the largest, and the two passes over them.
///
/// A workspace is used by one thread at a time. A pass allocates nothing.
public final class Workspace<S: Scalar> {
  public let model: Model<S>
  /// The most samples that a micro-batch may have.
  public let capacity: Int

  /// N of the last forward pass.
  public private(set) var samples = 0
  /// Where its samples begin among those of the group that it shares its memory with; see `WorkspaceGroup`.
  var firstSample = 0
  private(set) var mode = PassMode.evaluation
  private(set) var values: ModelValues<S>

  /// Row number of each sample, to be filled before a forward pass in training.
  public let sampleIDs: BufferView<Int>

  /// Of all workspaces of a group.
  private let activations: Arena<S>
  private let gradients: Arena<S>
  private let saved: Arena<S>
  private let scratch: FlatBuffer<S>
  /// Holds a layer's gradient contributions until they are added to those that came before them.
  private let contributions: FlatBuffer<S>
  private let sampleIDOwner: FlatBuffer<Int>
  /// Whether the gradient of a node is computed.
  private let needsGradient: [Bool]
  /// Whether a node's layer itself adds to what other edges brought to its input.
  let addsInputGradient: [Bool]
  /// For each other input of a node that adds to what other edges brought, where its contribution stands; else nil.
  private let contributionStarts: [[Int?]]
  private let isUnused: [Bool]
  /// What the gradient of a node goes to: its inputs, then what it adds; nothing for a node that another computes.
  private let sources: [[Int]]
  /// For each parameter, whether this backward pass, or one that it adds to, has written its gradient.
  private let isWritten: FlatBuffer<UInt8>
  /// What this backward pass tells how far it has come.
  private var progress: BackwardProgress?
  /// The first node whose gradients this backward pass has made final, as it has those behind it.
  private var firstComplete = 0
  /// For each parameter, whether it is frozen and layers write its gradient all the same; the gradients of other frozen
  /// ones are never touched.
  private let zeroesFrozen: [Bool]

  /// - Parameters:
  ///   - capacity: samples of the largest micro-batch.
  ///   - differentiatesInputs: whether backward also computes ∂loss/∂input of the model, for one model behind another.
  ///   - learns: false leaves out the memory that only backward needs.
  public convenience init(
    model: Model<S>, capacity: Int, values: ModelValues<S>, learns: Bool = true, differentiatesInputs: Bool = false
  ) {
    self.init(
      model: model, capacity: capacity, values: values, learns: learns, differentiatesInputs: differentiatesInputs,
      memory: .own(workspaces: 1))
  }

  /// Where a workspace has its activations and their gradients.
  enum Memory {
    /// In memory that is made with it, enough for so many workspaces.
    case own(workspaces: Int)
    /// In that of another.
    case shared(Workspace)
  }

  init(
    model: Model<S>, capacity: Int, values: ModelValues<S>, learns: Bool, differentiatesInputs: Bool, memory: Memory
  ) {
    self.model = model
    self.capacity = capacity
    self.values = values
    let nodes = model.nodes
    let fusions = model.fusions
    let isOwn = nodes.indices.map { fusions[$0].place == $0 }
    sources = nodes.indices.map {
      fusions[$0].isAbsorbed ? [] : nodes[$0].inputs + (fusions[$0].addend.map { [$0] } ?? [])
    }
    saved = Arena(counts: nodes.map { $0.layer?.savedCount(samples: capacity) ?? 0 })
    scratch = FlatBuffer(count: nodes.map { $0.layer?.scratchCount(samples: capacity) ?? 0 }.max() ?? 0)
    sampleIDOwner = FlatBuffer(count: capacity)
    sampleIDs = sampleIDOwner.view

    var needs = [Bool](repeating: false, count: nodes.count)
    for (index, node) in nodes.enumerated() {
      needs[index] =
        node.layer == nil
        ? differentiatesInputs
        : node.needsGradient || node.inputs.contains { needs[$0] } || fusions[index].addend.map { needs[$0] } == true
    }
    // Backward visits nodes from last to first: the first edge to reach a node overwrites, later ones add.
    var reached = Set(model.outputNodes)
    var starts = sources.map { [Int?](repeating: nil, count: $0.count) }
    var (unused, adds) = ([Bool](repeating: false, count: nodes.count), [Bool](repeating: false, count: nodes.count))
    var mostContributed = 0
    for (index, node) in nodes.enumerated().reversed() where needs[index] {
      unused[index] = !reached.contains(fusions[index].place)
      var contributed = 0
      for (position, source) in sources[index].enumerated() where needs[source] {
        if reached.insert(fusions[source].place).inserted { continue }
        adds[index] = node.layer?.canAddInputGradient == true
        if adds[index] { continue }
        starts[index][position] = contributed
        contributed += nodes[source].shape.elementCount * capacity
      }
      mostContributed = max(mostContributed, contributed)
    }
    (needsGradient, contributionStarts, isUnused, addsInputGradient) = (needs, starts, unused, adds)
    switch memory {
    case .shared(let other): (activations, gradients) = (other.activations, other.gradients)
    case .own(let workspaces):
      let samples = capacity * workspaces
      activations = Arena(counts: nodes.indices.map { isOwn[$0] ? nodes[$0].shape.elementCount * samples : 0 })
      gradients = Arena(
        counts: nodes.indices.map {
          learns && isOwn[$0] && (needs[$0] || model.outputNodes.contains($0))
            ? nodes[$0].shape.elementCount * samples : 0
        })
    }
    contributions = FlatBuffer(count: learns ? mostContributed : 0)
    isWritten = FlatBuffer(count: model.parameterLayout.entries.count)
    let written = Set(nodes.filter { !$0.isFrozen }.flatMap(\.parameterEntries))
    zeroesFrozen = model.parameterLayout.entries.indices.map {
      model.frozenEntries.contains($0) && written.contains($0)
    }
  }

  // MARK: What flows in and out

  /// Where the samples go before `forward` [capacity, …].
  public func input(_ index: Int = 0) -> BufferView<S> {
    let node = model.inputNodes[index]
    return window(of: node, in: activations[node], samples: capacity)
  }
  /// What `forward` computed [N, …]: logits or predictions.
  public func output(_ index: Int = 0) -> BufferView<S> { activation(of: model.outputNodes[index]) }
  /// How many steps of each sample's outputs are no padding [N], after `forward`; nil where all are steps.
  public var outputLengths: BufferView<S>? { model.lengthsNode.map { activation(of: $0) } }
  /// Where the loss leaves ∂loss/∂output before `backward` [N, …]: for every output, zeros where it has no part in the
  /// loss, because `backward` adds to the gradient of an output that other layers read.
  public func outputGradient(_ index: Int = 0) -> BufferView<S> { gradient(of: model.outputNodes[index]) }
  /// ∂loss/∂input of the model after `backward` [N, …], where `differentiatesInputs`.
  public func inputGradient(_ index: Int = 0) -> BufferView<S> { gradient(of: model.inputNodes[index]) }

  // MARK: The two passes

  /// Runs every layer on the first `samples` samples of the inputs.
  /// - Parameter values: where parameters are read; the gradients in it are what `backward` adds to.
  public func forward(samples: Int, mode: PassMode, values: ModelValues<S>) {
    begin(samples: samples, mode: mode, values: values)
    forward(throughNodes: model.nodes.indices)
  }

  /// What backward does with the gradients that stand in `ModelValues.gradients`.
  public enum GradientRule: Sendable {
    /// Adds to them, as for several micro-batches one after another.
    case add
    /// Takes their place; they need not be zeroed before.
    case overwrite
  }

  /// Propagates `outputGradient` back through the layers of the last `forward`.
  /// - Parameter progress: called behind each layer, and inside of those that say when their gradients are final.
  public func backward(gradients rule: GradientRule = .add, progress: BackwardProgress? = nil) {
    beginBackward(rule, progress)
    backward(throughNodes: model.nodes.indices)
  }

  // MARK: Parts of a pass

  func begin(samples: Int, mode: PassMode, values: ModelValues<S>) {
    precondition(samples <= capacity, "\(samples) samples in a workspace for \(capacity)")
    (self.samples, self.mode, self.values) = (samples, mode, values)
  }

  func forward(throughNodes range: Range<Int>) {
    for index in range where !model.fusions[index].isAbsorbed {
      guard let layer = model.nodes[index].layer else { continue }
      Timeline.span(.layer, model.spanNames[index]) { layer.forward(LayerPass(workspace: self, node: index)) }
    }
  }

  func beginBackward(_ rule: GradientRule, _ progress: BackwardProgress?) {
    isWritten.view.update(repeating: rule == .add ? 1 : 0)
    (self.progress, firstComplete) = (progress, model.nodes.count)
  }

  /// From the last node of `range` to the first.
  func backward(throughNodes range: Range<Int>) {
    var index = range.upperBound
    while index > range.lowerBound {
      index -= 1
      if beginBackward(throughNode: index) {
        if let layer = model.nodes[index].layer {
          Timeline.span(.layer, model.spanNames[index]) { layer.backward(LayerPass(workspace: self, node: index)) }
        }
        addContributions(ofNode: index)
      }
      finishBackward(throughNode: index)
    }
  }

  /// Whether the node takes part in backward; makes its output gradient complete.
  func beginBackward(throughNode index: Int) -> Bool {
    guard needsGradient[index], !model.fusions[index].isAbsorbed else { return false }
    if isUnused[index] { gradient(of: index).zero() }
    return true
  }

  /// Adds what the node has contributed to gradients that other edges reached before.
  func addContributions(ofNode index: Int) {
    for position in 0..<contributionStarts[index].count where contributionStarts[index][position] != nil {
      guard let contribution = inputGradient(node: index, input: position) else { continue }
      add(contribution, into: gradient(of: sources[index][position]))
    }
  }

  /// Takes the parameters that no node before this one uses for not read again.
  func finishBackward(throughNode index: Int) {
    completeGradients(ofNode: index)
    guard let first = firstOwnElement(ofNode: index) else { return }
    progress?(.parameters(from: first))
  }

  /// Makes the gradients of those parameters final, once.
  func completeGradients(ofNode index: Int) {
    guard index < firstComplete else { return }
    firstComplete = index
    guard let gradients = values.gradients, let first = firstOwnElement(ofNode: index) else { return }
    let entries = model.ownEntries[index]
    for entry in entries {
      // Parameters that no path from the outputs reaches, and those of a layer that learns in part.
      let isToBeZero = model.frozenEntries.contains(entry) ? zeroesFrozen[entry] : !claimGradient(of: entry)
      if isToBeZero { gradients.view(model.parameterLayout.entries[entry].range).zero() }
    }
    progress?(.gradients(from: first))
  }

  /// Where the parameters that no node before this one uses begin in the flat buffer; nil where it has none, or nothing
  /// is learned.
  private func firstOwnElement(ofNode index: Int) -> Int? {
    let entries = model.ownEntries[index]
    guard values.gradients != nil, !entries.isEmpty else { return nil }
    return model.parameterLayout.entries[entries.lowerBound].range.lowerBound
  }

  // MARK: Windows for a LayerPass

  /// Whether the gradient of a parameter holds something to add to; from now on it does.
  func claimGradient(of entry: Int) -> Bool {
    defer { isWritten.view[entry] = 1 }
    return isWritten.view[entry] == 1
  }

  func activation(of node: Int) -> BufferView<S> {
    window(of: node, in: activations[model.fusions[node].place], samples: samples)
  }

  func gradient(of node: Int) -> BufferView<S> {
    window(of: node, in: gradients[model.fusions[node].place], samples: samples)
  }

  private func window(of node: Int, in values: BufferView<S>, samples: Int) -> BufferView<S> {
    let size = model.nodes[node].shape.elementCount
    return values.view(firstSample * size..<(firstSample + samples) * size)
  }

  /// Of the samples of all workspaces of its group, of which it is the first.
  func activation(of node: Int, ofGroup samples: Int) -> BufferView<S> {
    window(of: node, in: activations[model.fusions[node].place], samples: samples)
  }

  func gradient(of node: Int, ofGroup samples: Int) -> BufferView<S> {
    window(of: node, in: gradients[model.fusions[node].place], samples: samples)
  }

  /// Takes the gradients of a joint layer's parameters for written, wherever in the group they are.
  func noteGradients(ofJoint layer: any JointLayer<S>, at node: Int) {
    for index in layer.jointParameters { isWritten.view[model.nodes[node].parameterEntries[index]] = 1 }
  }

  func inputGradient(node: Int, input: Int) -> BufferView<S>? {
    let source = sources[node][input]
    guard needsGradient[source] else { return nil }
    guard let start = contributionStarts[node][input] else { return gradient(of: source) }
    return contributions.view.view(start..<start + samples * model.nodes[source].shape.elementCount)
  }

  func savedMemory(of node: Int) -> BufferView<S> { saved[node] }
  func scratchMemory(of node: Int) -> BufferView<S> { scratch.view }
}

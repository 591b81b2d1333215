public import NumericCore

/// A differentiable function with named parameters. A layer holds sizes and settings, never values: parameters,
/// activations and gradients live in flat buffers that a `LayerPass` opens views into.
///
/// What a layer may use, beyond one input and one output:
/// - several inputs (joins, masks, attention), any shapes, integers as exact floating-point values (embeddings);
/// - running statistics, which training contributes to and evaluation reads (batch normalisation);
/// - `saved` memory that lives from forward to backward (masks, gates, cell states, argument-of-maximum indices), and
///   `scratch` memory that lives for one call;
/// - random draws keyed by step, layer and sample.
///
/// Layers are joined by a `ModelBuilder`; branches, residual connections and shared weights are edges of its graph.
public protocol Layer<S>: Sendable {
  associatedtype S: Scalar

  /// Shapes of the inputs, sample axis left out.
  var inputShapes: [Shape] { get }
  /// Shape of the output, sample axis left out.
  var outputShape: Shape { get }
  /// What it learns, in the order of `LayerPass.parameter(_:)`. Default: nothing.
  var parameters: [ParameterSpecification] { get }
  /// Running statistics, in the order of `LayerPass.statistic(_:)`. Default: none.
  var statistics: [ParameterSpecification] { get }
  /// μ, the share of the newest step in a running statistic. Default: 0.1, as PyTorch's `BatchNorm2d`.
  var statisticMomentum: Double { get }
  /// Elements to keep from forward to backward, for `samples` samples. Default: 0.
  func savedCount(samples: Int) -> Int
  /// Elements of working memory within one call, for `samples` samples. Default: 0.
  func scratchCount(samples: Int) -> Int
  /// Floating-point operations of the matrix products and convolutions of one forward pass of a sample. Default: 0.
  var operations: Int { get }

  /// Whether backward adds to the gradient of its one input where `LayerPass.addsInputGradient`, at less cost than
  /// overwriting a contribution of its own that is added later. Default: false.
  var canAddInputGradient: Bool { get }

  /// Overwrites `pass.output`; in training adds to each `pass.batchStatistic(i)`.
  func forward(_ pass: LayerPass<S>)
  /// Overwrites each `pass.inputGradient(i)` that is not nil; adds to each `pass.parameterGradient(i)` that is not nil.
  func backward(_ pass: LayerPass<S>)
}

extension Layer {
  public var parameters: [ParameterSpecification] { [] }
  public var statistics: [ParameterSpecification] { [] }
  public var statisticMomentum: Double { 0.1 }
  public func savedCount(samples: Int) -> Int { 0 }
  public func scratchCount(samples: Int) -> Int { 0 }
  public var canAddInputGradient: Bool { false }
  public var operations: Int { 0 }
}

/// Whether a forward pass is to be learned from.
public enum PassMode: Sendable {
  /// Running statistics are read; nothing is random.
  case evaluation
  /// Statistics come from the micro-batch and random layers draw under `random`, one substream a layer and sample.
  case training(random: RandomSource)
}

/// All that one layer may read and write in one forward or backward call on a micro-batch of `samples` samples.
public struct LayerPass<S: Scalar> {
  let workspace: Workspace<S>
  let node: Int

  /// N, the samples of this micro-batch.
  public var samples: Int { workspace.samples }
  /// A frozen layer with running statistics is evaluated in training too.
  public var mode: PassMode {
    let own = workspace.model.nodes[node]
    return own.isFrozen && !own.statisticEntries.isEmpty ? .evaluation : workspace.mode
  }
  /// The data set's row number of each sample, the key of per-sample randomness.
  public var sampleIDs: BufferView<Int> { workspace.sampleIDs.view(first: samples) }

  /// Input `index` [N, …].
  public func input(_ index: Int = 0) -> BufferView<S> { workspace.activation(of: source(index)) }
  /// The output [N, …].
  public var output: BufferView<S> { workspace.activation(of: node) }
  /// ∂loss/∂output [N, …], complete when backward is called.
  public var outputGradient: BufferView<S> { workspace.gradient(of: node) }
  /// Where ∂loss/∂input `index` goes [N, …]; nil where it is not needed.
  public func inputGradient(_ index: Int = 0) -> BufferView<S>? { workspace.inputGradient(node: node, input: index) }

  /// Whether what other readers of the input brought stands in `inputGradient()`, to be added to; only for layers that
  /// can.
  public var addsInputGradient: Bool { workspace.addsInputGradient[node] }

  /// Parameter `index` of this layer.
  public func parameter(_ index: Int) -> BufferView<S> {
    workspace.values.parameters.view(entry(index).range)
  }
  /// The sum of ∂loss/∂parameter `index` so far; nil where it is not trained, as in a network that only passes a
  /// gradient on.
  public func parameterGradient(_ index: Int) -> BufferView<S>? {
    guard let (view, adds) = freshParameterGradient(index) else { return nil }
    if !adds { view.zero() }
    return view
  }

  /// The same view, for a layer that can overwrite as cheaply as it adds: where `adds` is false, nothing has been
  /// added yet, the contents are undefined, and the layer has to overwrite all of them. Saves a pass over large
  /// weights.
  public func freshParameterGradient(_ index: Int) -> (view: BufferView<S>, adds: Bool)? {
    // A layer of which some parameters learn computes all gradients; those of the others are zeroed at the end.
    guard let gradients = workspace.values.gradients, !workspace.model.nodes[node].isFrozen else { return nil }
    let number = workspace.model.nodes[node].parameterEntries[index]
    return (gradients.view(entry(index).range), workspace.claimGradient(of: number))
  }
  /// Says, in backward, that all gradients of this layer are written, so that they can be summed while it computes the
  /// rest. Worth a call in front of a large product.
  public func gradientsAreFinal() { workspace.completeGradients(ofNode: node) }
  /// Where a joint layer leaves the gradient of parameter `index`, with those of other micro-batches in it.
  func jointGradient(_ index: Int) -> BufferView<S> {
    guard let gradients = workspace.values.gradients else { preconditionFailure("a joint layer learns") }
    return gradients.view(entry(index).range)
  }
  /// Running statistic `index`, as evaluation uses it.
  public func statistic(_ index: Int) -> BufferView<S> {
    workspace.values.statistics.view(statisticEntry(index).range)
  }
  /// The sum of `samples` · (statistic `index` of a micro-batch) so far: a sum like the gradients, so that
  /// micro-batches of any size, empty ones too, add up to the average over samples. Nil where it is not trained.
  public func batchStatistic(_ index: Int) -> BufferView<S>? {
    workspace.values.batchStatistics?.view(statisticEntry(index).range)
  }

  /// What the factors of this layer's matrix products are rounded to.
  public var precision: ProductPrecision { workspace.model.precision }

  /// Memory kept from forward to backward.
  public var saved: BufferView<S> { workspace.savedMemory(of: node) }
  /// Memory for this call, its contents undefined at the start.
  public var scratch: BufferView<S> { workspace.scratchMemory(of: node) }

  /// This layer's random source in this step, keyed by its place in the model; nil in evaluation.
  public var random: RandomSource? {
    guard case .training(let random) = mode else { return nil }
    return random.stream(.dropout, node)
  }

  private func source(_ index: Int) -> Int { workspace.model.nodes[node].inputs[index] }
  private func entry(_ index: Int) -> ParameterLayout.Entry {
    workspace.model.parameterLayout.entries[workspace.model.nodes[node].parameterEntries[index]]
  }
  private func statisticEntry(_ index: Int) -> ParameterLayout.Entry {
    workspace.model.statisticLayout.entries[workspace.model.nodes[node].statisticEntries[index]]
  }
}

/// The flat buffers that a pass reads parameters from and adds gradients to.
public struct ModelValues<S: Scalar> {
  /// Laid out by `Model.parameterLayout`.
  public var parameters: BufferView<S>
  /// Same layout, added to by backward; nil where nothing is learned.
  public var gradients: BufferView<S>?
  /// Running statistics, laid out by `Model.statisticLayout`.
  public var statistics: BufferView<S>
  /// Same layout, added to by forward in training; nil where nothing is learned.
  public var batchStatistics: BufferView<S>?

  public init(
    parameters: BufferView<S>, gradients: BufferView<S>? = nil, statistics: BufferView<S>,
    batchStatistics: BufferView<S>? = nil
  ) {
    self.parameters = parameters
    self.gradients = gradients
    self.statistics = statistics
    self.batchStatistics = batchStatistics
  }
}

/// How far backward has come, from the last parameters to the first.
public enum BackwardEvent: Sendable, Equatable {
  /// The gradients of all parameters whose elements stand at `first` or behind it are final.
  case gradients(from: Int)
  /// And those parameters are not read again.
  case parameters(from: Int)
}

public typealias BackwardProgress = (BackwardEvent) -> Void

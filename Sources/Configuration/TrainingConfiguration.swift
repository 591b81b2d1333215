public import Metrics
public import NeuralNetwork
public import NumericCore
import Settings

/// Everything that decides a training run. Each property is a key of the configuration file, in snake_case.
///
/// `TrainingConfiguration()` holds the defaults: an MLP with Adam on the bundled digits.
public struct TrainingConfiguration: Sendable, Equatable {
  public var data = Data()
  public var model = ModelDescription.named(.mlp)
  public var initializer = InitializationScheme.kaiming
  /// `nil`: the loss that fits the labels.
  public var loss: Loss?
  public var optimizer = Optimizer()
  /// Of a GAN's generator, whose learning rate follows the schedule in proportion; `nil`: as `optimizer`, which is the
  /// discriminator's.
  public var generatorOptimizer: Optimizer?
  public var schedule = Schedule()
  /// The largest global norm of the gradient, more than 0; `nil` turns clipping off.
  public var clipNorm: Double?
  /// The largest magnitude of an element of the gradient, more than 0; `nil` turns clipping off.
  public var clipValue: Double?
  public var regularization = Regularization()
  /// The share of the past in an exponential moving average of the weights, which is what is evaluated, in (0, 1); `nil`:
  /// the weights themselves.
  public var emaDecay: Double?
  /// `nil`: the run takes all its epochs.
  public var earlyStopping: EarlyStopping?
  /// Passes over the training split, at least 1.
  public var epochs = 20
  /// What is measured on the validation split beside the loss, by name; see `MetricName`.
  public var metrics = [MetricName.accuracy]
  /// Samples per step over all ranks, at least 1; where gradients are accumulated, per micro-step.
  public var batchSize = 128
  /// Micro-steps whose gradients are summed for one step, at least 1.
  public var accumulate = 1
  /// Decides every random choice of the run; at most 2⁶³ − 1, what a configuration file can hold.
  public var seed: UInt64 = 42
  /// Logical shards, the unit of work that makes the bits independent of the ranks; `nil`: 4, or the number of ranks if
  /// that is larger.
  public var shards: Int?
  public var exchange = Exchange.auto
  /// BLAS threads per rank, at least 1.
  public var threads = 1
  public var checkpoint = Checkpoint()
  /// The run directory; `nil`: `runs/NAME-TIMESTAMP`.
  public var run: String?
  /// The name in the default run directory; `nil`: taken from the data.
  public var name: String?
  public var resume: Resume?
  /// Whether rank 0 prints errors only.
  public var quiet = false

  public init() {}
}

extension TrainingConfiguration {
  /// Where samples come from and what is done to them.
  public struct Data: Sendable, Equatable {
    /// An HDF5 file, a directory, a glob or a text list of files; `nil`: the bundled digits.
    public var path: String?
    /// The dataset of features, such as `/train/x`; `nil`: found by name.
    public var features: String?
    /// The dataset of labels; `nil`: found by name.
    public var labels: String?
    /// What the outputs of the model are held against; `nil`: the features for the model `autoencoder`, else the labels.
    public var target: Target?
    /// The fraction of the training split that becomes the validation split, 0 ..< 1, if the file has none.
    public var validation = 0.0
    public var scaling = Scaling.unit
    public var layout = Layout.auto
    /// What training does to samples at random, in this order.
    public var augment: [Augmentation] = []

    public init() {}
  }

  /// What a model learns to give.
  public enum Target: String, CaseIterable, Sendable {
    case labels
    /// The sample's own features, scaled, as they were before augmentation.
    case features
  }

  /// Whether the model learns to give the features themselves.
  public var reconstructs: Bool {
    (data.target ?? (model == .named(.autoencoder) ? .features : .labels)) == .features
  }

  /// How features are scaled; the figures come from the training split alone.
  public enum Scaling: String, CaseIterable, Sendable {
    case none
    /// Divides by the range of the stored integer type.
    case unit
    /// Zero mean and unit variance.
    case standard
    /// To 0 ... 1.
    case minMax = "min_max"
  }

  /// Where the channels of an image, or the features of a step, stand in the file.
  public enum Layout: String, CaseIterable, Sendable {
    /// Guessed from the shape, if that is plain.
    case auto
    /// [N, C, H, W].
    case channelsFirst = "channels_first"
    /// [N, H, W, C].
    case channelsLast = "channels_last"
  }

  /// How ranks sum their gradients.
  public enum Exchange: String, CaseIterable, Sendable {
    /// Shared memory inside a node, MPI between nodes.
    case auto
    /// Shared memory alone; all ranks must be on one node.
    case shared
    /// One `MPI_Allreduce` a step: the reference, repeatable for a fixed number of ranks only.
    case mpi
  }

  /// When checkpoints are written; whichever comes first.
  public struct Checkpoint: Sendable, Equatable {
    /// `nil` turns it off. 1 by default, off by default if one of the other two is given.
    public var everyEpochs: Int? = 1
    public var everySteps: Int?
    public var everyMinutes: Double?
    /// How many of the newest are kept, at least 1, beside the best.
    public var keep = 3

    public init() {}
  }

  /// Which checkpoint a run goes on from.
  public enum Resume: Sendable, Equatable {
    /// The newest in the run directory that verifies; a new run if there is none.
    case auto
    case path(String)
  }
}

/// The data sets that `DataSynthesis` makes.
public enum SynthesisKind: String, CaseIterable, Sendable {
  /// A linear regression with known weights.
  case linear
  /// Classes around the corners of a hypercube, each stretched its own way, among features that mean nothing.
  case classification
  /// Two interleaved half circles.
  case moons
  /// Round Gaussian clouds.
  case blobs
  /// Arms that wind around the origin.
  case spirals
  /// Images of one geometric shape each, with its class and box.
  case shapes
  /// Words of three tones each, as spectrograms.
  case tones
}

/// The size, noise and seed of a synthetic data set. A nil stands for the kind's own default.
///
/// | kind | features | classes | noise |
/// |---|---|---|---|
/// | linear | 10 | – | 0.1 (standard deviation of the target's) |
/// | classification | 20 | 2 | 0.01 (fraction of labels drawn at random) |
/// | moons | 2, fixed | 2, fixed | 0.1 (standard deviation of each coordinate's) |
/// | blobs | 2 | 3 | 1.0 (standard deviation of each coordinate's) |
/// | spirals | 2, fixed | 2 | 0.02 (standard deviation of each coordinate's) |
/// | shapes | 32×32×3, fixed | 4 of 6 | 0.1 (standard deviation of each pixel's, of its range) |
/// | tones | 48 × 32, fixed | 10 | 0.3 (standard deviation of the white noise) |
public struct SynthesisOptions: Sendable {
  /// Samples of all splits together; 12000 for shapes, 4000 for tones, else 1000.
  public var samples: Int?
  public var noise: Double?
  public var seed: UInt64 = 0
  public var features: Int?
  public var classes: Int?
  /// The fraction of the samples in the test split, 0 for none.
  public var testFraction = 0.2
  /// gzip level 1 to 9, or 0 for arrays stored contiguous.
  public var gzip = 0

  public init() {}
}

extension SynthesisKind {
  /// The defaults of the table above.
  var defaults: (samples: Int, features: Int, classes: Int?, noise: Double) {
    switch self {
    case .linear: (1000, 10, nil, 0.1)
    case .classification: (1000, 20, 2, 0.01)
    case .moons: (1000, 2, 2, 0.1)
    case .blobs: (1000, 2, 3, 1)
    case .spirals: (1000, 2, 2, 0.02)
    case .shapes: (12_000, 32 * 32 * 3, 4, 0.1)
    case .tones: (4000, ToneGenerator.frames * ToneGenerator.spectrogram.bands, 10, 0.3)
    }
  }

  /// Whether the number of features may be chosen.
  var hasFreeFeatures: Bool { self != .moons && self != .spirals && self != .tones }
  /// Whether the number of classes may be chosen.
  var hasFreeClasses: Bool { self != .moons && self != .linear }
}

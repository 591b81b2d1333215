/// The initial values of a parameter. Draws are keyed by the run's seed and the parameter's index, never by the rank.
public enum Initializer: Sendable, Equatable {
  case zeros
  case ones
  /// Uniform on ±√(6 / fanIn): He et al. 2015, for ReLU.
  case kaimingUniform(fanIn: Int)
  /// Normal of variance 2 / fanIn: He et al. 2015.
  case kaimingNormal(fanIn: Int)
  /// Uniform on ±√(6 / (fanIn + fanOut)): Glorot and Bengio 2010, for tanh and sigmoid.
  case xavierUniform(fanIn: Int, fanOut: Int)
  /// Normal of variance 2 / (fanIn + fanOut): Glorot and Bengio 2010.
  case xavierNormal(fanIn: Int, fanOut: Int)
  /// As a matrix of its first axis by the others, orthonormal rows or, if there are more rows than columns, columns,
  /// uniform over all such matrices: Saxe et al. 2014.
  case orthogonal
  /// Normal of this standard deviation before values beyond two of it are drawn again.
  case truncatedNormal(standardDeviation: Double)
  /// Uniform on ±bound.
  case uniform(bound: Double)
  /// Normal with mean 0.
  case normal(standardDeviation: Double)
  /// By another initializer, but with zeros in one row of the first axis: the padding's vector in an embedding's table.
  indirect case zeroingRow(Int, of: Initializer)
}

/// An initializer for the weights of any layer, which fits itself to the layer's sizes; `kaiming` and `xavier` are the
/// uniform ones.
public enum InitializationScheme: String, Sendable, CaseIterable {
  case kaiming, xavier, zero
  case kaimingUniform = "kaiming_uniform"
  case kaimingNormal = "kaiming_normal"
  case xavierUniform = "xavier_uniform"
  case xavierNormal = "xavier_normal"
  case orthogonal
  case truncatedNormal = "truncated_normal"

  /// The initializer for a weight of that many inputs and outputs.
  public func initializer(fanIn: Int, fanOut: Int) -> Initializer {
    switch self {
    case .kaiming, .kaimingUniform: .kaimingUniform(fanIn: fanIn)
    case .kaimingNormal: .kaimingNormal(fanIn: fanIn)
    case .xavier, .xavierUniform: .xavierUniform(fanIn: fanIn, fanOut: fanOut)
    case .xavierNormal: .xavierNormal(fanIn: fanIn, fanOut: fanOut)
    case .orthogonal: .orthogonal
    case .truncatedNormal: .truncatedNormal(standardDeviation: 0.02)
    case .zero: .zeros
    }
  }
}

/// One learnable array, as a layer asks for it.
public struct ParameterSpecification: Sendable, Equatable {
  /// The last part of its name, such as `weight`.
  public let name: String
  /// PyTorch's shape, such as [out, in].
  public let shape: Shape
  public let initializer: Initializer

  public init(_ name: String, shape: Shape, initializer: Initializer) {
    self.name = name
    self.shape = shape
    self.initializer = initializer
  }
}

/// Names windows into one flat buffer. Parameters, gradients and every moment of the optimizer share one layout.
///
/// Each entry starts on a 64-byte boundary; the gap after an entry holds zeros and stays zero under every optimizer.
public struct ParameterLayout: Sendable, Equatable {
  public struct Entry: Sendable, Equatable {
    /// The full name, as in PyTorch's `state_dict`: `0.weight`.
    public let name: String
    public let shape: Shape
    public let initializer: Initializer
    /// Its elements in the flat buffer.
    public let range: Range<Int>
  }

  public private(set) var entries: [Entry] = []
  /// Elements of a flat buffer, alignment gaps included.
  public private(set) var count = 0

  /// Far beyond any memory, and far from where 64 bits overflow.
  private static let greatestCount = 1 << 48

  public init() {}

  /// Adds an entry after the others and returns its index.
  /// - Precondition: the name is new. A shape of more elements than any memory holds counts as `greatestCount`.
  @discardableResult
  public mutating func append(name: String, shape: Shape, initializer: Initializer) -> Int {
    precondition(!entries.contains { $0.name == name }, "two parameters are called \(name)")
    let range = count..<count + min(shape.elementCount, Self.greatestCount)
    entries.append(Entry(name: name, shape: shape, initializer: initializer, range: range))
    let unit = memoryAlignment / MemoryLayout<Float>.stride
    count = (range.upperBound + unit - 1) / unit * unit
    return entries.count - 1
  }

  /// Learnable elements, alignment gaps not counted.
  public var elementCount: Int { entries.reduce(0) { $0 + $1.range.count } }
}

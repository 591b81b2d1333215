public import NumericCore
public import Settings

/// Gated recurrent units (Cho et al. 2014): [T, F] to [T, units], or [T, 2 · units] where it reads in
/// both directions. The layer is `Recurrent`.
public struct GRU: LayerDescription {
  /// It has to be given.
  public var units: Int?
  /// How many stand one above the other.
  public var layers: Int
  public var bidirectional: Bool
  /// Between the layers, at least 0 and less than 1.
  public var dropout: Double
  /// Whether it gives every step, not its last state alone.
  public var sequence: Bool

  public init(
    _ units: Int?, layers: Int = 1, bidirectional: Bool = false, dropout: Double = 0, sequence: Bool = true
  ) {
    (self.units, self.layers, self.bidirectional) = (units, layers, bidirectional)
    (self.dropout, self.sequence) = (dropout, sequence)
  }
  public init() { self.init(nil) }

  public static let name = "gru"
  public static let summary = "gated recurrent units over sequences"
  public static let shorthand: String? = "units"
  public static let settings: [Setting<GRU>] = [
    Setting("units", \.units, .atLeast(1), "features of its state"),
    Setting("layers", \.layers, .atLeast(1), "one above the other"),
    Setting("bidirectional", \.bidirectional, "whether it reads from both ends"),
    Setting("dropout", \.dropout, .halfOpen(0, 1), "between the layers"),
    Setting("sequence", \.sequence, "whether it gives every step, not its last state alone"),
  ]
  public var inputLayout: InputLayout? { .sequences }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    guard let units else { throw .setting("units", "expected the number of units") }
    try model.requireSequences()
    model.applyWithLengths(
      Recurrent(
        .gru, inputShape: model.shape, units: units, layers: layers, isBidirectional: bidirectional,
        givesSequence: sequence, hasLengths: model.lengths != nil, dropout: dropout),
      named: name)
  }
}

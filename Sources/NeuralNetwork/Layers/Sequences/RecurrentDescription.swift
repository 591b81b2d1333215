public import NumericCore
public import Settings

/// A recurrent layer as it is described: [T, F] to [T, units], or [T, 2 · units] where it reads in both directions. Its
/// cell is all in which one kind differs from another; the layer is `Recurrent`.
public protocol RecurrentDescription: LayerDescription {
  /// It has to be given.
  var units: Int? { get set }
  /// How many stand one above the other.
  var layers: Int { get set }
  var bidirectional: Bool { get set }
  /// Between the layers, at least 0 and less than 1.
  var dropout: Double { get set }
  /// Whether it gives every step, not its last state alone.
  var sequence: Bool { get set }
}

extension RecurrentDescription {
  public static var shorthand: String? { "units" }
  public static var settings: [Setting<Self>] {
    [
      Setting("units", \.units, .atLeast(1), "features of its state"),
      Setting("layers", \.layers, .closed(1, 1000), "one above the other"),
      Setting("bidirectional", \.bidirectional, "whether it reads from both ends"),
      Setting("dropout", \.dropout, .halfOpen(0, 1), "between the layers"),
      Setting("sequence", \.sequence, "whether it gives every step, not its last state alone"),
    ]
  }
  public var inputLayout: InputLayout? { .sequences }

  func add<S: Scalar>(
    _ cell: Recurrent<S>.Cell, to model: inout ModelAssembly<S>, named name: String
  ) throws(LayerError) {
    guard let units else { throw .setting("units", "expected the number of units") }
    try model.requireSequences()
    // Four gates of a step and of the state, in two directions.
    try model.requireSize("weights", of: [8, layers, units, max(units, model.shape[1])])
    model.applyWithLengths(
      Recurrent(
        cell, inputShape: model.shape, units: units, layers: layers, isBidirectional: bidirectional,
        givesSequence: sequence, hasLengths: model.lengths != nil, dropout: dropout),
      named: name)
  }
}

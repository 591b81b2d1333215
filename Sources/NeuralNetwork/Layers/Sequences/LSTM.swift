public import NumericCore

/// Long short-term memory (Hochreiter and Schmidhuber 1997).
public struct LSTM: RecurrentDescription {
  public var units: Int?
  public var layers: Int
  public var bidirectional: Bool
  public var dropout: Double
  public var sequence: Bool

  public init(
    _ units: Int?, layers: Int = 1, bidirectional: Bool = false, dropout: Double = 0, sequence: Bool = true
  ) {
    (self.units, self.layers, self.bidirectional) = (units, layers, bidirectional)
    (self.dropout, self.sequence) = (dropout, sequence)
  }
  public init() { self.init(nil) }

  public static let name = "lstm"
  public static let summary = "long short-term memory over sequences"

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    try add(.lstm, to: &model, named: name)
  }
}

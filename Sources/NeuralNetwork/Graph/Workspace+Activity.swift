import NumericCore

/// Which units of rectified layers have given a number above 0, over several forward passes.
public struct UnitActivity: Sendable {
  /// A layer `relu`: units are its features or channels, along the last axis of a sample.
  public struct LayerActivity: Sendable {
    /// As in the model's summary.
    public let name: String
    /// One for each unit.
    public var isActive: [Bool]
    /// Numbers that each unit has given.
    public var observations = 0
  }

  public internal(set) var layers: [LayerActivity] = []

  public init() {}
}

extension Workspace {
  /// Takes in what the last forward pass has computed.
  ///
  /// - Parameter activity: of passes of workspaces of the same model.
  public func note(in activity: inout UnitActivity) {
    var place = 0
    for (index, node) in model.nodes.enumerated() {
      guard let layer = node.layer as? ActivationLayer<S>, layer.function == .relu, node.shape.rank > 0 else {
        continue
      }
      let width = node.shape[node.shape.rank - 1]
      if place == activity.layers.count {
        activity.layers.append(.init(name: node.name, isActive: [Bool](repeating: false, count: width)))
      }
      let values = activation(of: index)
      if width > 0 { markPositiveColumns(of: values, in: &activity.layers[place].isActive) }
      activity.layers[place].observations += values.count / max(1, width)
      place += 1
    }
  }
}

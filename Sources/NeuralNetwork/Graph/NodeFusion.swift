import NumericCore

/// What a node's layer computes besides its own output: a sum behind it, a ReLU behind that, or one of them. Each of
/// the
/// nodes in between has a single reader and is no output of the model; their values are never in memory.
struct NodeFusion: Sendable {
  /// The last of these nodes, or the node itself: where the output and its gradient stand.
  var place: Int
  var rectifies = false
  /// The node that is added.
  var addend: Int?
  /// Whether an earlier node's layer computes this one.
  var isAbsorbed = false

  /// - Parameter kept: nodes whose values somebody wants.
  static func plan<S>(_ nodes: [Model<S>.Node], keeping kept: Set<Int>) -> [NodeFusion] {
    var readers = [[Int]](repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() {
      for input in node.inputs { readers[input].append(index) }
    }
    func onlyReader(_ index: Int) -> Int? {
      kept.contains(index) || readers[index].count != 1 ? nil : readers[index][0]
    }
    var fusions = nodes.indices.map { NodeFusion(place: $0) }
    for (index, node) in nodes.enumerated() where !fusions[index].isAbsorbed {
      // The sum is computed where its later input is, when the earlier one is there.
      if let layer = node.layer as? any SummingLayer<S>, layer.takesAddend, let sum = onlyReader(index),
        nodes[sum].layer is AddLayer<S>, nodes[sum].inputs.count == 2, nodes[sum].inputs.max() == index,
        let addend = nodes[sum].inputs.min(), addend != index
      {
        (fusions[index].place, fusions[index].addend, fusions[sum].isAbsorbed) = (sum, addend, true)
      }
      if node.layer is any RectifyingLayer<S>, let reader = onlyReader(fusions[index].place),
        let layer = nodes[reader].layer as? ActivationLayer<S>, layer.function == .relu
      {
        (fusions[index].place, fusions[index].rectifies, fusions[reader].isAbsorbed) = (reader, true, true)
      }
    }
    // The nodes in between share the memory.
    for index in fusions.indices where fusions[index].place != index {
      let (place, addend) = (fusions[index].place, fusions[index].addend)
      if addend != nil, let sum = onlyReader(index) { fusions[sum].place = place }
    }
    return fusions
  }
}

import Basics
import Collectives
import DataPipeline
import NeuralNetwork

/// The memory that a model's training takes on this rank's node: parameters, a gradient for each shard, the optimizer's
/// buffers, and the activations of each rank's micro-batches.
struct ModelMemory {
  private let parameterCount: Int
  /// Flat buffers as long as the parameters.
  private let bufferCount: Int
  private let activationBytes: Double

  /// - Parameters:
  ///   - isJoint: whether ranks compute the micro-batches of their shards jointly.
  ///   - stateCount: buffers of the optimizer.
  ///   - plan: of an epoch, by its largest micro-batch.
  init(
    _ model: Model<Float>, isJoint: Bool, stateCount: Int, plan: EpochPlan, configuration: TrainingConfiguration,
    assignment: ShardAssignment, topology: Topology
  ) {
    let largest = assignment.shards(ofRank: topology.world.rank).map(plan.largestMicroBatch).max() ?? 1
    let capacity = (largest - 1) / configuration.accumulate + 1
    let ranks = topology.node.size
    let nodeShards = topology.shards(ofNode: topology.nodeIndex, assignment).count
    parameterCount = model.parameterLayout.elementCount
    bufferCount = nodeShards + (1 + stateCount) * (configuration.exchange == .mpi ? ranks : 1)
    // Where layers compute over several shards together, each shard of a rank keeps its own.
    let workspaces = model.synchronizes || isJoint ? nodeShards : ranks
    let bytes = Double(MemoryLayout<Float>.stride)
    // Outputs and their gradients.
    activationBytes = 2 * Double(model.activationCount) * Double(capacity) * Double(workspaces) * bytes
  }

  var byteCount: Double { bufferBytes + activationBytes }
  private var bufferBytes: Double { Double(parameterCount) * Double(bufferCount) * 4 }

  /// - Parameters:
  ///   - available: bytes; nil where the system does not say.
  ///   - windows: bytes of data that are yet to be allocated.
  /// - Throws: a usage error with the figures where they are less than what the training takes.
  func check(available: Int?, windows: Double) throws {
    guard let available, bufferBytes + activationBytes + windows > Double(available) else { return }
    let data = windows > 0 ? ", the windows of streamed data \(shortBytes(windows))" : ""
    throw Failure.usage(
      "model: \(grouped(parameterCount)) parameters take \(shortBytes(bufferBytes)) with gradients and optimizer "
        + "(\(bufferCount) buffers), and the activations of a micro-batch \(shortBytes(activationBytes))\(data), but "
        + "\(shortBytes(Double(available))) of memory are available; make the model, batch_size or shards smaller"
        + (windows > 0 ? ", or data.memory" : ""))
  }
}

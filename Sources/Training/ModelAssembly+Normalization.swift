import Configuration
import NeuralNetwork
import NumericCore

/// Normalization, and dropout of channels.
extension ModelAssembly {
  mutating func addBatchNorm(
    _ options: inout ConfigurationReader, _ name: String, rectifies: Bool
  ) throws(ConfigurationError) {
    let layer = BatchNorm<S>(
      shape: node.shape, epsilon: try options.double("epsilon") ?? 1e-5,
      momentum: try options.double("momentum") ?? 0.1,
      rectifies: rectifies, synchronizes: try options.bool("sync") ?? false)
    node = builder.add(layer, to: node, name: name)
  }

  mutating func addLayerNorm(_ options: inout ConfigurationReader, _ name: String) throws(ConfigurationError) {
    let layer = LayerNorm<S>(shape: node.shape, epsilon: try options.double("epsilon") ?? 1e-5)
    node = builder.add(layer, to: node, name: name)
  }

  mutating func addSpatialDropout(_ options: inout ConfigurationReader, _ name: String) throws(ConfigurationError) {
    let layer = SpatialDropout<S>(probability: try options.double("rate") ?? 0.5, shape: node.shape)
    node = builder.add(layer, to: node, name: name)
  }
}

import Configuration
import NeuralNetwork
import NumericCore
import Settings

/// Normalization, and dropout of channels.
extension ModelAssembly {
  mutating func addBatchNorm(
    _ options: inout SettingsReader, _ name: String, rectifies: Bool
  ) throws(SettingsError) {
    let layer = BatchNorm<S>(
      shape: node.shape, epsilon: try options.double("epsilon") ?? 1e-5,
      momentum: try options.double("momentum") ?? 0.1,
      rectifies: rectifies, synchronizes: try options.bool("sync") ?? false)
    node = builder.add(layer, to: node, name: name)
  }

  mutating func addLayerNorm(_ options: inout SettingsReader, _ name: String) throws(SettingsError) {
    let layer = LayerNorm<S>(shape: node.shape, epsilon: try options.double("epsilon") ?? 1e-5)
    node = builder.add(layer, to: node, name: name)
  }

  mutating func addSpatialDropout(_ options: inout SettingsReader, _ name: String) throws(SettingsError) {
    let layer = SpatialDropout<S>(probability: try options.double("rate") ?? 0.5, shape: node.shape)
    node = builder.add(layer, to: node, name: name)
  }
}

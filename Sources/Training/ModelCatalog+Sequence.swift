import Configuration
import NumericCore
import Settings

extension ModelCatalog {
  /// The models over sequences that a name alone describes.
  static var sequenceModels: [String: [JSONValue]] {
    let block: JSONValue = ["transformer_block": ["heads": 4, "causal": true]]
    return [
      "lstm": [["lstm": ["units": 128, "sequence": false]], "dense"],
      "speech": [
        ["conv1d": ["filters": 32, "kernel": 5, "stride": 2, "padding": 2]], "relu",
        ["gru": ["units": 32, "bidirectional": true, "sequence": false]], "dense",
      ],
      "sentiment": [
        ["embedding": ["dimension": 32, "padding": 0]], ["lstm": ["units": 32, "sequence": false]], "dense",
      ],
      "char-lstm": [["embedding": 64], ["lstm": ["units": 256, "layers": 2, "dropout": 0.2]], "dense"],
      // nanoGPT's setting for a CPU: 4 layers, 4 heads, width 128.
      "char-transformer": [
        ["embedding": ["dimension": 128, "standard_deviation": 0.02]],
        ["positional_embedding": ["standard_deviation": 0.02]], block, block, block, block, "layer_norm",
        ["dense": ["bias": false]],
      ],
    ]
  }

  /// Whether a model looks for padding among the features themselves.
  static func masksFeatures(_ description: ModelDescription) throws(SettingsError) -> Bool {
    guard case .layers(let layers) = description else { return false }
    return layers.first?.name == "mask"
  }

  /// The vectors of the embedding that a model begins with; nil where it begins with another layer.
  ///
  /// - Parameter indexCount: as many as an embedding has whose size nobody gave.
  static func indexLimit(_ description: ModelDescription, indexCount: Int) throws(SettingsError) -> Int? {
    guard try sampleForm(description) == .indices else { return nil }
    guard let embedding = try layers(of: description).first(where: { $0.name == "embedding" }) else {
      return indexCount
    }
    var options = try embedding.reader()
    return try options.integer("size") ?? indexCount
  }
}

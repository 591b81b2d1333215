import Configuration
import Settings

extension ModelCatalog {
  /// The models of a task with targets of its own that a name alone describes.
  static var taskModels: [String: [JSONValue]] {
    // Strides instead of pooling: the greatest of four pixels does not tell which one it was, but a box needs the place.
    let blocks: [JSONValue] = [(16, 1), (32, 2), (64, 2), (64, 2)].flatMap { filters, stride -> [JSONValue] in
      [["conv2d": ["filters": .integer(filters), "kernel": 3, "padding": 1, "stride": .integer(stride)]], "relu"]
    }
    return [
      // The bottleneck is linear, as in Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural networks", 2006.
      "autoencoder": [
        ["dense": 128], "relu", ["dense": 64], "relu", ["dense": 8], ["dense": 64], "relu", ["dense": 128], "relu",
        "dense",
      ],
      // Small first outputs: else the error of the boxes drowns that of the classes while features form.
      "detector": blocks + ["flatten", ["dense": 128], "relu", ["dense": ["initializer": "truncated_normal"]]],
    ]
  }
}

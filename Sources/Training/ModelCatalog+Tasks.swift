import Configuration

extension ModelCatalog {
  /// The models of a task with targets of its own that a name alone describes.
  static var taskModels: [String: [JSONValue]] {
    let blocks: [JSONValue] = [16, 32, 64].flatMap { filters -> [JSONValue] in
      [["conv2d": ["filters": .integer(filters), "kernel": 3, "padding": 1]], "relu", ["max_pool2d": 2]]
    }
    return [
      // The bottleneck is linear, as in Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural networks", 2006.
      "autoencoder": [
        ["dense": 128], "relu", ["dense": 64], "relu", ["dense": 8], ["dense": 64], "relu", ["dense": 128], "relu",
        "dense",
      ],
      "detector": blocks + ["flatten", ["dense": 128], "relu", "dense"],
    ]
  }
}

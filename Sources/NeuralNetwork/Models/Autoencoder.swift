extension NamedModel {
  /// An autoencoder whose bottleneck is linear, as in Hinton and Salakhutdinov, "Reducing the dimensionality of data
  /// with neural networks", 2006.
  public static let autoencoder = NamedModel(
    "autoencoder",
    "dense 128, ReLU, dense 64, ReLU, dense 8: the code; dense 64, ReLU, dense 128, ReLU, dense to the features",
    task: "reconstruction"
  ) {
    Dense(128)
    ReLU()
    Dense(64)
    ReLU()
    Dense(8)
    Dense(64)
    ReLU()
    Dense(128)
    ReLU()
    Dense()
  }
}

extension NamedModel {
  /// A multi-layer perceptron.
  public static let mlp = NamedModel(
    "mlp", "dense 512, ReLU, dropout 0.2, dense 256, ReLU, dropout 0.2, dense to the outputs"
  ) {
    for units in [512, 256] {
      Dense(units)
      ReLU()
      Dropout(0.2)
    }
    Dense()
  }
}

extension NamedModel {
  /// A convolutional network for small images.
  public static let cnn = NamedModel(
    "cnn",
    "twice: 3×3 convolution to 32 and 64 channels, ReLU, max-pooling 2×2; then dense 128, ReLU, dense to the outputs"
  ) {
    for filters in [32, 64] {
      Conv2D(filters, kernel: 3, padding: .same)
      ReLU()
      MaxPool2D(2)
    }
    Flatten()
    Dense(128)
    ReLU()
    Dense()
  }
}

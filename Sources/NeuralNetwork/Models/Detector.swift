import NumericCore

extension NamedModel {
  /// Class and box of one thing in an image.
  public static let detector = NamedModel(
    "detector",
    "3×3 convolutions to 16 and, of stride 2, 32, 64 and 64 channels, each with ReLU; dense 128, ReLU, dense to K + 4",
    task: "detection"
  ) {
    // Strides, not pooling: the greatest of four pixels does not tell which one it was, but a box needs the place.
    for (filters, stride) in [(16, 1), (32, 2), (64, 2), (64, 2)] {
      Conv2D(filters, kernel: 3, stride: Extents(stride), padding: .same)
      ReLU()
    }
    Flatten()
    Dense(128)
    ReLU()
    // Start with small outputs; otherwise the box loss dominates early training.
    Dense(initializer: .truncatedNormal)
  }
}

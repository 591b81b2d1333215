import Configuration
import Settings

extension ModelCatalog {
  /// Channels of the stages of `resnet20`; each stage but the first halves the image.
  public static let resNet20Channels = [16, 32, 64]

  /// ResNet-20 for CIFAR-10 (He et al. 2016, section 4.2): a 3×3 convolution, three stages of three residual blocks of two 3×3
  /// convolutions, global average pooling, dense to the outputs. A batch normalization follows each convolution.
  ///
  /// Where a stage begins with more channels, the shortcut is a 1×1 convolution with batch normalization (option B of the paper,
  /// as in torchvision): 272,474 parameters for ten classes.
  static func resNet20() throws(SettingsError) -> [LayerDescription] {
    var layers = convolution(filters: resNet20Channels[0], kernel: 3, stride: 1) + ["relu"]
    for (stage, filters) in resNet20Channels.enumerated() {
      for block in 0..<3 {
        let stride = stage > 0 && block == 0 ? 2 : 1
        let main =
          convolution(filters: filters, kernel: 3, stride: stride) + ["relu"]
          + convolution(filters: filters, kernel: 3, stride: 1)
        let shortcut = stride > 1 ? convolution(filters: filters, kernel: 1, stride: stride) : nil
        let options: [JSONValue.Member] =
          [JSONValue.Member("layers", .array(main))]
          + (shortcut.map { [JSONValue.Member("shortcut", .array($0))] } ?? [])
        layers += [["residual": .object(options)], "relu"]
      }
    }
    layers += ["global_average_pool", "dense"]
    return try layers.map { layer throws(SettingsError) in try LayerDescription(layer, path: "model.resnet20") }
  }

  /// A convolution that keeps or, with a stride, divides the extents of an image, and its batch normalization.
  private static func convolution(filters: Int, kernel: Int, stride: Int) -> [JSONValue] {
    [
      [
        "conv2d": [
          "filters": .integer(filters), "kernel": .integer(kernel), "stride": .integer(stride),
          "padding": .integer(kernel / 2), "bias": false,
        ]
      ],
      "batch_norm",
    ]
  }
}

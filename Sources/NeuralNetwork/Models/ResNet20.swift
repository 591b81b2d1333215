import NumericCore

extension NamedModel {
  /// ResNet-20 for CIFAR-10 (He et al. 2016, section 4.2): a 3×3 convolution, three stages of three residual blocks of
  /// two 3×3 convolutions, global average pooling, dense to the outputs. A batch normalization follows each
  /// convolution, and each stage but the first halves the image.
  ///
  /// Where a stage begins with more channels, the shortcut is a 1×1 convolution with batch normalization (option B of
  /// the paper, as in torchvision): 272,474 parameters for ten classes.
  public static let resNet20 = NamedModel(
    "resnet20",
    "3×3 convolution, three stages of three residual blocks of 16, 32 and 64 channels, global average pooling, dense"
  ) {
    convolution(16)
    ReLU()
    for (filters, stride) in [(16, 1), (16, 1), (16, 1), (32, 2), (32, 1), (32, 1), (64, 2), (64, 1), (64, 1)] {
      if stride == 1 {
        Residual { mainPath(filters, stride: 1) }
      } else {
        Residual {
          mainPath(filters, stride: stride)
        } shortcut: {
          convolution(filters, kernel: 1, stride: stride)
        }
      }
      ReLU()
    }
    GlobalAveragePool()
    Dense()
  }

  @SequentialBuilder private static func mainPath(_ filters: Int, stride: Int) -> [LayerEntry] {
    convolution(filters, stride: stride)
    ReLU()
    convolution(filters)
  }

  /// A convolution that keeps or, with a stride, divides the size of an image, and its batch normalization.
  @SequentialBuilder private static func convolution(
    _ filters: Int, kernel: Int = 3, stride: Int = 1
  ) -> [LayerEntry] {
    Conv2D(filters, kernel: Extents(kernel), stride: Extents(stride), padding: .same, bias: false)
    BatchNorm()
  }
}

import Basics
import DataPipeline
import Foundation
import NumericCore
internal import Reports

/// Makes pictures of samples: for a report at most 96 pixels high and wide, larger ones as means of squares of pixels.
struct PictureEncoder {
  private let height: Int, width: Int, channels: Int
  private let isChannelsFirst: Bool
  private let transform: FeatureTransform
  /// The longest side of a picture.
  private let largest: Int

  /// Nil for samples that are no images: [H, W], [H, W, C] or [C, H, W] of at least 4 by 4 pixels are.
  init?(_ shape: Shape, layout: InputLayout, transform: FeatureTransform, largest: Int = 96) {
    guard layout == .images || layout == .rows, shape.rank == 2 || shape.rank == 3 else { return nil }
    isChannelsFirst = shape.rank == 3 && layout == .rows && shape[0] <= 4 && shape[2] > 4
    if isChannelsFirst {
      (channels, height, width) = (shape[0], shape[1], shape[2])
    } else {
      (height, width, channels) = (shape[0], shape[1], shape.rank == 3 ? shape[2] : 1)
    }
    guard height >= 4, width >= 4, height <= 8192, width <= 8192 else { return nil }
    (self.transform, self.largest) = (transform, largest)
  }

  /// The files of pictures that are shown together, from scaled features.
  ///
  /// Black is 0 and white the greatest value of the type where the features were scaled by that, or 1 where all are
  /// from 0 to 1; otherwise the range of the samples.
  func files(_ samples: [[Float]]) -> [Data] { images(samples).map(\.file) }

  /// The same, not packed into files.
  func images(_ samples: [[Float]]) -> [PNGImage] {
    let values = samples.map { sample in
      var sample = sample
      transform.invert(&sample)
      return sample
    }
    var black = values.lazy.compactMap { $0.min() }.min() ?? 0
    var white = values.lazy.compactMap { $0.max() }.max() ?? 1
    if transform.kind == .unit && transform.factor[0] != 1 {
      (black, white) = (0, 1 / transform.factor[0])
    } else if black >= -0.5 && white <= 1.5 && white > 0.5 {
      (black, white) = (0, 1)
    }
    return values.map { image($0, black: black, white: white) }
  }

  private func image(_ sample: [Float], black: Float, white: Float) -> PNGImage {
    let factor = (max(height, width) + largest - 1) / largest
    let shown = channels == 3 ? 3 : 1
    var image = PNGImage(width: (width + factor - 1) / factor, height: (height + factor - 1) / factor, channels: shown)
    let scale = white > black ? 255 / (white - black) : 0
    for row in 0..<image.height {
      for column in 0..<image.width {
        for channel in 0..<shown {
          var sum: Float = 0, count: Float = 0
          for y in row * factor..<min(height, (row + 1) * factor) {
            for x in column * factor..<min(width, (column + 1) * factor) {
              sum += sample[index(y, x, channel)]
              count += 1
            }
          }
          let level = (sum / count - black) * scale
          image.pixels[(row * image.width + column) * shown + channel] =
            level.isFinite ? UInt8(min(255, max(0, level.rounded()))) : 0
        }
      }
    }
    return image
  }

  private func index(_ y: Int, _ x: Int, _ channel: Int) -> Int {
    isChannelsFirst ? (channel * height + y) * width + x : (y * width + x) * channels + channel
  }
}

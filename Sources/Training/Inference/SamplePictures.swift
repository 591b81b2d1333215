import Checkpointing
import DataPipeline
import NumericCore
package import Reports

/// How the samples of a data set are pictures.
package struct SamplePictures {
  package let height: Int
  package let width: Int
  /// 1 for grey, 3 for red, green and blue.
  package let channels: Int
  private let transform: FeatureTransform

  /// - Returns: nil where samples are no pictures of one or three channels.
  init?(_ metadata: Checkpoint.Metadata) {
    let shape =
      metadata.inputShape.rank == 3 ? metadata.inputShape : metadata.data.storage?.shape ?? metadata.inputShape
    guard shape.rank == 2 || shape.rank == 3 && (shape[2] == 1 || shape[2] == 3) else { return nil }
    (height, width, channels) = (shape[0], shape[1], shape.rank == 2 ? 1 : shape[2])
    transform = metadata.transform
  }

  /// The samples one by one.
  ///
  /// Black is 0 and white the greatest value of the type where the data was scaled by that; otherwise the range of the
  /// samples.
  ///
  /// - Parameter samples: [N, height · width · channels] in the units of the data.
  package func pictures(_ samples: [Float]) -> [PNGImage] {
    let black = transform.greatest == nil ? samples.min() ?? 0 : 0
    let white = transform.greatest ?? samples.max() ?? 1
    let scale = white > black ? 255 / (white - black) : 0
    let pixels = samples.map { UInt8(min(255, max(0, (($0 - black) * scale).rounded()))) }
    let size = height * width * channels
    return stride(from: 0, to: pixels.count, by: size).map { start in
      var picture = PNGImage(width: width, height: height, channels: channels)
      picture.pixels = Array(pixels[start..<start + size])
      return picture
    }
  }

  /// The same side by side, at least one.
  package func grid(_ samples: [Float]) -> PNGImage { .grid(of: pictures(samples)) }
}

extension FeatureTransform {
  /// The greatest value of the data's type, if the data was scaled by it.
  var greatest: Float? { kind == .unit && factor[0] != 1 ? 1 / factor[0] : nil }
}

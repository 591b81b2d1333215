/// Decoded pixels, row by row, the channels of a pixel side by side.
struct Raster<Sample: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
  let width: Int
  let height: Int
  /// 1 grey, 2 grey and alpha, 3 red, green and blue, 4 these and alpha; of a JPEG 4 inverted cyan, magenta, yellow and
  /// black.
  let channels: Int
  var samples: [Sample]

  init(width: Int, height: Int, channels: Int, samples: [Sample]) {
    precondition(
      width > 0 && height > 0 && samples.count == width * height * channels,
      "\(samples.count) samples for \(width)×\(height) pixels of \(channels)")
    (self.width, self.height, self.channels, self.samples) = (width, height, channels, samples)
  }

  /// Upright, by the orientation of EXIF: 1 as it is, 2 mirrored, 3 upside down, 4 both, 5 to 8 the same with rows and
  /// columns exchanged.
  func upright(_ orientation: ExifOrientation) -> Raster {
    guard orientation != .upright else { return self }
    let (newWidth, newHeight) = orientation.size(width, height)
    let result = [Sample](unsafeUninitializedCapacity: samples.count) { into, count in
      samples.withUnsafeBufferPointer { from in
        for y in 0..<newHeight {
          for x in 0..<newWidth {
            let (column, row) = orientation.source(ofColumn: x, row: y, width: width, height: height)
            for channel in 0..<channels {
              into[(y * newWidth + x) * channels + channel] = from[(row * width + column) * channels + channel]
            }
          }
        }
      }
      count = samples.count
    }
    return Raster(width: newWidth, height: newHeight, channels: channels, samples: result)
  }

  /// As another number of channels, each pixel by itself.
  ///
  /// - Parameter convert: is given the channels of a pixel and where those of the new one go.
  private func map(
    to newChannels: Int, _ convert: (UnsafePointer<Sample>, UnsafeMutablePointer<Sample>) -> Void
  ) -> Raster {
    let size = width * height * newChannels
    let result = [Sample](unsafeUninitializedCapacity: size) { into, count in
      samples.withUnsafeBufferPointer { from in
        guard var pixel = from.baseAddress, var target = into.baseAddress else { return }
        for _ in 0..<width * height {
          convert(pixel, target)
          (pixel, target) = (pixel + channels, target + newChannels)
        }
      }
      count = size
    }
    return Raster(width: width, height: height, channels: newChannels, samples: result)
  }
}

extension Raster<UInt8> {
  /// Without alpha: each pixel laid over a background.
  func opaque(over background: RGBColor) -> Raster {
    guard channels == 2 || channels == 4 else { return self }
    if channels == 2, Set(background.parts).count > 1 {
      // Colours show through greys.
      return map(to: 4) { pixel, target in
        for channel in 0..<3 { target[channel] = pixel[0] }
        target[3] = pixel[1]
      }.opaque(over: background)
    }
    let behind = channels == 2 ? [background.luma] : background.parts
    let colours = channels - 1
    return map(to: colours) { pixel, target in
      let alpha = Int(pixel[colours])
      for channel in 0..<colours {
        target[channel] = Self.divided(Int(pixel[channel]) * alpha + Int(behind[channel]) * (255 - alpha))
      }
    }
  }

  /// Red, green and blue of the inverted cyan, magenta, yellow and black of print.
  func withoutInk() -> Raster {
    map(to: 3) { pixel, target in
      // Inverted, C is the share of light that cyan lets through; black dims all.
      for channel in 0..<3 {
        target[channel] = pixel[3] &- Self.divided((255 - Int(pixel[channel])) * Int(pixel[3]))
      }
    }
  }

  /// Grey of colours (the luma of ITU-R BT.601), or equal red, green and blue of greys.
  func with(colours: Int) -> Raster {
    guard colours != channels else { return self }
    return colours == 1
      ? map(to: 1) { $1[0] = RGBColor.luma($0[0], $0[1], $0[2]) }
      : map(to: 3) { for channel in 0..<3 { $1[channel] = $0[0] } }
  }

  /// A product of two numbers of 8 bits by 255, rounded.
  private static func divided(_ product: Int) -> UInt8 {
    let rounded = product + 128
    return UInt8(truncatingIfNeeded: ((rounded >> 8) + rounded) >> 8)
  }
}

/// A colour of 8 bits a channel.
public struct RGBColor: Equatable, Sendable {
  let red: UInt8, green: UInt8, blue: UInt8

  static let white = RGBColor(red: 255, green: 255, blue: 255)

  var parts: [UInt8] { [red, green, blue] }
  var luma: UInt8 { Self.luma(red, green, blue) }

  /// 0.299 R + 0.587 G + 0.114 B, rounded.
  static func luma(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
    UInt8(truncatingIfNeeded: (Int(red) * 19595 + Int(green) * 38470 + Int(blue) * 7471 + 0x8000) >> 16)
  }
}

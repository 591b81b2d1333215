internal import CZlib
public import Foundation

/// A picture of 8 bits a channel, and its file as Portable Network Graphics (ISO/IEC 15948).
public struct PNGImage: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// 1 for grey, 3 for red, green and blue.
  public let channels: Int
  /// Row by row, the channels of a pixel side by side.
  public var pixels: [UInt8]

  /// A black picture.
  ///
  /// - Precondition: at least one pixel, of 1 or 3 channels.
  public init(width: Int, height: Int, channels: Int) {
    precondition(
      width > 0 && height > 0 && width < 1 << 31 && height < 1 << 31 && (channels == 1 || channels == 3),
      "a picture of \(width) by \(height) pixels with \(channels) channels")
    self.width = width
    self.height = height
    self.channels = channels
    pixels = [UInt8](repeating: 0, count: width * height * channels)
  }

  /// The bytes of the file: header, pixels in one compressed chunk, end.
  public var file: Data {
    var header = Self.bigEndian(width) + Self.bigEndian(height)
    // Bits a channel; colour type; compression, filters and interlacing that are in use by all.
    header += [8, channels == 1 ? 0 : 2, 0, 0, 0]
    return Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
      + Self.chunk("IHDR", header) + Self.chunk("IDAT", Self.deflated(scanlines)) + Self.chunk("IEND", [])
  }

  /// Each row behind a byte that names its filter, 0 for none.
  private var scanlines: [UInt8] {
    let rowSize = width * channels
    return (0..<height).flatMap { row in [0] + pixels[row * rowSize..<(row + 1) * rowSize] }
  }

  /// Length, type, contents, and the checksum of type and contents.
  private static func chunk(_ type: String, _ contents: [UInt8]) -> Data {
    let body = Array(type.utf8) + contents
    let checksum = body.withUnsafeBufferPointer { crc32_z(0, $0.baseAddress, $0.count) }
    return Data(bigEndian(contents.count) + body + bigEndian(Int(checksum)))
  }

  private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var size = compressBound(UInt(bytes.count))
    return [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
      let status = compress2(buffer.baseAddress, &size, bytes, UInt(bytes.count), Z_DEFAULT_COMPRESSION)
      precondition(status == Z_OK, "zlib: \(status) for a buffer of the size that it asked for")
      count = Int(size)
    }
  }

  private static func bigEndian(_ number: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
  }
}

extension PNGImage {
  /// Pictures of one size side by side, row by row in a grid about as wide as high, with black lines of two pixels
  /// around them.
  ///
  /// - Precondition: at least one picture; all of the same size and channels.
  public static func grid(of images: [PNGImage]) -> PNGImage {
    precondition(!images.isEmpty, "a grid of no pictures")
    let (width, height, channels) = (images[0].width, images[0].height, images[0].channels)
    let columns = Int(Double(images.count).squareRoot().rounded(.up))
    let rows = (images.count + columns - 1) / columns
    let gap = 2
    var grid = PNGImage(
      width: columns * (width + gap) + gap, height: rows * (height + gap) + gap, channels: channels)
    for (index, image) in images.enumerated() {
      precondition(
        (image.width, image.height, image.channels) == (width, height, channels), "pictures of unlike sizes in a grid")
      let left = gap + index % columns * (width + gap), top = gap + index / columns * (height + gap)
      for row in 0..<height {
        let start = ((top + row) * grid.width + left) * channels
        grid.pixels.replaceSubrange(
          start..<start + width * channels, with: image.pixels[row * width * channels..<(row + 1) * width * channels])
      }
    }
    return grid
  }
}

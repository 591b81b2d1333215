import Basics
internal import CJPEG
internal import CPNG

/// A picture in memory as its file has it, PNG or JPEG by its first bytes, whatever its name says.
struct PictureFile {
  enum Kind { case png, jpeg }

  /// What stands in front of the pixels.
  struct Header: Sendable {
    let kind: Kind
    /// Pixels, as stored.
    let width: Int
    let height: Int
    /// As `Raster` has them.
    let channels: Int
    /// Of a channel.
    let bits: Int
    let hasColour: Bool
    let orientation: ExifOrientation

    /// Pixels, upright.
    var size: PictureSize {
      let (width, height) = orientation.size(width, height)
      return PictureSize(width: width, height: height)
    }
  }

  private let bytes: [UInt8]
  let header: Header

  /// More pixels than this a picture may not have.
  static let pixelLimit = 1 << 27

  /// Reads what stands in front of the pixels.
  ///
  /// - Parameter bytes: the whole file, or enough of its begin.
  init(_ bytes: [UInt8]) throws(BrokenFile) {
    self.bytes = bytes
    var nothing: [UInt8] = []
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      let header = try Self.decodePNG(bytes, into: &nothing)
      self.header = Header(
        kind: .png, width: Int(header.width), height: Int(header.height), channels: Int(header.channels),
        bits: max(8, Int(header.bit_depth)), hasColour: header.has_colour != 0,
        orientation: bytes.withUnsafeBytes(ExifOrientation.init(of:)))
    } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      let header = try Self.decodeJPEG(bytes, into: &nothing)
      self.header = Header(
        kind: .jpeg, width: Int(header.width), height: Int(header.height), channels: Int(header.channels), bits: 8,
        hasColour: header.channels > 1, orientation: bytes.withUnsafeBytes(ExifOrientation.init(of:)))
    } else {
      throw BrokenFile(Self.otherKind(bytes))
    }
    let (pixels, isOver) = header.width.multipliedReportingOverflow(by: header.height)
    guard pixels > 0, !isOver, pixels <= Self.pixelLimit else {
      throw BrokenFile(
        "its header promises \(grouped(header.width)) by \(grouped(header.height)) pixels, more than the "
          + "\(grouped(Self.pixelLimit)) that a picture may have")
    }
  }

  /// What a file is that is neither, by its first bytes.
  private static func otherKind(_ bytes: [UInt8]) -> String {
    let kinds: [(String, [UInt8], Int)] = [
      ("a GIF", Array("GIF8".utf8), 0), ("a BMP", Array("BM".utf8), 0), ("a WebP", Array("WEBP".utf8), 8),
      ("a TIFF", [0x49, 0x49, 0x2A, 0], 0), ("a TIFF", [0x4D, 0x4D, 0, 0x2A], 0),
      ("a HEIF or AVIF", Array("ftyp".utf8), 4), ("JPEG 2000", [0, 0, 0, 0x0C, 0x6A, 0x50], 0),
      ("a page of HTML", Array("<!DOCTYPE".utf8), 0), ("a page of HTML", Array("<html".utf8), 0),
    ]
    guard !bytes.isEmpty else { return "is empty" }
    if let kind = kinds.first(where: { bytes.dropFirst($0.2).starts(with: $0.1) })?.0 {
      return "is \(kind) by its content, expected PNG or JPEG; ImageMagick, for one, makes them of others"
    }
    return "is neither PNG nor JPEG by its content"
  }

  /// The greatest of 1, 2, 4 and 8 by which the sides can be divided while the pixels are decoded so that they are
  /// still at least three times as long as in `size`: a JPEG's blocks give such a picture at less cost, and what is
  /// left to the resampling hides how. 1 for a PNG.
  func reduction(to size: PictureSize) -> Int {
    guard header.kind == .jpeg else { return 1 }
    let own = header.size
    return [8, 4, 2].first { own.width >= 3 * $0 * size.width && own.height >= 3 * $0 * size.height } ?? 1
  }

  /// The pixels, 8 bits a channel, upright, without alpha and ink.
  ///
  /// - Parameter reduction: by which width and height are divided, rounded up.
  func raster(reduction: Int = 1, background: RGBColor) throws(BrokenFile) -> Raster<UInt8> {
    let width = (header.width + reduction - 1) / reduction, height = (header.height + reduction - 1) / reduction
    var samples = [UInt8](repeating: 0, count: width * height * header.channels)
    switch header.kind {
    case .png: try Self.decodePNG(bytes, into: &samples)
    case .jpeg: try Self.decodeJPEG(bytes, reduction: reduction, into: &samples)
    }
    let raster = Raster(width: width, height: height, channels: header.channels, samples: samples)
    let isInk = header.kind == .jpeg && header.channels == 4
    return (isInk ? raster.withoutInk() : raster.opaque(over: background)).upright(header.orientation)
  }

  /// The pixels of a grey PNG of 16 bits, upright.
  func raster16() throws(BrokenFile) -> Raster<UInt16> {
    precondition(header.bits == 16 && header.channels == 1, "16 bits of a picture that has \(header.bits)")
    let count = header.width * header.height
    var bytes = [UInt8](repeating: 0, count: 2 * count)
    try Self.decodePNG(self.bytes, keeps16Bits: true, into: &bytes)
    let samples = bytes.withUnsafeBytes { bytes in
      (0..<count).map { bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self) }
    }
    return Raster(width: header.width, height: header.height, channels: 1, samples: samples).upright(header.orientation)
  }

  // MARK: The libraries

  /// - Parameter pixels: where the pixels go; nil to read what stands in front of them alone.
  @discardableResult
  private static func decodePNG(
    _ bytes: [UInt8], keeps16Bits: Bool = false, into pixels: inout [UInt8]
  ) throws(BrokenFile) -> cpng_header {
    var header = cpng_header()
    try decode(into: &pixels, messageSize: Int(CPNG_MESSAGE_SIZE)) { pixels, capacity, message in
      cpng_decode(bytes, bytes.count, keeps16Bits ? 1 : 0, &header, pixels, capacity, message)
    }
    return header
  }

  @discardableResult
  private static func decodeJPEG(
    _ bytes: [UInt8], reduction: Int = 1, into pixels: inout [UInt8]
  ) throws(BrokenFile) -> cjpeg_header {
    var header = cjpeg_header()
    try decode(into: &pixels, messageSize: Int(CJPEG_MESSAGE_SIZE)) { pixels, capacity, message in
      cjpeg_decode(bytes, bytes.count, Int32(reduction), &header, pixels, capacity, message)
    }
    return header
  }

  /// - Parameter pixels: empty to read what stands in front of them alone.
  private static func decode(
    into pixels: inout [UInt8], messageSize: Int,
    _ body: (UnsafeMutablePointer<UInt8>?, Int, UnsafeMutablePointer<CChar>) -> Int32
  ) throws(BrokenFile) {
    let problem = pixels.withUnsafeMutableBufferPointer { pixels in
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: messageSize) { message -> String? in
        guard let text = message.baseAddress else { return "" }
        guard body(pixels.isEmpty ? nil : pixels.baseAddress, pixels.count, text) == 0 else { return nil }
        return String(cString: text)
      }
    }
    if let text = problem { throw BrokenFile(text.isEmpty ? "cannot be decoded" : text.onOneLine) }
  }
}

/// Width and height in pixels.
public struct PictureSize: Hashable, Sendable, CustomStringConvertible {
  let width: Int
  let height: Int

  public var description: String { "\(width)×\(height)" }
}

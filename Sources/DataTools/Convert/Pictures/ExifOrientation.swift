/// How a camera was held: what the tag Orientation (274) of EXIF says (CIPA DC-008), by which a picture is shown.
enum ExifOrientation: Int, Sendable {
  case upright = 1
  case mirrored, upsideDown, flipped
  case transposed, turnedRight, transversed, turnedLeft

  /// Of the first EXIF segment of a JPEG or the chunk eXIf in front of the pixels of a PNG; upright where there is
  /// none,
  /// or none that can be read.
  init(of file: UnsafeRawBufferPointer) {
    self = Self.exif(of: file).flatMap(Self.orientation).flatMap(ExifOrientation.init) ?? .upright
  }

  private var exchangesAxes: Bool { rawValue >= 5 }

  /// Width and height, upright, of a picture that is stored with these.
  func size(_ width: Int, _ height: Int) -> (width: Int, height: Int) {
    exchangesAxes ? (height, width) : (width, height)
  }

  /// Where a pixel of the upright picture is stored.
  ///
  /// - Parameters:
  ///   - width: of the stored picture, as `height`.
  func source(ofColumn x: Int, row y: Int, width: Int, height: Int) -> (column: Int, row: Int) {
    switch self {
    case .upright: (x, y)
    case .mirrored: (width - 1 - x, y)
    case .upsideDown: (width - 1 - x, height - 1 - y)
    case .flipped: (x, height - 1 - y)
    case .transposed: (y, x)
    case .turnedRight: (y, height - 1 - x)
    case .transversed: (width - 1 - y, height - 1 - x)
    case .turnedLeft: (width - 1 - y, x)
    }
  }

  // MARK: Where it stands

  /// The EXIF block: a TIFF file of its own.
  private static func exif(of file: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    file.starts(with: [0xFF, 0xD8]) ? exifOfJPEG(file) : exifOfPNG(file)
  }

  /// Segments are 0xFF, a type, and a length of 16 bits that counts itself; SOS (0xDA) begins the pixels.
  private static func exifOfJPEG(_ file: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    var place = 2
    while place + 4 <= file.count, file[place] == 0xFF {
      let type = file[place + 1]
      if type == 0xFF {
        place += 1
        continue
      }
      guard type != 0xDA else { return nil }
      let length = Int(file[place + 2]) << 8 | Int(file[place + 3])
      let end = place + 2 + length
      guard length >= 2, end <= file.count else { return nil }
      let body = UnsafeRawBufferPointer(rebasing: file[place + 4..<end])
      if type == 0xE1, body.starts(with: "Exif\0\0".utf8) { return UnsafeRawBufferPointer(rebasing: body[6...]) }
      place = end
    }
    return nil
  }

  /// Chunks are a length of 32 bits, four letters, so many bytes, and a checksum.
  private static func exifOfPNG(_ file: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    var place = 8
    while place + 12 <= file.count {
      let length = (0..<4).reduce(0) { $0 << 8 | Int(file[place + $1]) }
      let end = place + 8 + length
      guard end + 4 <= file.count else { return nil }
      let type = file[place + 4..<place + 8]
      if type.elementsEqual("eXIf".utf8) { return UnsafeRawBufferPointer(rebasing: file[place + 8..<end]) }
      if type.elementsEqual("IDAT".utf8) { return nil }
      place = end + 4
    }
    return nil
  }

  /// The tag in the first directory of a TIFF file: entries of 12 bytes with tag, type 3 (16 bits), count and value.
  private static func orientation(_ exif: UnsafeRawBufferPointer) -> Int? {
    let isLittleEndian = exif.starts(with: "II*\0".utf8)
    guard isLittleEndian || exif.starts(with: "MM\0*".utf8) else { return nil }
    func number(_ place: Int, _ bytes: Int) -> Int? {
      guard place + bytes <= exif.count else { return nil }
      return (0..<bytes).reduce(0) { $0 << 8 | Int(exif[place + (isLittleEndian ? bytes - 1 - $1 : $1)]) }
    }
    guard let directory = number(4, 4), let count = number(directory, 2) else { return nil }
    for entry in 0..<count {
      let place = directory + 2 + 12 * entry
      guard let tag = number(place, 2), let type = number(place + 2, 2) else { return nil }
      if tag == 274 { return type == 3 ? number(place + 8, 2) : nil }
    }
    return nil
  }
}

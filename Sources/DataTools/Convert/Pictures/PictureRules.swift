import Basics
public import Settings

/// How pictures of any size and kind become rows of one shape.
struct PictureRules: Equatable, Sendable {
  var size: PictureSize
  /// Whether the size was asked for, or is the one that all pictures had.
  var sizeIsChosen: Bool
  var crop: PictureCrop
  var colour: PictureColour.Kind
  /// Bits of a value: 8, or 16 of grey pictures.
  var depth: PictureDepth
  /// What shows where a picture is transparent, and beside one that is padded.
  var background: RGBColor

  /// Of a row: [H, W] of grey pictures, [H, W, 3] of coloured ones.
  var shape: [Int] { [size.height, size.width] + (colour == .rgb ? [3] : []) }
  var rowByteCount: Int { shape.reduce(1, *) * depth.rawValue / 8 }

  /// Decodes a picture and makes a row of it.
  ///
  /// - Parameters:
  ///   - window: the part to take for the picture, in its upright pixels; nil for all.
  ///   - target: `rowByteCount` bytes.
  func write(
    _ file: PictureFile, window: PictureWindow? = nil, to target: UnsafeMutableRawBufferPointer
  ) throws(BrokenFile) {
    guard depth == .eight else {
      guard file.header.bits == 16, file.header.channels == 1 else {
        throw BrokenFile("is no grey PNG of 16 bits without transparency, which --depth 16 needs of all")
      }
      var raster = try file.raster16()
      if let window { raster = raster.cropped(columns: window.columns, rows: window.rows) }
      let plan = crop.plan(PictureSize(width: raster.width, height: raster.height), to: size)
      let result = raster.resampled(plan, extent: (Double(raster.width), Double(raster.height)))
      return place(result, fill: UInt16(background.luma) * 257, target)
    }
    let whole = file.header.size
    // What is left of a window is small; it is cut out of the whole picture.
    let reduction = window == nil ? file.reduction(to: crop.plan(whole, to: size).size) : 1
    var raster = try file.raster(reduction: reduction, background: background)
    var extent = PictureSize(width: whole.width, height: whole.height)
    if let window {
      raster = raster.cropped(columns: window.columns, rows: window.rows)
      extent = PictureSize(width: raster.width, height: raster.height)
    }
    let plan = crop.plan(extent, to: size)
    // Rounded up, the last pixels of a reduced picture may stand for less than the others.
    let result = raster.with(colours: colour == .rgb ? 3 : 1).resampled(
      plan, extent: (Double(extent.width) / Double(reduction), Double(extent.height) / Double(reduction)))
    place(result, fill: background, target)
  }

  private func place(_ raster: Raster<UInt8>, fill: RGBColor, _ target: UnsafeMutableRawBufferPointer) {
    if raster.width < size.width || raster.height < size.height {
      let pixel = colour == .rgb ? fill.parts : [fill.luma]
      for index in target.indices { target[index] = pixel[index % pixel.count] }
    }
    copy(raster, target)
  }

  private func place(_ raster: Raster<UInt16>, fill: UInt16, _ target: UnsafeMutableRawBufferPointer) {
    for index in 0..<target.count / 2 { target.storeBytes(of: fill, toByteOffset: 2 * index, as: UInt16.self) }
    copy(raster, target)
  }

  /// Where a box of a picture, or of a part of one, is in the sample: x and y of its centre, width and height, all
  /// relative. Stretching moves nothing; padding leaves a margin.
  ///
  /// - Parameter own: the size of the picture or of the part.
  func moved(_ box: [Float], of own: PictureSize) -> [Float] {
    guard crop == .pad else { return box }
    let fitted = crop.plan(own, to: size).size
    let (left, top) = ((size.width - fitted.width) / 2, (size.height - fitted.height) / 2)
    let (across, down) = (Float(fitted.width) / Float(size.width), Float(fitted.height) / Float(size.height))
    return [
      box[0] * across + Float(left) / Float(size.width), box[1] * down + Float(top) / Float(size.height),
      box[2] * across, box[3] * down,
    ]
  }

  /// Into the middle.
  private func copy<Sample>(_ raster: Raster<Sample>, _ target: UnsafeMutableRawBufferPointer) {
    let pixel = raster.channels * MemoryLayout<Sample>.size
    let left = (size.width - raster.width) / 2, top = (size.height - raster.height) / 2
    raster.samples.withUnsafeBytes { samples in
      for row in 0..<raster.height {
        let size = raster.width * pixel
        let line = UnsafeRawBufferPointer(rebasing: samples[row * size..<(row + 1) * size])
        let start = ((top + row) * self.size.width + left) * pixel
        UnsafeMutableRawBufferPointer(rebasing: target[start..<start + line.count]).copyMemory(from: line)
      }
    }
  }
}

/// A part of a picture, in pixels.
struct PictureWindow: Equatable, Sendable {
  let columns: Range<Int>
  let rows: Range<Int>
}

// MARK: Settings

/// How a picture of another shape than the wanted one is made to fit.
public enum PictureCrop: String, SettingChoice {
  /// Resized until it covers the wanted size, and the middle of it kept, as torchvision's Resize and CenterCrop do.
  case center
  /// Stretched to the wanted size.
  case none
  /// Resized until it fits into the wanted size, with the background on both sides.
  case pad

  func plan(_ own: PictureSize, to size: PictureSize) -> ResamplingPlan {
    // Compared without division: whether the picture is relatively wider than what is wanted.
    let isWider = own.width * size.height >= own.height * size.width
    var resized = size
    switch self {
    case .none: break
    case .center where isWider:
      resized = PictureSize(width: max(size.width, size.height * own.width / own.height), height: size.height)
    case .center:
      resized = PictureSize(width: size.width, height: max(size.height, size.width * own.height / own.width))
    case .pad where isWider:
      let height = Double(size.width * own.height) / Double(own.width)
      resized = PictureSize(width: size.width, height: min(size.height, max(1, Int(height.rounded()))))
    case .pad:
      let width = Double(size.height * own.width) / Double(own.height)
      resized = PictureSize(width: min(size.width, max(1, Int(width.rounded()))), height: size.height)
    }
    func middle(_ side: Int, _ wanted: Int) -> Range<Int> {
      let start = Int((Double(max(0, side - wanted)) / 2).rounded(.toNearestOrEven))
      return start..<start + min(side, wanted)
    }
    return ResamplingPlan(
      size: resized, columns: middle(resized.width, size.width), rows: middle(resized.height, size.height))
  }
}

/// What is kept of colours.
public enum PictureColour: String, SettingChoice {
  /// Colours if a picture has any, greys otherwise.
  case automatic = "auto"
  case grey, rgb

  /// How many values a pixel has.
  enum Kind: String { case grey, rgb }

  /// What was asked for; nil where the pictures decide.
  var kind: Kind? { Kind(rawValue: rawValue) }
}

/// Bits of a value.
public enum PictureDepth: Int, Sendable, SettingValue {
  case eight = 8
  case sixteen = 16

  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> PictureDepth {
    guard case .integer(let bits) = value.content, let depth = PictureDepth(rawValue: bits) else {
      throw value.mismatch(subject, "8 or 16")
    }
    return depth
  }

  public func json(_ limits: NoLimits) -> JSONValue { .integer(rawValue) }
  public static func words(for limits: NoLimits) -> String { "8, 16" }
}

extension PictureSize: SettingValue {
  /// The longest side of a row: more than any model takes.
  static let sideLimit = 16_384

  /// Such as `64` for a square, or `64x48`, the width first.
  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> PictureSize {
    let text = try value.requireString(subject)
    let sides = text.lowercased().split(omittingEmptySubsequences: false, whereSeparator: { $0 == "x" || $0 == "×" })
    let numbers = sides.compactMap { Int($0) }.filter { (1...sideLimit).contains($0) }
    guard numbers.count == sides.count, (1...2).contains(numbers.count) else {
      throw value.mismatch(subject, "a size in pixels from 1 to \(sideLimit), such as 64 or 64x48, width by height")
    }
    return PictureSize(width: numbers[0], height: numbers[numbers.count - 1])
  }

  public func json(_ limits: NoLimits) -> JSONValue { .string("\(width)x\(height)") }
  public static func value(ofText text: String) -> JSONValue { .string(text) }
}

extension RGBColor: SettingValue {
  /// `white`, `black`, or six hexadecimal digits such as `#FF8000`.
  public static func read(_ value: JSONValue, _ subject: String, _ limits: NoLimits) throws(SettingsError) -> RGBColor {
    let text = try value.requireString(subject).lowercased()
    let digits = ["white": "ffffff", "black": "000000"][text] ?? String(text.drop { $0 == "#" })
    guard digits.utf8.count == 6, let number = UInt32(digits, radix: 16), !digits.hasPrefix("+") else {
      throw value.mismatch(subject, "white, black or a colour such as #FF8000")
    }
    func part(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: number >> shift) }
    return RGBColor(red: part(16), green: part(8), blue: part(0))
  }

  public func json(_ limits: NoLimits) -> JSONValue {
    .string("#" + parts.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
  }
  public static func value(ofText text: String) -> JSONValue { .string(text) }
}

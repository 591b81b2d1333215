import Basics

/// A picture with words below it and boxes on it, for a sheet of many.
public struct CaptionedPicture: Sendable {
  /// A rectangle, relative to the picture.
  public struct Box: Sendable {
    public let centreX: Float, centreY: Float, width: Float, height: Float
    /// Whether it was predicted, or is the true one.
    public let isPredicted: Bool

    /// - Parameter numbers: x and y of the centre, width and height.
    public init?(_ numbers: [Float], isPredicted: Bool) {
      guard numbers.count == 4, numbers.allSatisfy(\.isFinite) else { return nil }
      (centreX, centreY, width, height) = (numbers[0], numbers[1], numbers[2], numbers[3])
      self.isPredicted = isPredicted
    }
  }

  public let image: PNGImage
  public let lines: [String]
  public let boxes: [Box]

  public init(_ image: PNGImage, _ lines: [String], boxes: [Box] = []) {
    (self.image, self.lines, self.boxes) = (image, lines, boxes)
  }
}

extension PNGImage {
  /// The least width of a picture on a sheet: that of twenty letters.
  private static let leastWidth = 20 * PixelFont.advance

  /// Pictures of one size in a grid about as wide as high, small ones enlarged by a whole factor, each above its words.
  /// True boxes are green, predicted ones orange.
  ///
  /// - Precondition: at least one picture; all of the same size.
  public static func sheet(of pictures: [CaptionedPicture]) -> PNGImage {
    precondition(!pictures.isEmpty, "a sheet of no pictures")
    let (width, height) = (pictures[0].image.width, pictures[0].image.height)
    let factor = max(1, leastWidth / max(width, height))
    let cellWidth = max(leastWidth, width * factor)
    let lineCount = pictures.map(\.lines.count).max() ?? 0
    let cellHeight = height * factor + 3 + lineCount * PixelFont.lineHeight
    let columns = Int(Double(pictures.count).squareRoot().rounded(.up))
    let gap = 6
    var sheet = PNGImage(
      width: columns * (cellWidth + gap) + gap,
      height: (pictures.count + columns - 1) / columns * (cellHeight + gap) + gap, channels: 3)
    sheet.fill(0..<sheet.width, 0..<sheet.height, [255, 255, 255])
    for (index, picture) in pictures.enumerated() {
      precondition(
        (picture.image.width, picture.image.height) == (width, height), "pictures of unlike sizes on a sheet")
      let top = gap + index / columns * (cellHeight + gap)
      let start = gap + index % columns * (cellWidth + gap)
      let left = start + (cellWidth - width * factor) / 2
      sheet.draw(picture.image, left: left, top: top, factor: factor)
      for box in picture.boxes {
        sheet.draw(box, left: left, top: top, width: width * factor, height: height * factor)
      }
      for (number, line) in picture.lines.enumerated() {
        let place = top + height * factor + 3 + number * PixelFont.lineHeight
        sheet.write(line, left: start, top: place, width: cellWidth)
      }
    }
    return sheet
  }

  private mutating func fill(_ columns: Range<Int>, _ rows: Range<Int>, _ colour: [UInt8]) {
    for row in rows.clamped(to: 0..<height) {
      for column in columns.clamped(to: 0..<width) {
        let place = (row * width + column) * 3
        for channel in 0..<3 { pixels[place + channel] = colour[channel] }
      }
    }
  }

  private mutating func draw(_ image: PNGImage, left: Int, top: Int, factor: Int) {
    for row in 0..<image.height {
      for column in 0..<image.width {
        let pixel = (row * image.width + column) * image.channels
        let colour = (0..<3).map { image.pixels[pixel + min($0, image.channels - 1)] }
        let (x, y) = (left + column * factor, top + row * factor)
        fill(x..<x + factor, y..<y + factor, colour)
      }
    }
  }

  private mutating func draw(_ box: CaptionedPicture.Box, left: Int, top: Int, width: Int, height: Int) {
    let colour: [UInt8] = box.isPredicted ? [255, 127, 14] : [44, 200, 44]
    // What a model gives may lie far outside.
    func place(_ position: Float, _ start: Int, _ length: Int) -> Int {
      start + Int((min(1, max(0, position)) * Float(length)).rounded())
    }
    let x0 = place(box.centreX - box.width / 2, left, width), x1 = place(box.centreX + box.width / 2, left, width)
    let y0 = place(box.centreY - box.height / 2, top, height), y1 = place(box.centreY + box.height / 2, top, height)
    let line = 2
    guard x1 >= x0, y1 >= y0 else { return }
    fill(x0..<x1, y0..<min(y1, y0 + line), colour)
    fill(x0..<x1, max(y0, y1 - line)..<y1, colour)
    fill(x0..<min(x1, x0 + line), y0..<y1, colour)
    fill(max(x0, x1 - line)..<x1, y0..<y1, colour)
  }

  /// Writes a line; one that is too long loses its middle.
  private mutating func write(_ line: String, left: Int, top: Int, width: Int) {
    let text = line.count * PixelFont.advance > width ? line.shortened(to: width / PixelFont.advance) : line
    for (number, character) in text.enumerated() {
      for (column, bits) in PixelFont.columns(of: character).enumerated() {
        let x = left + number * PixelFont.advance + column
        for row in 0..<8 where bits >> UInt8(row) & 1 == 1 { fill(x..<x + 1, top + row..<top + row + 1, [30, 30, 30]) }
      }
    }
  }
}

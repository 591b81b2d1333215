import Basics
import Foundation

extension Scene {
  /// The drawing on white, three pixels for each of the screen's: about 300 dots an inch where it is 4 inches wide.
  ///
  /// - Throws: where cairo is not installed, or has no memory.
  public func pngImage(scale: Double = 3) throws -> PNGImage {
    let cairo = try Cairo()
    let columns = Int((width * scale).rounded(.up)), rows = Int((height * scale).rounded(.up))
    let failure = Failure.data("cairo cannot draw a picture of \(columns) by \(rows) pixels; give --svg")
    // Format 1 is 32 bits a pixel: blue, green, red and an unused byte, on machines that begin with the low byte.
    guard let surface = cairo.makeSurface(1, Int32(columns), Int32(rows)), cairo.surfaceStatus(surface) == 0 else {
      throw failure
    }
    defer { cairo.destroySurface(surface) }
    guard let context = cairo.makeContext(surface) else { throw failure }
    defer { cairo.destroyContext(context) }
    cairo.scale(context, scale, scale)
    cairo.setColour(context, 1, 1, 1, 1)
    // The last row and column may be covered in part alone.
    cairo.rectangle(context, 0, 0, width + 1, height + 1)
    cairo.fill(context)
    for mark in marks { draw(mark, context, cairo) }
    cairo.flush(surface)
    guard cairo.contextStatus(context) == 0, let bytes = cairo.surfaceData(surface) else { throw failure }
    let stride = Int(cairo.surfaceStride(surface))
    var image = PNGImage(width: columns, height: rows, channels: 3)
    for row in 0..<rows {
      for column in 0..<columns {
        let source = bytes + row * stride + column * 4, target = (row * columns + column) * 3
        for channel in 0..<3 { image.pixels[target + channel] = source[2 - channel] }
      }
    }
    return image
  }

  private func draw(_ mark: Mark, _ context: Cairo.Handle, _ cairo: Cairo) {
    let colour = mark.ink.lightColour
    cairo.setColour(context, colour.red, colour.green, colour.blue, mark.opacity)
    switch mark.form {
    case .line(let points):
      for (index, point) in points.enumerated() {
        (index == 0 ? cairo.moveTo : cairo.lineTo)(context, point.x, point.y)
      }
    case .rectangle(let x, let y, let width, let height): cairo.rectangle(context, x, y, width, height)
    case .disc(let centre, let radius): cairo.arc(context, centre.x, centre.y, radius, 0, 2 * .pi)
    case .text(let words, let point, let size, let anchor, let isBold):
      cairo.selectFont(context, "sans-serif", 0, isBold ? 1 : 0)
      cairo.setFontSize(context, size)
      var extents = [Double](repeating: 0, count: 6)
      cairo.textExtents(context, words.escaped, &extents)
      let shift: Double =
        switch anchor {
        case .start: 0
        case .middle: extents[4] / 2
        case .end: extents[4]
        }
      cairo.moveTo(context, point.x - shift, point.y)
      cairo.showText(context, words.escaped)
      return
    }
    guard let lineWidth = mark.lineWidth else { return cairo.fill(context) }
    cairo.setLineWidth(context, lineWidth)
    cairo.setDash(context, [5, 4], mark.isDashed ? 2 : 0, 0)
    cairo.stroke(context)
  }
}

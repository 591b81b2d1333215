import Foundation

extension Scene {
  /// A file of its own, in the colours for white paper.
  public var svgFile: String {
    """
    <?xml version="1.0" encoding="UTF-8"?>
    <svg xmlns="http://www.w3.org/2000/svg" width="\(text(width))" height="\(text(height))" \
    viewBox="0 0 \(text(width)) \(text(height))" font-family="Helvetica, Arial, sans-serif">
    \(svgMarks { "#" + $0.lightDigits })
    </svg>

    """
  }

  /// A part of a page, as wide as its place, in the colours of the page's style sheet.
  var inlineSVG: String {
    "<svg viewBox=\"0 0 \(text(width)) \(text(height))\" role=\"img\">" + svgMarks { "var(--\($0.name))" } + "</svg>"
  }

  private func svgMarks(_ colour: (Ink) -> String) -> String {
    marks.map { mark in
      var paint: String
      if let lineWidth = mark.lineWidth {
        paint = "fill=\"none\" stroke=\"\(colour(mark.ink))\" stroke-width=\"\(text(lineWidth))\""
        if mark.isDashed { paint += " stroke-dasharray=\"5 4\"" }
      } else {
        paint = "fill=\"\(colour(mark.ink))\""
      }
      if mark.opacity < 1 { paint += " opacity=\"\(text(mark.opacity))\"" }
      let note = mark.note.map { "<title>\($0.forHTML)</title>" } ?? ""
      switch mark.form {
      case .line(let points):
        let path = points.map { "\(text($0.x)),\(text($0.y))" }.joined(separator: " ")
        return "<polyline points=\"\(path)\" \(paint) stroke-linejoin=\"round\"/>"
      case .rectangle(let x, let y, let width, let height):
        return "<rect x=\"\(text(x))\" y=\"\(text(y))\" width=\"\(text(width))\" height=\"\(text(height))\" \(paint)>"
          + "\(note)</rect>"
      case .disc(let centre, let radius):
        return
          "<circle cx=\"\(text(centre.x))\" cy=\"\(text(centre.y))\" r=\"\(text(radius))\" \(paint)>\(note)</circle>"
      case .text(let words, let point, let size, let anchor, let isBold):
        let weight = isBold ? " font-weight=\"600\"" : ""
        return "<text x=\"\(text(point.x))\" y=\"\(text(point.y))\" font-size=\"\(text(size))\"\(weight) "
          + "text-anchor=\"\(anchor)\" \(paint)>\(words.forHTML)</text>"
      }
    }.joined(separator: "\n")
  }

  /// Two decimals at most.
  private func text(_ number: Double) -> String {
    guard number.isFinite else { return "0" }
    let rounded = min(1e6, max(-1e6, (number * 100).rounded() / 100))
    return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
  }
}

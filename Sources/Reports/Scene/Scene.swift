/// A drawing of lines, rectangles, discs and texts, described once and then written as SVG, into a page or a file, or
/// drawn as a PNG. Lengths are in pixels of a screen, x to the right, y down.
public struct Scene: Sendable, Equatable {
  public let width: Double
  public let height: Double
  public private(set) var marks: [Mark] = []

  public init(width: Double, height: Double) { (self.width, self.height) = (width, height) }

  public struct Point: Sendable, Equatable {
    public var x: Double
    public var y: Double

    public init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }
  }

  public enum Anchor: Sendable { case start, middle, end }

  /// Where a mark is and what form it has.
  public enum Form: Sendable, Equatable {
    /// A line through points.
    case line([Point])
    case rectangle(x: Double, y: Double, width: Double, height: Double)
    case disc(Point, radius: Double)
    /// The point is on the base line. A bold text is for headings.
    case text(String, Point, size: Double, anchor: Anchor, isBold: Bool)
  }

  /// One thing that is drawn.
  public struct Mark: Sendable, Equatable {
    public let form: Form
    public let ink: Ink
    /// From 0 to 1.
    public let opacity: Double
    /// Of a line, or of the outline of a rectangle; nil fills it.
    public let lineWidth: Double?
    public let isDashed: Bool
    /// What a page says where the pointer rests on it.
    public let note: String?
  }

  /// Draws a line through points.
  public mutating func line(
    _ points: [Point], _ ink: Ink, width: Double = 1, opacity: Double = 1, isDashed: Bool = false
  ) {
    add(.line(points), ink, opacity: opacity, lineWidth: width, isDashed: isDashed)
  }

  /// Fills a rectangle, or draws its outline where `lineWidth` is given.
  public mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, _ ink: Ink, opacity: Double = 1, lineWidth: Double? = nil,
    note: String? = nil
  ) {
    add(
      .rectangle(x: x, y: y, width: width, height: height), ink, opacity: opacity, lineWidth: lineWidth, note: note)
  }

  public mutating func disc(_ centre: Point, radius: Double, _ ink: Ink, opacity: Double = 1, note: String? = nil) {
    add(.disc(centre, radius: radius), ink, opacity: opacity, note: note)
  }

  public mutating func text(
    _ text: String, _ x: Double, _ y: Double, _ ink: Ink = .text, size: Double = 12, anchor: Anchor = .start,
    isBold: Bool = false
  ) {
    add(.text(text, Point(x, y), size: size, anchor: anchor, isBold: isBold), ink)
  }

  private mutating func add(
    _ form: Form, _ ink: Ink, opacity: Double = 1, lineWidth: Double? = nil, isDashed: Bool = false, note: String? = nil
  ) {
    marks.append(
      Mark(form: form, ink: ink, opacity: opacity, lineWidth: lineWidth, isDashed: isDashed, note: note))
  }

  /// About how wide a text will be: fonts differ, so leave some room.
  public static func textWidth(_ text: String, size: Double = 12) -> Double {
    text.unicodeScalars.reduce(0) {
      $0 + ($1.value > 0x2E7F ? 1 : "il.,:;|'! ".unicodeScalars.contains($1) ? 0.3 : 0.56)
    }
      * size
  }

  /// A text that ends in … where it would be wider than that.
  public static func fitted(_ text: String, to width: Double, size: Double = 12) -> String {
    guard textWidth(text, size: size) > width else { return text }
    var cut = text
    while !cut.isEmpty, textWidth(cut + "…", size: size) > width { cut.removeLast() }
    return cut + "…"
  }
}

/// A colour by what it is for, so that a page can show it in the light and in the dark.
public enum Ink: Sendable, Equatable {
  case text
  /// Words beside the point, such as the numbers at an axis.
  case faint
  case grid
  case paper
  /// One of `seriesCount` that are told apart; greater numbers begin again.
  case series(Int)

  public static let seriesCount = 8

  /// What the page's style sheet calls it.
  var name: String {
    switch self {
    case .text: "text"
    case .faint: "faint"
    case .grid: "grid"
    case .paper: "paper"
    case .series(let index): "s\(((index % Self.seriesCount) + Self.seriesCount) % Self.seriesCount)"
    }
  }

  /// All names with their colours on white and on black, as six hexadecimal digits.
  static let palette: [(name: String, light: String, dark: String)] = [
    ("text", "1f2328", "e6e8eb"), ("faint", "59636e", "9aa4af"), ("grid", "dfe3e8", "343b43"),
    ("paper", "ffffff", "14181d"),
    ("s0", "2563eb", "6ea8fe"), ("s1", "e8590c", "ff9f5a"), ("s2", "2b8a3e", "5fd38a"), ("s3", "9c36b5", "d79bf5"),
    ("s4", "e03131", "ff8787"), ("s5", "0c8599", "4dd4e6"), ("s6", "b08900", "f2c94c"), ("s7", "6b7280", "a9b1bb"),
  ]

  /// On white: red, green and blue from 0 to 1.
  var lightColour: (red: Double, green: Double, blue: Double) {
    let value = UInt32(lightDigits, radix: 16) ?? 0
    func part(_ shift: UInt32) -> Double { Double(value >> shift & 0xFF) / 255 }
    return (part(16), part(8), part(0))
  }

  /// On white, as six hexadecimal digits.
  var lightDigits: String { Self.palette.first { $0.name == name }?.light ?? "000000" }
}

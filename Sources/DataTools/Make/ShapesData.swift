import HDF5Storage
import NumericCore
public import Settings

/// Images of one geometric shape each, with its class and box.
public struct ShapesData: SyntheticData {
  public static let name = "shapes"
  public static let summary = "images of one geometric shape each, with its box, for --model detector"
  public static let discussion = """
    x is uint8 [N, 32, 32, 3]: one ellipse, rectangle, triangle, cross, diamond or ring each; y is float32 [N, 5]: \
    class, x centre, y centre, width and height of its box, relative to the image.
    """
  public static let options =
    commonOptions(noise: "standard deviation of every pixel's noise, of the range of a pixel") + [
      Option(
        "--classes", \ShapesData.classes, "N", .closed(1, ShapeWriter.Shape.allCases.count),
        "different shapes, the first of the six"),
      Option("--labels", \ShapesData.labels, "NAME", "classes: y is the class alone, uint8 [N], for classifiers"),
    ]
  public static let fixed = [
    "--features": "shapes are images of \(ShapeWriter.side)×\(ShapeWriter.side) pixels"
  ]

  public var samples = 12_000
  public var noise = 0.1
  public var classes = 4
  public var labels = Labels.boxes

  /// What a label says of its image.
  public enum Labels: String, SettingChoice {
    /// The class and the box.
    case boxes
    /// The class.
    case classes
  }

  public init() {}

  public func check() throws { try checkSamples(classes) }

  public func writer(seed: UInt64) -> any SplitWriter { ShapeWriter(self, seed: seed) }
}

/// One drawing of a geometric shape, with its class and box, as a function of its number alone.
///
/// A shape fills its box, whose sides are uniform on 0.3 to 0.7 of the image's and whose centre is anywhere that keeps
/// it in the image. Shape and background have one colour each, apart by at least 0.35 of the range in one channel;
/// pixels on the edge are mixed by the share that the shape covers of them. Gaussian noise is added to every channel of
/// every pixel.
struct ShapeWriter {
  /// What a class looks like, in the order of the labels.
  enum Shape: String, CaseIterable {
    case ellipse, rectangle, triangle, cross, diamond, ring

    /// Whether the shape covers a point of its box, whose corners are (−1, −1), top left, and (1, 1).
    func covers(_ u: Double, _ v: Double) -> Bool {
      switch self {
      case .ellipse: u * u + v * v <= 1
      case .rectangle: true
      case .triangle: 2 * abs(u) <= v + 1
      case .cross: min(abs(u), abs(v)) <= 1.0 / 3
      case .diamond: abs(u) + abs(v) <= 1
      case .ring: (0.25...1).contains(u * u + v * v)
      }
    }
  }

  static let side = 32, channels = 3
  /// The numbers of a label.
  static let columns = ["class", "x_center", "y_center", "width", "height"]

  /// Different shapes.
  let classes: Int
  private let kind: ShapesData.Labels
  /// Of the range of a channel.
  private let noise: Double
  private let labels: StratifiedLabels
  private let streams: SynthesisStreams

  init(_ data: ShapesData, seed: UInt64) {
    (classes, noise, kind) = (data.classes, data.noise, data.labels)
    streams = SynthesisStreams(seed: seed, number: 5)
    labels = StratifiedLabels(count: data.samples, classes: classes, random: streams.classes)
  }

  /// Draws sample `index` and returns its label: class, x centre, y centre, width and height, relative to the image.
  ///
  /// - Shapes: `image` [side, side, channels].
  func sample(_ index: Int, into image: UnsafeMutableBufferPointer<UInt8>) -> [Float] {
    var random = streams.sample(index)
    let label = labels.label(index)
    let (width, height) = (0.3 + 0.4 * random.uniform(), 0.3 + 0.4 * random.uniform())
    let x = width / 2 + (1 - width) * random.uniform(), y = height / 2 + (1 - height) * random.uniform()
    let (background, color) = Self.colors(&random)
    let shape = Shape.allCases[label]
    for row in 0..<Self.side {
      for column in 0..<Self.side {
        let share = Self.coverage(row, column) { horizontal, vertical in
          let (u, v) = (2 * (horizontal - x) / width, 2 * (vertical - y) / height)
          return max(abs(u), abs(v)) <= 1 && shape.covers(u, v)
        }
        for channel in 0..<Self.channels {
          var value = background[channel] + share * (color[channel] - background[channel])
          if noise > 0 { value += noise * random.normal() }
          image[(row * Self.side + column) * Self.channels + channel] = UInt8((255 * min(1, max(0, value))).rounded())
        }
      }
    }
    return [Float(label), Float(x), Float(y), Float(width), Float(height)]
  }

  /// The share of a pixel in which `isInside` holds, of 4×4 points.
  private static func coverage(_ row: Int, _ column: Int, _ isInside: (_ x: Double, _ y: Double) -> Bool) -> Double {
    var inside = 0
    for point in 0..<16 {
      let x = (Double(column) + (Double(point % 4) + 0.5) / 4) / Double(side)
      let y = (Double(row) + (Double(point / 4) + 0.5) / 4) / Double(side)
      if isInside(x, y) { inside += 1 }
    }
    return Double(inside) / 16
  }

  /// Uniform each, until they are far enough apart.
  private static func colors(
    _ random: inout RandomSource.Generator
  ) -> (background: [Double], color: [Double]) {
    while true {
      let background = (0..<channels).map { _ in random.uniform() }
      let color = (0..<channels).map { _ in random.uniform() }
      if zip(background, color).contains(where: { abs($0 - $1) >= 0.35 }) { return (background, color) }
    }
  }
}

extension ShapeWriter: SplitWriter {
  /// Writes `/split/x` uint8 [N, H, W, C] and `/split/y` float32 [N, 5], whose attributes name the columns and the
  /// classes; without boxes uint8 [N].
  func write(_ samples: Range<Int>, split: String, to file: OutputFile) throws {
    let (side, channels) = (Self.side, Self.channels)
    let size = side * side * channels
    let features = try file.create("/\(split)/x", shape: [samples.count, side, side, channels], elementType: .uint8)
    let block = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: min(samples.count, 1000) * size)
    defer { block.deallocate() }
    var labels: [Float] = []
    for start in stride(from: 0, to: samples.count, by: block.count / size) {
      let rows = start..<min(start + block.count / size, samples.count)
      for row in rows {
        let place = (row - start) * size
        labels += sample(samples.lowerBound + row, into: .init(rebasing: block[place..<place + size]))
      }
      let written = UnsafeMutableBufferPointer(rebasing: block[..<(rows.count * size)])
      try features.write(rows: rows, from: UnsafeRawBufferPointer(written))
    }
    let path = "/\(split)/y"
    let names = Shape.allCases.prefix(classes).map(\.rawValue)
    if kind == .classes {
      let classes = stride(from: 0, to: labels.count, by: Self.columns.count).map { UInt8(labels[$0]) }
      try file.write(path, shape: [samples.count], classes)
    } else {
      try file.write(path, shape: [samples.count, Self.columns.count], labels)
      try file.file.setAttribute("columns", to: Self.columns.joined(separator: "\n"), of: path)
    }
    try file.file.setAttribute("classes", to: names.joined(separator: "\n"), of: path)
  }
}

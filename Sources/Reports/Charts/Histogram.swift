import Basics

/// How often values fall between equally spaced bounds.
public struct Histogram: Sendable {
  public var name: String
  public var title: String
  public var xLabel: String
  public var values: [Double]
  public var binCount = 30
  public var width = 420.0
  public var height = 270.0

  public init(_ name: String, title: String, xLabel: String, values: [Double]) {
    (self.name, self.title, self.xLabel, self.values) = (name, title, xLabel, values.filter(\.isFinite))
  }

  public var figure: Figure {
    var scene = Scene(width: width, height: height)
    scene.text(Scene.fitted(title, to: width - 24, size: 13), 12, 18, size: 13, isBold: true)
    let x = AxisScale(values)
    var counts = [Int](repeating: 0, count: binCount)
    for value in values {
      guard let position = x.position(value) else { continue }
      counts[min(binCount - 1, max(0, Int(position * Double(binCount))))] += 1
    }
    let y = AxisScale([0] + counts.map(Double.init), isWhole: true, fitsTicks: true)
    let left = 16 + (y.ticks.map { Scene.textWidth($0.label, size: 11) }.max() ?? 0)
    let right = width - 14, top = 34.0, bottom = height - 38
    for tick in y.ticks {
      guard let up = y.position(tick.value) else { continue }
      let level = bottom - up * (bottom - top)
      scene.line([Scene.Point(left, level), Scene.Point(right, level)], .grid)
      scene.text(tick.label, left - 5, level + 4, .faint, size: 11, anchor: .end)
    }
    let step = (right - left) / Double(binCount), span = (x.upper - x.lower) / Double(binCount)
    for (index, count) in counts.enumerated() where count > 0 {
      let length = (y.position(Double(count)) ?? 0) * (bottom - top)
      let from = x.lower + span * Double(index)
      scene.rectangle(
        x: left + step * Double(index) + 0.5, y: bottom - length, width: step - 1, height: length, .series(0),
        note: "\(shortNumber(from)) to \(shortNumber(from + span)): \(grouped(count))")
    }
    for tick in x.ticks {
      guard let across = x.position(tick.value) else { continue }
      scene.text(
        tick.label, left + across * (right - left), bottom + 16, .faint, size: 11, anchor: .middle)
    }
    scene.line([Scene.Point(left, bottom), Scene.Point(right, bottom)], .faint)
    scene.text(xLabel, (left + right) / 2, height - 7, .faint, size: 11, anchor: .middle)
    return Figure(name: name, scene: scene)
  }
}

import Basics
import Foundation

/// Series of points over two axes, as lines or dots.
public struct LineChart: Sendable {
  public var name: String
  public var title: String
  public var xLabel: String
  public var series: [Series]
  public var xKind = AxisScale.Kind.linear
  public var yKind = AxisScale.Kind.linear
  /// Whether x counts something.
  public var xIsWhole = false
  /// Values that both axes have to have room for, beside those of the series.
  public var xRoom: [Double] = []
  public var yRoom: [Double] = []
  /// A dashed line from corner to corner of the values that both axes share, such as that of a perfect prediction.
  public var hasDiagonal = false
  /// Dashed lines at values of y, or of x.
  public var horizontals: [Double] = []
  public var verticals: [Double] = []
  public var width = 420.0
  public var height = 270.0

  /// - Parameter name: of the figure, such as `loss`.
  public init(_ name: String, title: String, xLabel: String = "", series: [Series]) {
    (self.name, self.title, self.xLabel, self.series) = (name, title, xLabel, series)
  }

  public struct Series: Sendable, Equatable {
    public enum Style: Sendable { case line, dashed, faint, dots }

    public var name: String
    /// What the legend calls it: its name; empty leaves it out.
    public var legend: String
    public var points: [Scene.Point]
    public var style: Style
    public var ink: Ink

    /// Points that are not finite break a line.
    public init(_ name: String, _ points: [Scene.Point], style: Style = .line, ink: Ink) {
      (self.name, legend, self.points, self.style, self.ink) = (name, name, points, style, ink)
    }
  }

  public var figure: Figure {
    var drawing = Drawing(self)
    drawing.drawFrame()
    drawing.drawSeries()
    return Figure(name: name, scene: drawing.scene, hover: drawing.hover)
  }
}

extension LineChart {
  /// The chart on its scene.
  private struct Drawing {
    let chart: LineChart
    let x: AxisScale
    let y: AxisScale
    /// The rectangle of the values.
    let left: Double, right: Double, top: Double, bottom: Double
    let legend: [[(series: Series, x: Double)]]
    var scene: Scene
    var hover: [Figure.HoverSeries] = []

    init(_ chart: LineChart) {
      self.chart = chart
      let points = chart.series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
      x = AxisScale(points.map(\.x) + chart.xRoom + chart.verticals, kind: chart.xKind, isWhole: chart.xIsWhole)
      y = AxisScale(
        points.map(\.y) + chart.yRoom + chart.horizontals, kind: chart.yKind, tickCount: 5, fitsTicks: true)
      legend = Self.legend(chart)
      left = 10 + (y.ticks.map { Scene.textWidth($0.label, size: 11) }.max() ?? 0) + 6
      right = chart.width - 14
      top = 30 + 18 * Double(legend.count)
      bottom = chart.height - (chart.xLabel.isEmpty ? 24 : 38)
      scene = Scene(width: chart.width, height: chart.height)
    }

    /// The named series in lines as wide as the chart; none where one alone is drawn.
    private static func legend(_ chart: LineChart) -> [[(series: Series, x: Double)]] {
      let named = chart.series.filter { !$0.legend.isEmpty && $0.style != .faint }
      guard named.count > 1 else { return [] }
      var lines: [[(series: Series, x: Double)]] = [[]]
      var end = 12.0
      for series in named {
        let width = 22 + Scene.textWidth(Scene.fitted(series.legend, to: 170, size: 11), size: 11) + 12
        if end + width > chart.width, !lines[lines.count - 1].isEmpty {
          lines.append([])
          end = 12
        }
        lines[lines.count - 1].append((series, end))
        end += width
      }
      return Array(lines.prefix(4))
    }

    private func place(_ point: Scene.Point) -> Scene.Point? {
      guard let across = x.position(point.x), let up = y.position(point.y) else { return nil }
      return Scene.Point(left + across * (right - left), bottom - up * (bottom - top))
    }

    mutating func drawFrame() {
      scene.text(Scene.fitted(chart.title, to: chart.width - 24, size: 13), 12, 18, size: 13, isBold: true)
      for (line, entries) in legend.enumerated() {
        let middle = 34 + 18 * Double(line)
        for (series, start) in entries {
          if series.style == .dots {
            scene.disc(Scene.Point(start + 8, middle), radius: 3.5, series.ink)
          } else {
            scene.line(
              [Scene.Point(start, middle), Scene.Point(start + 16, middle)], series.ink, width: 2,
              isDashed: series.style == .dashed)
          }
          scene.text(Scene.fitted(series.legend, to: 170, size: 11), start + 21, middle + 4, .faint, size: 11)
        }
      }
      for tick in y.ticks {
        guard let up = y.position(tick.value) else { continue }
        let level = bottom - up * (bottom - top)
        scene.line([Scene.Point(left, level), Scene.Point(right, level)], .grid)
        scene.text(tick.label, left - 5, level + 4, .faint, size: 11, anchor: .end)
      }
      var end = -Double.infinity
      for tick in x.ticks {
        guard let across = x.position(tick.value) else { continue }
        let place = left + across * (right - left)
        scene.line([Scene.Point(place, bottom), Scene.Point(place, bottom + 4)], .grid)
        // A label that would run into the one before it is left out.
        let half = Scene.textWidth(tick.label, size: 11) / 2
        guard place - half > end else { continue }
        scene.text(
          tick.label, min(place, chart.width - half - 2), bottom + 16, .faint, size: 11, anchor: .middle)
        end = place + half + 6
      }
      scene.line([Scene.Point(left, bottom), Scene.Point(right, bottom)], .faint)
      if !chart.xLabel.isEmpty {
        scene.text(chart.xLabel, (left + right) / 2, chart.height - 7, .faint, size: 11, anchor: .middle)
      }
      for value in chart.horizontals {
        if let from = place(Scene.Point(x.lower, value)), let to = place(Scene.Point(x.upper, value)) {
          scene.line([from, to], .faint, isDashed: true)
        }
      }
      for value in chart.verticals {
        if let from = place(Scene.Point(value, y.lower)), let to = place(Scene.Point(value, y.upper)) {
          scene.line([from, to], .faint, isDashed: true)
        }
      }
      let (low, high) = (max(x.lower, y.lower), min(x.upper, y.upper))
      if chart.hasDiagonal, low < high, let from = place(Scene.Point(low, low)), let to = place(Scene.Point(high, high))
      {
        scene.line([from, to], .faint, isDashed: true)
      }
    }

    mutating func drawSeries() {
      for series in chart.series {
        var run: [Scene.Point] = []
        var shown: [Figure.HoverPoint] = []
        for point in series.points {
          guard let place = place(point) else {
            draw(run, of: series)
            run = []
            continue
          }
          run.append(place)
          shown.append(Figure.HoverPoint(place: place, x: xText(point.x), y: shortNumber(point.y)))
        }
        draw(run, of: series)
        if series.style != .faint, !shown.isEmpty {
          hover.append(Figure.HoverSeries(name: series.name, ink: series.ink, points: shown))
        }
      }
    }

    private func xText(_ value: Double) -> String {
      let number = chart.xIsWhole && abs(value) < 1e15 ? grouped(Int(value)) : shortNumber(value)
      return chart.xLabel.isEmpty ? number : "\(chart.xLabel) \(number)"
    }

    private mutating func draw(_ points: [Scene.Point], of series: Series) {
      if series.style == .dots {
        let isDense = points.count > 200
        for point in points { scene.disc(point, radius: isDense ? 2 : 3, series.ink, opacity: isDense ? 0.45 : 0.8) }
      } else if points.count == 1 {
        scene.disc(points[0], radius: 3, series.ink)
      } else if !points.isEmpty {
        let isFaint = series.style == .faint
        scene.line(
          points, series.ink, width: isFaint ? 1 : 2, opacity: isFaint ? 0.35 : 1, isDashed: series.style == .dashed)
      }
    }
  }
}

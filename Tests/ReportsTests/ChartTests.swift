import Foundation
import Reports
import Testing

@Suite("Charts")
struct ChartTests {
  @Test("Ticks are steps of 1, 2 or 5, with as many decimals as the step")
  func linearTicks() {
    let axis = AxisScale([0.03, 0.97], fitsTicks: true)
    #expect(axis.ticks.map(\.label) == ["0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(axis.position(0.5) == 0.5)
    #expect(AxisScale([1, 3], isWhole: true).ticks.map(\.label) == ["1", "2", "3"])
    #expect(AxisScale([7, 7]).position(7) == 0.5)
  }

  @Test("A wide range of positive values is shown in powers of ten")
  func logarithmicTicks() {
    let axis = AxisScale([0.001, 10], kind: .automatic)
    #expect(axis.isLogarithmic)
    #expect(axis.ticks.map(\.label) == ["0.001", "0.01", "0.1", "1", "10"])
    #expect(abs((axis.position(0.1) ?? 0) - 0.5) < 1e-9)
    #expect(axis.position(0) == nil)
    #expect(!AxisScale([0, 10], kind: .automatic).isLogarithmic)
  }

  @Test("Values that are not finite break a line and leave no trace")
  func gaps() {
    let points = [1.0, 2, .nan, 4, .infinity].enumerated().map { Scene.Point(Double($0), $1) }
    let figure = LineChart("loss", title: "Loss", series: [.init("train", points, ink: .series(0))]).figure
    #expect(figure.hover.first?.points.count == 3)
    #expect(!figure.scene.svgFile.contains("nan") && !figure.scene.svgFile.contains("inf"))
  }

  @Test("Nothing to draw is no error", arguments: [[], [Scene.Point(.nan, .nan)], [Scene.Point(3, 3)]])
  func empty(_ points: [Scene.Point]) {
    let figure = LineChart("loss", title: "Loss", series: [.init("", points, ink: .series(0))]).figure
    #expect(figure.scene.svgFile.hasSuffix("</svg>\n"))
    #expect(Histogram("h", title: "", xLabel: "", values: points.map(\.x)).figure.scene.marks.count > 0)
  }

  @Test("Numbers of any size are drawn or left out", arguments: [AxisScale.Kind.linear, .logarithmic, .automatic])
  func extremes(_ kind: AxisScale.Kind) {
    let values = [-1.7e308, 5e-324, 0, 1, 1.7e308]
    var chart = LineChart(
      "loss", title: "", xLabel: "step", series: [.init("", values.map { Scene.Point($0, $0) }, ink: .series(0))])
    (chart.xKind, chart.yKind, chart.xIsWhole, chart.hasDiagonal) = (kind, kind, true, true)
    let text = chart.figure.html.source + chart.figure.scene.svgFile
    #expect(!text.contains("nan") && !text.contains("inf"))
    #expect(Histogram("h", title: "", xLabel: "", values: values).figure.scene.marks.count > 0)
  }

  @Test("Markup in names is text in SVG and HTML")
  func escaping() {
    let name = "<script>\"&'\u{1B}"
    let chart = LineChart("loss", title: name, series: [.init(name, [Scene.Point(1, 1)], ink: .series(0))])
    #expect(!chart.figure.scene.svgFile.contains("<script"))
    #expect(chart.figure.scene.svgFile.contains("&lt;script&gt;&quot;&amp;&#39;\\u{1B}"))
    #expect(!chart.figure.html.source.contains("<script"))
    var page = Page(title: name)
    page.addSection(name, HTML(text: name))
    #expect(page.file.components(separatedBy: "<script>").count == 2)
  }

  @Test("A page asks for nothing from elsewhere")
  func selfContained() {
    var page = Page(title: "run")
    page.addSection("Curves", .grid(of: [BarChart("time", title: "Time", bars: [.init("steps", 3)]).figure]))
    for word in ["http:", "https:", "src=", "@import", "url("] { #expect(!page.file.contains(word), "\(word)") }
  }
}

import Basics

/// Horizontal bars, each with its name and value: where time went, how important a key is.
public struct BarChart: Sendable {
  public var name: String
  public var title: String
  public var bars: [Bar]
  public var width = 420.0

  public struct Bar: Sendable, Equatable {
    public var name: String
    public var value: Double
    /// The value in words.
    public var text: String
    public var ink: Ink

    public init(_ name: String, _ value: Double, text: String? = nil, ink: Ink = .series(0)) {
      (self.name, self.value, self.text, self.ink) = (name, value, text ?? shortNumber(value), ink)
    }
  }

  public init(_ name: String, title: String, bars: [Bar]) {
    (self.name, self.title, self.bars) = (name, title, bars)
  }

  public var figure: Figure {
    let rowHeight = 24.0, top = 32.0
    var scene = Scene(width: width, height: top + rowHeight * Double(bars.count) + 8)
    scene.text(Scene.fitted(title, to: width - 24, size: 13), 12, 18, size: 13, isBold: true)
    let names = min(160, (bars.map { Scene.textWidth($0.name, size: 11) }.max() ?? 0) + 4)
    let values = (bars.map { Scene.textWidth($0.text, size: 11) }.max() ?? 0) + 8
    let left = 12 + names + 6, room = max(20, width - 10 - values - left)
    let greatest = bars.map(\.value).filter(\.isFinite).max() ?? 0
    for (index, bar) in bars.enumerated() {
      let y = top + rowHeight * Double(index)
      let isShown = bar.value.isFinite && bar.value > 0 && greatest > 0
      let length = isShown ? max(1, bar.value / greatest * room) : 0
      scene.text(
        Scene.fitted(bar.name, to: names, size: 11), left - 6, y + 16, .faint, size: 11, anchor: .end)
      if isShown {
        scene.rectangle(
          x: left, y: y + 4, width: length, height: rowHeight - 8, bar.ink, note: "\(bar.name): \(bar.text)")
      }
      scene.text(bar.text, left + length + 5, y + 16, size: 11)
    }
    return Figure(name: name, scene: scene)
  }
}

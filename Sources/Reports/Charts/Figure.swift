import Basics
import Foundation

/// A chart with a name, ready for a page, an SVG file or a PNG.
public struct Figure: Sendable {
  /// As `--svg NAME` asks for it: small letters, digits and hyphens.
  public let name: String
  public let scene: Scene
  /// What a page shows beside the pointer.
  public let hover: [HoverSeries]

  /// Points of one series of a chart, and what they say.
  public struct HoverSeries: Sendable, Equatable {
    public let name: String
    public let ink: Ink
    public let points: [HoverPoint]
  }

  public struct HoverPoint: Sendable, Equatable {
    public let place: Scene.Point
    /// The two values in words.
    public let x: String
    public let y: String
  }

  public init(name: String, scene: Scene, hover: [HoverSeries] = []) {
    (self.name, self.scene, self.hover) = (name, scene, hover)
  }

  /// A figure of a page; the page's script reads the attribute `data-hover`.
  public var html: HTML {
    var attributes = ["class": "chart", "id": name]
    if !hover.isEmpty {
      let series = hover.map { series in
        let points = series.points.map {
          "[\(Int($0.place.x.rounded())),\(Int($0.place.y.rounded())),\(Self.quoted($0.x)),\(Self.quoted($0.y))]"
        }
        return "[\(Self.quoted(series.name)),\(Self.quoted(series.ink.name)),[\(points.joined(separator: ","))]]"
      }
      attributes["data-hover"] = "[\(series.joined(separator: ","))]"
    }
    return .element("figure", attributes, HTML(source: scene.inlineSVG))
  }

  /// A JSON string; what terminals do not show is escaped before.
  private static func quoted(_ text: String) -> String {
    "\"" + text.escaped.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}

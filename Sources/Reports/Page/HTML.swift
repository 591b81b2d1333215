import Basics

extension String {
  /// The text as it stands in HTML, SVG and their attributes: what would be markup, and what is unfit to be shown, is
  /// escaped.
  public var forHTML: String {
    var result = ""
    result.reserveCapacity(utf8.count)
    for scalar in escapedLines.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

/// Text that is markup already. What comes from elsewhere becomes HTML by `init(text:)` alone, which escapes it.
public struct HTML: Sendable, Equatable {
  public private(set) var source: String

  public static let nothing = HTML(source: "")

  /// - Parameter source: markup that this program wrote.
  init(source: String) { self.source = source }

  /// Words, escaped.
  public init(text: String) { source = text.forHTML }

  /// An element, such as `<p class="note">…</p>`.
  public static func element(_ tag: String, _ attributes: [String: String] = [:], _ contents: HTML = .nothing) -> HTML {
    HTML(source: "<\(tag)\(written(attributes))>\(contents.source)</\(tag)>")
  }

  /// An element of words.
  public static func element(_ tag: String, _ attributes: [String: String] = [:], text: String) -> HTML {
    element(tag, attributes, HTML(text: text))
  }

  /// An element without an end, such as an image.
  static func single(_ tag: String, _ attributes: [String: String]) -> HTML {
    HTML(source: "<\(tag)\(written(attributes))>")
  }

  private static func written(_ attributes: [String: String]) -> String {
    attributes.sorted { $0.key < $1.key }.map { " \($0.key)=\"\($0.value.forHTML)\"" }.joined()
  }

  public static func + (a: HTML, b: HTML) -> HTML { HTML(source: a.source + b.source) }
  public static func += (a: inout HTML, b: HTML) { a.source += b.source }
}

extension Sequence<HTML> {
  public var joined: HTML { HTML(source: map(\.source).joined(separator: "\n")) }
}

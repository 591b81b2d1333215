import Basics

/// One file of HTML that needs no other: its style sheet, its script and its pictures are in it, and it asks no
/// network.
public struct Page: Sendable {
  public let title: String
  private var sections: [(id: String, heading: String, body: HTML)] = []
  private var head = HTML.nothing

  public init(title: String) { self.title = title }

  /// Puts something below the title, before the first section.
  public mutating func addHead(_ html: HTML) { head += html }

  /// Puts a section at the end; not one without contents.
  public mutating func addSection(_ heading: String, _ body: HTML) {
    guard body != .nothing else { return }
    let id = heading.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "-" }
    sections.append((String(id), heading, body))
  }

  /// The text of the file.
  public var file: String {
    let links = sections.map { HTML.element("a", ["href": "#" + $0.id], text: $0.heading) }.joined
    let body = sections.map { section in
      HTML.element("section", ["id": section.id], .element("h2", text: section.heading) + section.body)
    }.joined
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(title.forHTML)</title>
      <style>
      \(PageStyle.sheet)
      </style>
      </head>
      <body>
      <header>
      <h1>\(title.forHTML)</h1>
      \(head.source)
      <nav>\(links.source)</nav>
      </header>
      \(body.source)
      <div id="tip" hidden></div>
      <script>
      \(PageStyle.script)
      </script>
      </body>
      </html>

      """
  }
}

extension HTML {
  /// Figures and tables side by side where there is room.
  public static func grid(_ parts: [HTML]) -> HTML {
    parts.isEmpty ? .nothing : .element("div", ["class": "grid"], parts.joined)
  }

  /// The figures side by side.
  public static func grid(of figures: [Figure]) -> HTML { grid(figures.map(\.html)) }

  /// Short facts, each a value below its name.
  public static func tiles(_ facts: [(name: String, value: String, detail: String)]) -> HTML {
    .element(
      "div", ["class": "tiles"],
      facts.map { fact in
        HTML.element(
          "div", [:],
          .element("span", ["class": "name"], text: fact.name) + .element("b", text: fact.value)
            + (fact.detail.isEmpty ? .nothing : .element("span", ["class": "name"], text: fact.detail)))
      }.joined)
  }

  /// Words in a paragraph of small print.
  public static func note(_ text: String) -> HTML { .element("p", ["class": "note"], text: text) }

  /// A part that is folded up until it is asked for.
  public static func details(_ summary: String, _ contents: HTML) -> HTML {
    .element("details", [:], .element("summary", text: summary) + contents)
  }
}

/// Rows of cells on a page: the first column words, the others numbers.
public struct HTMLTable: Sendable {
  private let head: [String]
  private var rows: [(cells: [HTML], isMarked: Bool)] = []
  private let numbersFrom: Int

  /// - Parameter numbersFrom: the first column whose cells stand to the right.
  public init(_ head: [String], numbersFrom: Int = 1) { (self.head, self.numbersFrom) = (head, numbersFrom) }

  /// - Parameter isMarked: whether the row stands out, as the best does.
  public mutating func add(_ cells: [String], isMarked: Bool = false) {
    precondition(cells.count == head.count, "\(cells.count) cells in a row of \(head.count)")
    rows.append((cells.map { HTML(text: $0) }, isMarked))
  }

  public var isEmpty: Bool { rows.isEmpty }

  /// The table, which scrolls by itself where it is wider than the page.
  public var html: HTML {
    func cell(_ tag: String, _ column: Int, _ contents: HTML) -> HTML {
      .element(tag, column >= numbersFrom ? ["class": "n"] : [:], contents)
    }
    let heading =
      head.allSatisfy(\.isEmpty)
      ? HTML.nothing
      : HTML.element(
        "thead", [:], .element("tr", [:], head.enumerated().map { cell("th", $0, HTML(text: $1)) }.joined))
    let body = rows.map { row in
      HTML.element(
        "tr", row.isMarked ? ["class": "best"] : [:], row.cells.enumerated().map { cell("td", $0, $1) }.joined)
    }.joined
    return .element("div", ["class": "table"], .element("table", [:], heading + .element("tbody", [:], body)))
  }
}

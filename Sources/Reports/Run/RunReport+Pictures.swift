import Basics
import Settings

extension RunReport {
  func pictures(_ run: RunRecord) -> HTML {
    let pictures = run.material["pictures"]
    let split = pictures?["split"]?.string == "val" ? "Validation" : "Test"
    let parts: [(String, String, [JSONValue])] = [
      (
        "Training samples as the model sees them", "With what data.augment does to them; row numbers below.",
        pictures?["training"]?.elements ?? []
      ),
      ("\(split) samples", "What the model says, and below it what is true.", pictures?["samples"]?.elements ?? []),
      ("Worst errors", "Those with the greatest loss.", pictures?["worst"]?.elements ?? []),
    ]
    var html = HTML.nothing
    for (heading, note, items) in parts where !items.isEmpty {
      let hasBoxes = items.contains { $0["box"] != nil }
      html += .element("h3", text: heading)
      html += .note(note + (hasBoxes ? " Green is the true box, orange the one that was found." : ""))
      html += .element("div", ["class": "pictures"], items.map(picture).joined)
    }
    if html == .nothing { html += worstTable(run) }
    return html
  }

  private func picture(_ item: JSONValue) -> HTML {
    let truth = item["truth"]?.string ?? "", prediction = item["prediction"]?.string
    let isWrong = item["wrong"] == .bool(true)
    var image = self.image(item["png"]?.string ?? "", item)
    if let second = item["second"]?.string { image += self.image(second, .null) }
    let row = "row \(item["row"]?.integer ?? 0)"
    let lines = [prediction ?? truth, prediction == nil || truth.isEmpty ? "" : (isWrong ? "is \(truth)" : ""), row]
    let caption = lines.filter { !$0.isEmpty }.map { HTML(text: $0) }
    return .element(
      "figure", isWrong ? ["class": "wrong"] : [:],
      image + .element("figcaption", [:], HTML(source: caption.map(\.source).joined(separator: "<br>"))))
  }

  /// A picture, with boxes drawn over it.
  private func image(_ png: String, _ item: JSONValue) -> HTML {
    let data = "data:image/png;base64," + png
    let boxes = [("true_box", "s2"), ("box", "s1")].compactMap { key, ink -> HTML? in
      guard let box = item[key]?.doubles, box.count == 4, box.allSatisfy(\.isFinite) else { return nil }
      func text(_ number: Double) -> String { String((number * 1e4).rounded() / 100) }
      return .element(
        "rect",
        [
          "x": text(box[0] - box[2] / 2), "y": text(box[1] - box[3] / 2), "width": text(max(0, box[2])),
          "height": text(max(0, box[3])), "fill": "none", "stroke": "var(--\(ink))", "stroke-width": "2.5",
        ])
    }
    guard !boxes.isEmpty else { return .single("img", ["src": data, "alt": item["truth"]?.string ?? "sample"]) }
    return .element(
      "svg", ["viewBox": "0 0 100 100", "preserveAspectRatio": "none"],
      .element("image", ["href": data, "width": "100", "height": "100", "preserveAspectRatio": "none"])
        + boxes.reduce(.nothing, +))
  }

  /// For samples that are no pictures.
  private func worstTable(_ run: RunRecord) -> HTML {
    let items = run.material["worst"]?.elements ?? []
    guard !items.isEmpty else { return .nothing }
    var table = HTMLTable(["row", "predicted", "true", "loss"], numbersFrom: 3)
    for item in items.prefix(12) {
      table.add([
        "\(item["row"]?.integer ?? 0)", item["prediction"]?.string ?? "", item["truth"]?.string ?? "",
        item["loss"]?.double.map(shortNumber) ?? "",
      ])
    }
    return .element("h3", text: "Worst errors")
      + .note("Rows of the \(run.material["evaluation"]?["split"]?.string ?? "") split with the greatest loss.")
      + table.html
  }

  /// What the model makes by itself.
  func generated(_ run: RunRecord) -> HTML {
    let made = run.material["generated"]
    if let text = made?["text"]?.string {
      let temperature = made?["temperature"]?.double.map { " at temperature \(trimmedNumber($0))" } ?? ""
      return .note("Text of the best checkpoint, drawn character by character\(temperature).")
        + .element("pre", text: text)
    }
    let pictures = made?["pictures"]?.elements.compactMap(\.string) ?? []
    guard !pictures.isEmpty else { return .nothing }
    return .note("Samples of the generator, of latent vectors drawn at random.")
      + .element(
        "div", ["class": "pictures"], pictures.map { HTML.element("figure", [:], image($0, .null)) }.joined)
  }
}

import Basics
import Settings

extension RunReport {
  func pictures(_ run: RunRecord) -> HTML {
    let pictures = run.material["pictures"]
    let split = pictures?["split"]?.string == "val" ? "Validation" : "Test"
    let parts: [(String, String, [JSONValue])] = [
      (
        "Training samples as the model sees them",
        run.configuration["data"]?["augment"]?.elements.isEmpty == false
          ? "With what data.augment does to them in the first step." : "Scaled; nothing else is done to them.",
        pictures?["training"]?.elements ?? []
      ),
      (
        "\(split) samples", "What the model says, and what is true where that is another.",
        pictures?["samples"]?.elements ?? []
      ),
      ("Worst errors", "Those with the greatest loss.", pictures?["worst"]?.elements ?? []),
    ]
    var html = HTML.nothing
    for (heading, note, items) in parts where !items.isEmpty {
      let hasBoxes = items.contains { $0["box"] != nil }
      let hasPairs = items.contains { $0["second"] != nil }
      html += .element("h3", text: heading)
      html += .note(
        (hasPairs ? "Above each the sample, below what the model makes of it." : note)
          + (hasBoxes ? " Green is the true box, orange the one that was found." : ""))
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
    // Each over a darker line, so that it stands out on any picture.
    let strokes = ["true_box", "box"].flatMap {
      [($0, "#0008", "4.5"), ($0, $0 == "box" ? "#ff8c1a" : "#3ddc64", "2.5")]
    }
    let boxes = strokes.compactMap { key, colour, width -> HTML? in
      guard let box = item[key]?.doubles, box.count == 4, box.allSatisfy(\.isFinite) else { return nil }
      func text(_ number: Double) -> String { String((number * 1e4).rounded() / 100) }
      return .element(
        "rect",
        [
          "x": text(box[0] - box[2] / 2), "y": text(box[1] - box[3] / 2), "width": text(max(0, box[2])),
          "height": text(max(0, box[3])), "fill": "none", "stroke": colour, "stroke-width": width,
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
    guard let grid = made?["grid"]?.string else { return .nothing }
    return .note(
      "\(plural(made?["count"]?.integer ?? 0, "sample")) of the generator, of latent vectors drawn at random.")
      + .element("figure", ["class": "generated"], image(grid, .null))
  }
}

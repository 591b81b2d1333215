import NeuralNetwork
import Settings

/// The layers of a model in words, for the header of a run.
enum LayerWords {
  /// The layers by the names that a configuration gives them, with the sizes that were found; repeated ones once.
  ///
  /// - Parameter prefix: what stands before the numbers of the layers in the model.
  static func words(
    _ layers: [LayerEntry], _ model: Model<Float>, _ prefix: String = ""
  ) -> [String] {
    let texts = layers.enumerated().map { index, layer in
      if let custom = layer.description as? Custom, let name = custom.layer { return name }
      if let detail = layer.description.detail { return "\(layer.name) \(detail)" }
      // A layer of the configuration is a node of its number, or several whose names begin with it.
      let nodes = model.summary.filter { $0.name == "\(prefix)\(index)" || $0.name.hasPrefix("\(prefix)\(index).") }
      if nodes.contains(where: { $0.parameterCount > 0 }), let last = nodes.last {
        return "\(layer.name) \(last.outputShape)"
      }
      return layer.description.mainValueText.map { "\(layer.name) \($0)" } ?? layer.name
    }
    return folded(texts)
  }

  /// The same words with repetitions in parentheses: `a, b, b, b, c, d, c, d` as `a, 3 × b, 2 × (c, d)`.
  static func folded(_ words: [String]) -> [String] {
    var result: [String] = []
    var start = 0
    while start < words.count {
      var (period, count) = (1, 1)
      for candidate in 1...max(1, (words.count - start) / 2) {
        let pattern = words[start..<min(start + candidate, words.count)]
        var repeats = 1
        while words[(start + repeats * candidate)...].starts(with: pattern) { repeats += 1 }
        if repeats > 1, repeats * candidate > period * count { (period, count) = (candidate, repeats) }
      }
      var pattern = Array(words[start..<start + period])
      if count > 1 {
        pattern[0] = "\(count) × \(period > 1 ? "(" : "")\(pattern[0])"
        if period > 1 { pattern[period - 1] += ")" }
      }
      result += pattern
      start += period * count
    }
    return result
  }
}

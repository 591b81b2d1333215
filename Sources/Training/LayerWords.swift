import Configuration
import NeuralNetwork
import Settings

/// The layers of a model in words, for the header of a run.
enum LayerWords {
  /// The layers by the names that a configuration gives them, with the sizes that were found; repeated ones once.
  ///
  /// - Parameter prefix: what stands before the numbers of the layers in the model.
  static func words(
    _ layers: [LayerDescription]?, _ model: Model<Float>, _ prefix: String = ""
  ) -> [String] {
    guard let layers else { return folded(model.summary.map(\.type)) }
    let texts = layers.enumerated().map { index, layer in
      if let name = layer.customName { return name }
      // A layer of the configuration is a node of its number, or several whose names begin with it.
      let nodes = model.summary.filter { $0.name == "\(prefix)\(index)" || $0.name.hasPrefix("\(prefix)\(index).") }
      let options: [JSONValue.Member] = if case .object(let members) = layer.options.content { members } else { [] }
      if let heads = options.first(where: { $0.key == "heads" }) { return "\(layer.name) \(heads.value.line) heads" }
      if nodes.contains(where: { $0.parameterCount > 0 }), let last = nodes.last {
        return "\(layer.name) \(last.outputShape)"
      }
      guard let value = options.first?.value else { return layer.name }
      if case .array = value.content { return layer.name }
      return "\(layer.name) \(value.line)"
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

import Basics
import NeuralNetwork
import NumericCore
import Settings

/// Which tensors of a model start with which values of a file, and what is to be said of the others.
struct WeightTransfer {
  /// Of the model, by name.
  private(set) var values: [String: [Float]] = [:]
  /// For the head of the run, one line each.
  private(set) var notes: [String] = []
  private(set) var warnings: [String] = []
  private let path: String
  private let digest: UInt64

  /// The seed of what starts fresh: the run's, mixed with the weights. By the run's seed alone a fresh layer would get
  /// the very values that weights of the same seed were trained beside, and know what it has to learn.
  func seed(_ seed: UInt64) -> UInt64 { seed ^ digest }

  /// Whether all of these take their values from the file.
  func loads(_ names: Set<String>) -> Bool { names.allSatisfy { values[$0] != nil } }

  /// - Parameters:
  ///   - freshHead: why the layers that give the outputs start fresh, also where their shapes fit; nil where they need
  ///     not.
  /// - Throws: where the file is of another architecture, a name or a pattern matches nothing, or a value is not
  ///   finite.
  init(_ initial: InitialWeights, to model: Model<Float>, _ settings: InitialSettings, freshHead: String?) throws {
    path = initial.path
    digest = initial.digest
    let entries = model.parameterLayout.entries + model.statisticLayout.entries
    let names = entries.map(\.name)
    let given = try Self.mapped(initial, settings.map, names)
    let skipped = try settings.skip.select(from: names, key: "init.skip", noun: "tensor of the model")
    let head = model.headParameters
    var fresh: [String] = [], missing: [String] = [], body = 0, loadedBody = 0
    for entry in entries {
      let shape = entry.shape.extents, isOfHead = head.contains(entry.name)
      guard !skipped.contains(entry.name) else { continue }
      if !isOfHead { body += entry.range.count }
      if isOfHead && freshHead != nil { continue }
      guard let tensor = given[entry.name] else {
        missing.append(entry.name)
        continue
      }
      guard tensor.shape == shape else {
        let isReverse = shape.count > 1 && tensor.shape == shape.reversed()
        fresh.append("\(entry.name) \(tensor.shape) → \(shape)\(isReverse ? Self.transposed : "")")
        continue
      }
      values[entry.name] = try Self.finite(tensor, path)
      if !isOfHead { loadedBody += entry.range.count }
    }
    let freshOutputs = names.filter { head.contains($0) && !skipped.contains($0) }
    try checkMatch(body: body, loaded: loadedBody, given: given, names: names, fresh: fresh)
    describe(
      fresh: fresh, missing: missing, skipped: names.filter(skipped.contains),
      unknown: given.keys.filter { !names.contains($0) && !$0.hasSuffix("." + SafetensorsFormat.counterName) }.sorted(),
      total: entries.count,
      freshHead: freshOutputs.isEmpty ? nil : freshHead.map { "\(freshOutputs.shownList()): \($0)" })
  }

  /// What is said of a tensor whose axes are in the reverse order.
  private static let transposed = " (its axes in reverse, as Keras has them: transpose it)"

  /// Overwrites what the file has values for.
  func apply(to buffer: BufferView<Float>, _ layout: ParameterLayout) {
    for entry in layout.entries {
      if let values = values[entry.name] { _ = buffer.view(entry.range).update(fromContentsOf: values) }
    }
  }

  /// The tensors by the names that they have in the model.
  private static func mapped(
    _ initial: InitialWeights, _ map: NameMap, _ names: [String]
  ) throws -> [String: InitialWeights.Tensor] {
    var result: [String: InitialWeights.Tensor] = [:], used: Set<Int> = []
    for tensor in initial.tensors {
      let (name, rule) = map.name(of: tensor.name)
      if let rule { used.insert(rule) }
      if let other = result.updateValue(tensor, forKey: name) {
        throw Failure.usage(
          "init.map: '\(other.name.shownName)' and '\(tensor.name.shownName)' would both be '\(name.shownName)'; "
            + "give each a name of its own")
      }
    }
    for (index, rule) in map.rules.enumerated() where !used.contains(index) {
      let suggestion = rule.theirs.suggestion(among: initial.tensors.map(\.name))
      throw Failure.usage(
        "init.map: '\(rule.theirs.text.shownName)' is no tensor of \(initial.path) (\(suggestion))")
    }
    return result
  }

  private static func finite(_ tensor: InitialWeights.Tensor, _ path: String) throws -> [Float] {
    guard let elements = tensor.elements else {
      throw Failure.data("\(path): '\(tensor.name.shownName)' holds whole numbers, expected weights in floating point")
    }
    guard elements.allSatisfy(\.isFinite) else {
      throw Failure.data("\(path): '\(tensor.name.shownName)' has elements that are not finite; use other weights")
    }
    return elements
  }

  /// - Parameters:
  ///   - body: elements below the outputs.
  ///   - loaded: those of them that the file has.
  /// - Throws: where these are less than half.
  private func checkMatch(
    body: Int, loaded: Int, given: [String: InitialWeights.Tensor], names: [String], fresh: [String]
  ) throws {
    guard values.isEmpty || 2 * loaded < body else { return }
    let prefixes = given.keys.filter { $0.hasSuffix("." + names[0]) }.sorted()
    let remedy =
      prefixes.first.map {
        "; their names begin with '\($0.dropLast(names[0].count))': --set 'init.map={ "
          + "\"\($0.dropLast(names[0].count))*\": \"*\" }' takes it away"
      } ?? ", or map their names by init.map"
    let own = given.isEmpty ? "no tensors" : listing(given.keys.sorted().map(\.shownName), limit: 6)
    let shapes = fresh.isEmpty ? "" : "; of other shapes: \(listing(fresh.map(\.shownName), limit: 4))"
    throw Failure.data(
      "\(path): these weights are of another architecture: \(values.count) of the model's \(names.count) tensors are "
        + "in there by name and shape, with \(grouped(loaded)) of \(plural(body, "element")) below the outputs, "
        + "expected at least half\(shapes); it has \(own), and the model \(listing(names, limit: 6)); give the model "
        + "that they were trained with\(remedy)\(fresh.isEmpty ? "" : ", or name in init.skip what is to start fresh")")
  }

  private mutating func describe(
    fresh: [String], missing: [String], skipped: [String], unknown: [String], total: Int, freshHead: String?
  ) {
    notes.append("\(values.count) of \(plural(total, "tensor")) from it")
    if !fresh.isEmpty { notes.append("fresh, their shapes differ: \(fresh.shownList())") }
    if let freshHead { notes.append("fresh: \(freshHead)") }
    if !skipped.isEmpty { notes.append("fresh by init.skip: \(skipped.shownList())") }
    if !missing.isEmpty { warnings.append("\(path): starts fresh, as it is not in there: \(missing.shownList())") }
    if !unknown.isEmpty { warnings.append("\(path): not taken, as the model has none: \(unknown.shownList())") }
  }
}

import HDF5Storage
import Metrics

/// The figures of all samples that were tested, taken together: where a fold has few, or only one, its own R², F1 and
/// so on say little or are not defined. Those that rank samples are left out, as scores of different models have no
/// common scale.
struct PooledFigures {
  private var sums: MetricSums?
  private var loss = 0.0
  private var samples = 0

  /// Takes in a fold with what its metrics follow from.
  mutating func add(_ result: FoldResult, _ other: MetricSums) {
    loss += (result["loss"] ?? .nan) * Double(result.testCount)
    samples += result.testCount
    if sums == nil { sums = other } else { sums?.merge(other) }
  }

  /// In the order of a fold's own.
  var figures: [FoldResult.Figure] {
    guard let sums, samples > 0 else { return [] }
    let others = MetricReport(sums).figures.map { FoldResult.Figure($0.name, $0.value) }
    return [.init("loss", loss / Double(samples))] + others
  }
}

// What a fold's metrics follow from, as its file holds it.
extension MetricSums {
  static let path = "/sums"
  private static let kinds: [(name: String, kind: MetricTask.Kind)] = [
    ("labels", .labels), ("distributions", .distributions), ("binary", .binary), ("values", .values),
  ]

  func write(to file: HDF5File) throws {
    try file.write(Self.path, shape: [elements.count], elements: elements)
    let name = Self.kinds.first { $0.kind == task.kind }?.name ?? ""
    try file.setAttribute("kind", to: name, of: Self.path)
    try file.setAttribute("outputs", to: task.outputSize, of: Self.path)
    try file.setAttribute("values_behind", to: task.valuesBehind, of: Self.path)
    try file.setAttribute("has_probabilities", to: task.hasProbabilities ? 1 : 0, of: Self.path)
  }

  /// - Returns: nil where the file has none.
  static func read(from file: HDF5File) throws -> MetricSums? {
    guard try file.kind(of: path) != nil, let name = try file.stringAttribute("kind", of: path),
      let kind = kinds.first(where: { $0.name == name })?.kind,
      let outputs = try file.intAttribute("outputs", of: path), outputs >= 1,
      let behind = try file.intAttribute("values_behind", of: path), behind == 0 || kind == .labels,
      let hasProbabilities = try file.intAttribute("has_probabilities", of: path)
    else { return nil }
    let task = MetricTask(kind, outputSize: outputs, valuesBehind: behind, hasProbabilities: hasProbabilities == 1)
    let elements: [Double] = try file.dataset(path).readAll()
    guard MetricSums(task).elements.count == elements.count else { return nil }
    return MetricSums(task, elements: elements)
  }
}

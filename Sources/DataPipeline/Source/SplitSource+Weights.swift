import Basics
import HDF5Storage

/// Where the weights of samples are looked for.
public enum WeightChoice: Sendable, Equatable {
  /// `weight`, `weights` or `sample_weight` beside the features, where a file has one number a row there.
  case byName
  /// A data set of each file. Where its name speaks of `train`, that of another split stands for it there.
  case dataset(String)
  case none

  /// - Parameter text: a path, `none`, or nil for `byName`.
  public init(_ text: String?) {
    self = text.map { $0 == "none" ? .none : .dataset($0.hasPrefix("/") ? $0 : "/" + $0) } ?? .byName
  }
}

extension SplitSource {
  /// What each sample counts in the loss: the path of the data set; nil where all count the same.
  public var weightsPath: String? { parts[0].weights?.path }

  /// The same samples, which all count the same.
  public var withoutWeights: SplitSource {
    var result = self
    for index in parts.indices { result.parts[index].weights = nil }
    return result
  }

  /// - Throws: if a weight is negative, NaN, infinite or too large for a `Float`, with its file, data set and row.
  func checkWeights(_ rows: Range<Int>, _ bytes: UnsafeRawBufferPointer) throws {
    try checkFinite(.weights, rows, bytes)
    guard let index = parts[0].weights?.type.run(FindNegative(elements: bytes)) else { return }
    throw Failure.data(
      "\(place(.weights, row: rows.lowerBound + index)) is below 0; expected weights of samples, from 0 on; repair "
        + "them, or train without them with --set data.weights=none")
  }

  /// Weights for all files of a split or for none.
  static func checkWeights(of parts: [Part]) throws {
    guard let with = parts.first(where: { $0.weights != nil }), let array = with.weights,
      let without = parts.first(where: { $0.weights?.type != array.type })
    else { return }
    let found = without.weights.map { "\($0.path.shownName) of \($0.type.name)" } ?? "no weights of samples"
    throw Failure.data(
      "\(without.file): has \(found), but \(with.file) has \(array.path.shownName) of \(array.type.name); files of "
        + "one data set must agree, or give --set data.weights=none")
  }
}

extension DataSource {
  /// The same samples, which all count the same.
  package var withoutWeights: DataSource {
    var result = self
    for (name, split) in splits { result.splits[name] = split.withoutWeights }
    return result
  }
}

extension SplitSource.Part {
  /// The weights of the rows; nil where the file has none.
  ///
  /// - Throws: where there are more or fewer of them than rows, or none where they were told.
  static func weights(
    _ choice: WeightChoice, of paths: SplitPaths, rows: Int, in file: HDF5File
  ) throws -> Array? {
    switch choice {
    case .none: return nil
    case .byName:
      for path in besides(paths) where try file.kind(of: path) == .dataset {
        guard let dataset = try? file.samples(path) else { continue }
        // A matrix of that name is something else.
        let isColumn = dataset.shape.count == 1 || (dataset.shape.count == 2 && dataset.shape[1] == 1)
        if isColumn { return try weights(dataset, rows: rows, paths, in: file) }
      }
      return nil
    case .dataset(let told):
      guard let path = try DataLayout.path(told, of: paths.split, in: file) else { return nil }
      return try weights(file.samples(path), rows: rows, paths, in: file)
    }
  }

  private static func weights(
    _ dataset: HDF5Dataset, rows: Int, _ paths: SplitPaths, in file: HDF5File
  ) throws -> Array {
    guard dataset.shape.first == rows, dataset.shape.reduce(1, *) == rows else {
      throw Failure.data(
        "\(file.path): \(dataset.path.shownName) has the shape \(dataset.shape), expected a weight for each of the "
          + "\(grouped(rows)) rows of \(paths.features.shownName); name another data set or none with --set "
          + "data.weights=/PATH or data.weights=none")
    }
    return try Array(dataset)
  }

  /// The data sets beside the features that may be weights: beside `x_test`, `weight_test` comes first.
  private static func besides(_ paths: SplitPaths) -> [String] {
    let words = paths.features.split(separator: "/").map(String.init)
    let folder = words.dropLast().map { "/" + $0 }.joined()
    let suffix = words.last.flatMap { name in name.firstIndex(of: "_").map { String(name[$0...]) } } ?? ""
    let names = ["weight", "weights", "sample_weight"]
    let own = suffix.isEmpty ? [] : names.map { "\(folder)/\($0)\(suffix)" }
    // One list for several splits can be that of one of them alone.
    return own + (suffix.isEmpty || paths.split == .train ? names.map { "\(folder)/\($0)" } : [])
  }
}

/// The index of the first number below zero; nil where there is none.
private struct FindNegative: ElementKernel {
  let elements: UnsafeRawBufferPointer

  func run<T: ConvertibleElement>(_: T.Type) -> Int? {
    elements.assumingMemoryBound(to: T.self).firstIndex { $0.double < 0 }
  }
}

import Basics
import HDF5Storage

// Labels in a file of their own.
extension SplitPaths {
  /// Finds the labels of these features in another file.
  ///
  /// The file's rows are those of the features by position or, where both files have ids, by id.
  ///
  /// - Parameters:
  ///   - told: the path inside the file, where it is told.
  ///   - features: the file of the features.
  /// - Throws: where the file has no labels or several, the features have labels beside them, or ids do not fit
  ///   together.
  mutating func takeLabels(from path: String, told: String?, features file: HDF5File) throws {
    if let labels {
      throw Failure.data(
        "\(file.path): \(features.shownName) has labels beside it, \(labels.shownName), and \(path.shownName) to be "
          + "its labels; leave one of them out")
    }
    let other = try HDF5File.open(path)
    labels = try DataLayout.labels(in: other, told: told, split: split)
    labelsFile = path
    labelRows = try Self.rowsByID(
      try SplitSource.ids(beside: features, in: file)?.ids,
      try labels.flatMap { try SplitSource.ids(beside: $0, in: other)?.ids }, file.path, path)
  }

  /// The row of the labels for each id of the features; nil where ids are missing or in the same order.
  private static func rowsByID(
    _ ids: [String]?, _ labelIDs: [String]?, _ path: String, _ labelsPath: String
  ) throws -> [Int]? {
    guard let ids, let labelIDs, ids != labelIDs else { return nil }
    var rows: [String: Int] = [:]
    for (row, id) in labelIDs.enumerated() {
      guard rows.updateValue(row, forKey: id) == nil else {
        throw Failure.data(
          "\(labelsPath): the id '\(id.shownName)' stands there twice, so that labels cannot be told apart by id")
      }
    }
    let missing = ids.filter { rows[$0] == nil }
    guard missing.isEmpty else {
      throw Failure.data(
        "\(path): \(grouped(missing.count)) of \(plural(ids.count, "id")) have no label in \(labelsPath.shownName): "
          + "\(missing.shownList()); expected a label for each id")
    }
    return ids.compactMap { rows[$0] }
  }
}

extension DataLayout {
  /// The labels of a file that is told to hold them.
  fileprivate static func labels(in file: HDF5File, told: String?, split: SplitName) throws -> String {
    if let told {
      let path = told.hasPrefix("/") ? told : "/" + told
      if try file.hasRows(at: path) { return path }
    }
    let names = try file.entries().filter { !$0.isIndexOfPyTables }.map(\.path)
      .filter { !DataNames.isList($0) && !SplitSource.isID($0) }
    // Names that speak of a split speak of this one.
    let own = names.filter { NameWords($0).split.map { $0 == split } ?? true }
    let labels = own.filter { NameWords($0).words.last.flatMap(NameWords.role) == .labels }
    if labels.count == 1 { return labels[0] }
    if labels.isEmpty, own.count == 1 { return own[0] }
    let found = labels.isEmpty ? own : labels
    throw Failure.data(
      "\(file.path): "
        + (found.isEmpty ? "holds no labels" : "several data sets could be the labels: \(found.shownList())")
        + "; say which with --set data.labels=/PATH")
  }
}

import Basics
import HDF5Storage

extension SplitSource {
  /// What the files call their rows: the data set `id`, `ids` or `sample_id` beside the features, of whole numbers or
  /// texts, with one for each row; nil where not all files have one.
  ///
  /// - Throws: where there are more or fewer of them than rows.
  public func sampleIDs() throws -> (name: String, ids: [String])? {
    var found: (name: String, ids: [String])?
    for part in parts {
      let file = try HDF5File.open(part.file)
      guard let (name, ids) = try Self.ids(beside: part.features.path, in: file) else { return nil }
      guard ids.count == part.rows.count else {
        throw Failure.data(
          "\(part.file): \(name) beside \(part.features.path) has \(ids.count) ids for \(part.rows.count) rows; give "
            + "one for each, or call it by another name than id, ids and sample_id")
      }
      found = (found?.name ?? name, (found?.ids ?? []) + ids)
    }
    return found
  }

  /// Whether a data set is one of ids by its name.
  static func isID(_ path: String) -> Bool {
    path.split(separator: "/").last.map { ["id", "ids", "sample_id"].contains($0) } ?? false
  }

  static func ids(beside features: String, in file: HDF5File) throws -> (name: String, ids: [String])? {
    if let own = try file.rowNames(at: features) { return (own.name, own.names) }
    let parts = features.split(separator: "/").map(String.init)
    let folder = parts.dropLast().map { "/" + $0 }.joined()
    // Beside `x_test` it is `id_test`.
    let split = parts.last.flatMap { name in name.firstIndex(of: "_").map { String(name[$0...]) } } ?? ""
    for name in ["id", "ids", "sample_id"] {
      for path in Set(["\(folder)/\(name)\(split)", "\(folder)/\(name)"]).sorted(by: { $0.count > $1.count })
      where try file.exists(path) {
        if let texts = try file.texts(ofDataset: path) { return (name, texts) }
        guard let dataset = try? file.dataset(path), dataset.shape.count == 1, try dataset.elementType.isInteger else {
          continue
        }
        return (name, try dataset.readAll(as: Int64.self).map { "\($0)" })
      }
    }
    return nil
  }
}

internal import Basics

// What other programs call the rows that they write, and how they write them.
extension HDF5File {
  /// The names of rows that stand with them: of the groups of samples, of the index of a frame of pandas or anndata.
  ///
  /// - Returns: nil where there are none, or they only count the rows.
  public func rowNames(at path: String) throws(HDF5Error) -> (name: String, names: [String])? {
    let place = RowPlace(path, in: self)
    if place.isPattern {
      let pattern = try GroupPattern(path)
      return ("sample", try pattern.names(in: self))
    }
    if path == "/X" || path.hasPrefix("/layers/") || place.base == "/obs", try kind(of: "/obs") == .group,
      let index = try textsAttribute("_index", of: "/obs")?.first, let names = try texts(ofDataset: "/obs/" + index)
    {
      return ("obs", names)
    }
    guard try kind(of: place.base) == .group else { return nil }
    switch try textsAttribute("pandas_type", of: place.base)?.first {
    case "frame_table":
      let dataset = try HDF5Dataset.open(place.base + "/table", in: self)
      guard let field = try dataset.fields().first(where: { $0.name == "index" && $0.elementCount == 1 }) else {
        return nil
      }
      if field.typeClass == .texts {
        return (
          "index",
          try dataset.texts(rows: 0..<dataset.rowCount, field: field).map { String(decoding: $0, as: UTF8.self) }
        )
      }
      guard field.elementType?.isInteger == true else { return nil }
      let column = Table.Column(name: "index", dataset: dataset.path, field: field, content: .numbers(.int64))
      let rows = try TableColumns(.init(columns: [column], isList: false), of: path, in: self)
      return Self.unlessCounted(try rows.readAll())
    case "frame":
      if let names = try texts(ofDataset: place.base + "/axis1") { return ("index", names) }
      guard try textsAttribute("kind", of: place.base + "/axis1")?.first == "integer" else { return nil }
      return Self.unlessCounted(try samples(place.base + "/axis1").readAll())
    default: return nil
    }
  }

  private static func unlessCounted(_ numbers: [Int]) -> (name: String, names: [String])? {
    numbers == Array(numbers.indices) ? nil : ("index", numbers.map { "\($0)" })
  }

  /// What stands under a path that is no plain data set of numbers, and how to name it; nil for what is one.
  public func formText(at path: String) throws(HDF5Error) -> String? {
    if path.hasSuffix("/indptr") {
      let group = String(path.dropLast("/indptr".count))
      return "\(group.shownName) is a sparse matrix, which data.features=\(group.shownName) takes"
    }
    var place = path
    for suffix in ["/table", "/axis0"] where path.hasSuffix(suffix) {
      let group = String(path.dropLast(suffix.count))
      guard !group.isEmpty, try hasAttribute("pandas_type", of: group) else { continue }
      place = group
    }
    guard try kind(of: place) == .dataset || place != path, let table = try Table.ifThere(at: place, in: self) else {
      return nil
    }
    return "\(place.shownName) is a table of the columns \(table.columns.map(\.name).shownList()), of which "
      + "data.features=\(place.shownName):{a,b} and data.labels=\(place.shownName):y take some"
  }
}

extension HDF5Entry {
  /// Whether it belongs to the indices that PyTables keeps beside its tables, or to what pandas notes of categories.
  public var isIndexOfPyTables: Bool {
    path.split(separator: "/").contains { $0.hasPrefix("_i_") } || path.hasSuffix("/meta/table")
  }
}

internal import Basics

/// A table of a file: columns of numbers and texts that have a row for each sample.
///
/// - Records (compound types), as h5py and PyTables write them; a column may have several numbers a row.
/// - A group that pandas wrote, in the format `table` or `fixed`.
/// - A data frame of anndata, such as `/obs`: a group with a data set for each column. Other groups of lists of one
///   length are such tables, too.
struct Table {
  struct Column: Equatable {
    enum Content: Equatable {
      case numbers(ElementType)
      case bits(ElementType)
      case texts
      /// What it is instead, and the way out.
      case unusable(String)
    }

    let name: String
    /// The data set in which it stands.
    let dataset: String
    /// Of records; nil where the data set holds plain elements.
    var field: RecordField?
    /// Where it stands among the elements of a row of the field or data set, and their extents.
    var offset = 0
    var shape: [Int] = []
    let content: Content
    /// The names of what its numbers stand for.
    var classes: [String]?

    var isNumeric: Bool {
      switch content {
      case .numbers, .bits: true
      case .texts, .unusable: false
      }
    }
  }

  let file: HDF5File
  let path: String
  let columns: [Column]

  /// - Throws: where there is nothing, or no table.
  init(at path: String, in file: HDF5File) throws(HDF5Error) {
    guard let table = try Self.ifThere(at: path, in: file) else {
      let reason = try file.kind(of: path) == nil ? "there is no such table" : "it is no table of columns with names"
      throw HDF5Error(operation: "open", subject: file.subject(path), reason: reason)
    }
    self = table
  }

  private init(_ file: HDF5File, _ path: String, _ columns: [Column]) {
    (self.file, self.path, self.columns) = (file, path, columns)
  }

  /// The table at a path; nil where there is something else.
  static func ifThere(at path: String, in file: HDF5File) throws(HDF5Error) -> Table? {
    switch try file.kind(of: path) {
    case .dataset?:
      let dataset = try HDF5Dataset.open(path, in: file)
      guard try dataset.typeClass == .records else { return nil }
      return Table(
        file, path,
        try columns(
          ofRecords: dataset, blocks: try file.hasAttribute("values_cols", of: parent(path)) ? parent(path) : nil))
    case .group?:
      let kind = try file.textsAttribute("pandas_type", of: path)?.first ?? ""
      if kind.hasSuffix("_table"), try file.kind(of: path + "/table") == .dataset {
        let records = try HDF5Dataset.open(path + "/table", in: file)
        return Table(file, path, try columns(ofRecords: records, blocks: path))
      }
      if kind == "frame" { return Table(file, path, try columns(ofBlocks: path, in: file)) }
      let columns = try columns(ofGroup: path, in: file)
      return columns.isEmpty ? nil : Table(file, path, columns)
    default: return nil
    }
  }

  private static func parent(_ path: String) -> String {
    let parts = path.split(separator: "/").dropLast()
    return parts.isEmpty ? "/" : parts.map { "/" + $0 }.joined()
  }

  // MARK: Choosing columns

  func column(_ name: String) throws(HDF5Error) -> Column {
    guard let column = columns.first(where: { $0.name == name }) else {
      throw failure("it has no column '\(name.shownName)'; its columns are \(columns.map(\.name).shownList())")
    }
    return column
  }

  /// The columns of these names, all of numbers.
  func choice(_ wanted: RowPlace.Columns) throws(HDF5Error) -> TableColumns.Choice {
    switch wanted {
    case .one(let name): return TableColumns.Choice(columns: [try numeric(name)], isList: false)
    case .several(let names):
      guard !names.isEmpty else {
        throw failure("no column is named; its columns are \(columns.map(\.name).shownList())")
      }
      var chosen: [Column] = []
      for name in names {
        guard !chosen.contains(where: { $0.name == name }) else {
          throw failure("the column '\(name.shownName)' is named twice")
        }
        chosen.append(try numeric(name))
      }
      return TableColumns.Choice(columns: chosen, isList: true)
    }
  }

  private func numeric(_ name: String) throws(HDF5Error) -> Column {
    let column = try column(name)
    switch column.content {
    case .numbers, .bits: return column
    case .texts:
      throw failure(
        "its column '\(name.shownName)' holds texts, expected numbers; texts are names of classes, in labels alone")
    case .unusable(let reason): throw failure("its column '\(name.shownName)' \(reason)")
    }
  }

  /// All columns but some, where all of those are numbers.
  func numbers(except: [String]) throws(HDF5Error) -> TableColumns.Choice {
    let chosen = columns.filter { !except.contains($0.name) }
    guard !chosen.isEmpty else { throw failure("it has no other columns than the labels") }
    if let other = chosen.first(where: { !$0.isNumeric }) {
      let numbers = chosen.filter(\.isNumeric).map(\.name)
      let isText = other.content == .texts
      throw needsColumns(
        "its column '\(other.name.shownName)' \(isText ? "holds texts" : "is not of numbers")",
        example: "\(path):{\(numbers.isEmpty ? "NAME" : numbers.prefix(8).joined(separator: ","))}")
    }
    return TableColumns.Choice(columns: chosen, isList: true)
  }

  func needsColumns(_ reason: String? = nil, example: String) -> HDF5Error {
    failure(
      (reason ?? "it is a table of the columns \(columns.map(\.name).shownList())")
        + "; name those to take, as in '\(example.shownName)'")
  }

  private func failure(_ reason: String) -> HDF5Error {
    HDF5Error(operation: "read", subject: file.subject(path), reason: reason)
  }
}

/// How a file keeps the rows of samples under a path.
public enum SampleForm: Sendable {
  /// A data set of numbers.
  case array(AxisOrder)
  /// Columns of a table; nil for a table that is a column by itself.
  case table(TableColumns.Choice)
  /// Texts that name classes, with the names of all that there are, sorted.
  case texts(classes: [String])
  /// A sparse matrix in compressed rows.
  case sparse
  /// A data set in each of many groups, which stand in this order.
  case groups(names: [String], shape: [Int], type: ElementType)
  /// The rows of another form, in another order.
  indirect case reordered(SampleForm, rows: [Int])

  /// The row of the file that is a row here.
  public func row(_ row: Int) -> Int { if case .reordered(_, let rows) = self { rows[row] } else { row } }

  /// Whether the rows are texts that name classes.
  public var isOfTexts: Bool {
    switch self {
    case .texts: true
    case .reordered(let form, _): form.isOfTexts
    default: false
    }
  }
}

extension HDF5File {
  /// Opens rows whose form is known.
  public func rows(_ path: String, _ form: SampleForm) throws(HDF5Error) -> any SampleRows {
    switch form {
    case .array(let order): try samples(path, order: order)
    case .table(let choice): try TableColumns(choice, of: path, in: self)
    case .texts(let classes): try ClassTexts(texts(of: path), classes: classes)
    case .sparse: try SparseRows(path, in: self)
    case .groups(let names, let shape, let type):
      try GroupedSamples(GroupPattern(path), names: names, sampleShape: shape, type: type, in: self)
    case .reordered(let form, let order): ReorderedRows(try rows(path, form), order: order)
    }
  }

  /// Finds out how the file keeps rows, and opens them.
  ///
  /// - Parameters:
  ///   - path: of a data set or group; of a table, with the names of columns behind a colon, as `/table:y` or
  ///     `/table:{a,b}`; with a `*` for the names of groups, as `/*/image`.
  ///   - asLabels: whether texts stand for classes.
  ///   - order: in which order a data set has its axes.
  ///   - except: of a table without names of columns, those that are not taken.
  /// - Throws: where there is nothing of that name, or it is nothing to train on.
  func rows(
    at path: String, asLabels: Bool, order: AxisOrder = .asStored, except: [String] = []
  ) throws(HDF5Error) -> any SampleRows {
    let place = RowPlace(path, in: self)
    if place.isPattern { return try GroupedSamples.open(GroupPattern(path), in: self, asLabels: asLabels) }
    if let columns = place.columns {
      let table = try Table(at: place.base, in: self)
      if asLabels, case .one(let name) = columns, try table.column(name).content == .texts {
        return try ClassTexts(texts(of: path), classes: nil)
      }
      return try TableColumns(table.choice(columns), of: path, in: self)
    }
    switch try kind(of: path) {
    case .group?:
      if try SparseRows.isSparse(path, in: self) { return try SparseRows(path, in: self) }
      if asLabels, try kind(of: path + "/codes") == .dataset { return try samples(path + "/codes") }
    case .dataset? where asLabels:
      if try holdsTexts(path) { return try ClassTexts(texts(of: path), classes: nil) }
    default: break
    }
    guard let table = try Table.ifThere(at: path, in: self) else { return try samples(path, order: order) }
    guard !asLabels else { throw table.needsColumns(example: "/\(path.drop { $0 == "/" }):NAME") }
    return try TableColumns(table.numbers(except: except), of: path, in: self)
  }

  /// Whether a data set holds texts, as HDF5 or MATLAB keeps them.
  private func holdsTexts(_ path: String) throws(HDF5Error) -> Bool {
    let dataset = try HDF5Dataset.open(path, in: self)
    if try dataset.typeClass == .texts { return true }
    return ["char", "cell"].contains(try matlabClass(of: path) ?? "")
  }

  /// Whether there is something under the path of rows.
  ///
  /// - Parameter columns: whether the columns have to be there as well.
  public func hasRows(at path: String, columns: Bool = true) throws(HDF5Error) -> Bool {
    let place = RowPlace(path, in: self)
    if place.isPattern { return try GroupPattern(path).parentExists(in: self) }
    guard columns, place.columns != nil else { return try kind(of: place.base) != nil }
    let known = try Table.ifThere(at: place.base, in: self)?.columns.map(\.name) ?? []
    return place.names.allSatisfy(known.contains)
  }

  func matlabClass(of path: String) throws(HDF5Error) -> String? {
    try textsAttribute("MATLAB_class", of: path)?.first
  }
}

/// The parts of a path of rows.
public struct RowPlace: Equatable {
  /// The names behind the colon.
  public enum Columns: Sendable, Equatable {
    case one(String)
    case several([String])
  }

  /// The path inside the file, without names of columns.
  public let base: String
  public let columns: Columns?

  /// - Parameter file: where a path with a colon may be there as it stands.
  public init(_ path: String, in file: HDF5File?) {
    guard let colon = path.firstIndex(of: ":"), colon != path.startIndex,
      (try? file?.kind(of: path)) ?? nil == nil
    else {
      (base, columns) = (path, nil)
      return
    }
    base = String(path[..<colon])
    let names = path[path.index(after: colon)...]
    guard names.first == "{", names.last == "}" else {
      columns = .one(String(names))
      return
    }
    columns = .several(names.dropFirst().dropLast().split(separator: ",").map { Self.trimmed($0) })
  }

  public var isPattern: Bool { base.split(separator: "/").contains("*") }

  /// The names of the columns; empty where none are told.
  public var names: [String] {
    switch columns {
    case nil: []
    case .one(let name): [name]
    case .several(let names): names
    }
  }

  private static func trimmed(_ name: Substring) -> String {
    String(name.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}

internal import Basics

// Where the columns of tables stand.
extension Table {
  // MARK: Records

  /// - Parameter blocks: the group of pandas whose records they are, of columns that stand together in blocks.
  static func columns(ofRecords dataset: HDF5Dataset, blocks group: String?) throws(HDF5Error) -> [Column] {
    var columns: [Column] = []
    for field in try dataset.fields() {
      guard let group else {
        columns.append(
          Column(
            name: field.name, dataset: dataset.path, field: field, shape: field.shape,
            content: content(field.typeClass, field.elementType), classes: field.members.flatMap(names)))
        continue
      }
      // The index of the frame has no names of columns.
      guard let names = try pickledNames("\(field.name)_kind", dataset) else { continue }
      let kind = try dataset.file.textsAttribute("\(field.name)_dtype", of: dataset.path)?.first ?? ""
      let categories =
        try dataset.file.textsAttribute("\(field.name)_meta", of: dataset.path)?.first == "category"
        ? try self.categories(field.name, of: group, in: dataset.file) : nil
      let content: Column.Content =
        kind.hasPrefix("datetime") || kind.hasPrefix("timedelta")
        ? .unusable("holds dates or times, expected numbers; write its parts as columns of their own")
        : content(field.typeClass, field.elementType)
      guard names.count == field.elementCount else {
        throw HDF5Error(
          operation: "read", subject: dataset.subject,
          reason: "its field '\(field.name.shownName)' has \(field.elementCount) columns and \(names.count) names")
      }
      for (offset, name) in names.enumerated() {
        columns.append(
          Column(
            name: name, dataset: dataset.path, field: field, offset: offset, content: content,
            classes: categories))
      }
    }
    return columns
  }

  private static func content(_ typeClass: TypeClass, _ type: ElementType?) -> Column.Content {
    switch (typeClass, type) {
    case (.texts, _): .texts
    case (.bits, let type?): .bits(type)
    case (_, let type?): .numbers(type)
    default: .unusable("is of neither numbers nor texts")
    }
  }

  /// The members of an enumeration that are numbered from 0 on.
  private static func names(_ members: [Int: String]) -> [String]? {
    let names = (0..<members.count).compactMap { members[$0] }
    return names.count == members.count ? names : nil
  }

  /// The texts that a categorical column of pandas numbers.
  private static func categories(
    _ block: String, of group: String, in file: HDF5File
  ) throws(HDF5Error) -> [String]? {
    let path = "\(group)/meta/\(block)/meta/table"
    guard try file.kind(of: path) == .dataset else { return nil }
    let dataset = try HDF5Dataset.open(path, in: file)
    let field = try dataset.fields().first { $0.name == "values" && $0.typeClass == .texts }
    guard let field, dataset.rowCount <= 100_000 else { return nil }
    return try dataset.texts(rows: 0..<dataset.rowCount, field: field).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The names that an attribute lists as Python pickles a list of texts; nil where there is none.
  private static func pickledNames(_ attribute: String, _ dataset: HDF5Dataset) throws(HDF5Error) -> [String]? {
    guard try dataset.file.hasAttribute(attribute, of: dataset.path) else { return nil }
    // Letters up to ÿ stand there as Latin-1, all others escaped.
    return try dataset.file.stringAttribute(attribute, of: dataset.path).flatMap(PickledNames.init)?.names
  }

  // MARK: Blocks

  /// The columns of a frame that pandas wrote in the format `fixed`: blocks of columns of one type.
  static func columns(ofBlocks path: String, in file: HDF5File) throws(HDF5Error) -> [Column] {
    var columns: [Column] = []
    let count = try file.intAttribute("nblocks", of: path) ?? 0
    for block in 0..<min(max(0, count), 1_000) {
      let values = "\(path)/block\(block)_values", items = "\(path)/block\(block)_items"
      guard try file.kind(of: values) == .dataset, try file.kind(of: items) == .dataset else { continue }
      var names = try file.texts(ofDataset: items)
      if names == nil { names = try file.samples(items).readAll(as: Int.self).map { "\($0)" } }
      let dataset = try HDF5Dataset.open(values, in: file)
      let kind = try file.textsAttribute("value_type", of: values)?.first ?? ""
      let type = try? dataset.storedType
      let isNumbers = type != nil && dataset.shape.count == 2 && dataset.shape[1] == names?.count
      for (offset, name) in (names ?? []).enumerated() {
        let content: Column.Content =
          kind.hasPrefix("datetime") || kind.hasPrefix("timedelta")
          ? .unusable("holds dates or times, expected numbers; write its parts as columns of their own")
          : isNumbers
            ? .numbers(type ?? .float64)
            : .unusable("holds Python's own objects; write the frame with to_hdf(…, format=\"table\")")
        columns.append(
          Column(name: name, dataset: values, offset: offset, shape: [], content: content))
      }
    }
    return columns
  }

  // MARK: A data set for each column

  /// The columns of a group of lists of one length, in the order that anndata says, or by name; empty for other groups.
  static func columns(ofGroup path: String, in file: HDF5File) throws(HDF5Error) -> [Column] {
    let isFrame = try file.textsAttribute("encoding-type", of: path)?.first == "dataframe"
    let index = isFrame ? try file.textsAttribute("_index", of: path)?.first : nil
    var names = try file.names(in: path)
    if isFrame, let order = try file.textsAttribute("column-order", of: path), Set(order).isSubset(of: Set(names)) {
      names = order
    }
    var columns: [Column] = []
    var count: Int?
    for name in names where name != index {
      let place = path == "/" ? "/" + name : "\(path)/\(name)"
      var dataset = place
      var classes: [String]?
      let kind = try file.kind(of: place)
      if kind == .group, try file.kind(of: place + "/codes") == .dataset {
        dataset = place + "/codes"
        classes = try file.texts(ofDataset: place + "/categories")
      } else if kind != .dataset {
        guard isFrame else { return [] }
        columns.append(Column(name: name, dataset: place, content: .unusable("is of a kind that is not read")))
        continue
      }
      let data = try HDF5Dataset.open(dataset, in: file)
      guard data.shape.count == 1, (count ?? data.rowCount) == data.rowCount else {
        guard isFrame else { return [] }
        columns.append(Column(name: name, dataset: dataset, content: .unusable("is no list of \(count ?? 0) values")))
        continue
      }
      count = data.rowCount
      let type = try? data.storedType
      if classes == nil { classes = try file.enumerationNames(ofDataset: dataset).flatMap(Self.names) }
      columns.append(
        Column(name: name, dataset: dataset, content: content(try data.typeClass, type).asPlain, classes: classes))
    }
    return columns
  }
}

extension Table.Column.Content {
  /// As a data set of its own has it, which reads its bits as numbers.
  fileprivate var asPlain: Self { if case .bits(let type) = self { .numbers(type) } else { self } }
}

/// A list of texts as Python's pickle writes it in its text form (protocol 0), which is all that pandas needs for the
/// names of columns; nothing is run.
struct PickledNames {
  let names: [String]

  /// - Returns: nil for anything but a list of texts and whole numbers.
  init?(_ text: String) {
    // (lp1, then for each text V…, perhaps its number in the memo p2, and a to append it; then a full stop.
    var names: [String] = []
    for line in text.split(separator: "\n") {
      var rest = line
      if rest.hasPrefix("(lp") || rest.hasPrefix("p") { continue }
      while rest.hasPrefix("a") { rest = rest.dropFirst() }
      switch rest.first {
      case nil, ".": continue
      case "V": names.append(Self.unescaped(rest.dropFirst()))
      case "S": names.append(String(rest.dropFirst(2).dropLast()))
      case "I": names.append(String(rest.dropFirst()))
      default: return nil
      }
    }
    guard text.hasPrefix("(l") else { return nil }
    self.names = names
  }

  /// Escapes of Python's raw-unicode-escape: `\u00e4` and `\U0001f600`.
  private static func unescaped(_ text: Substring) -> String {
    var result = ""
    var rest = text
    while let character = rest.first {
      rest = rest.dropFirst()
      let length = character == "\\" ? (rest.first == "u" ? 4 : rest.first == "U" ? 8 : 0) : 0
      if length > 0, let code = UInt32(rest.dropFirst().prefix(length), radix: 16), let scalar = Unicode.Scalar(code) {
        result.unicodeScalars.append(scalar)
        rest = rest.dropFirst(length + 1)
      } else {
        result.append(character)
      }
    }
    return result
  }
}

internal import Basics

/// Texts that are the names of classes, as numbers of the classes: sorted by name, 0 is the first.
final class ClassTexts: SampleRows {
  private let texts: TextRows
  private let classes: [String]
  private let indices: [String: Int32]

  /// The most names of classes; more different texts than that are no names.
  static let most = 100_000

  /// - Parameter classes: all that there are; nil to find them.
  /// - Throws: where a text is empty or no UTF-8, or there are too many different ones.
  init(_ texts: TextRows, classes: [String]?) throws(HDF5Error) {
    self.texts = texts
    var names = classes ?? []
    if classes == nil {
      var found: Set<String> = []
      for start in stride(from: 0, to: texts.count, by: Self.blockRowCount) {
        found.formUnion(try texts.read(start..<min(start + Self.blockRowCount, texts.count)))
        guard found.count <= Self.most else {
          throw HDF5Error(
            operation: "read", subject: texts.file.subject(texts.path),
            reason: "it has more than \(grouped(Self.most)) different texts, expected the names of classes")
        }
      }
      names = found.sorted()
    }
    self.classes = names
    indices = Dictionary(zip(names, 0...), uniquingKeysWith: { first, _ in first })
  }

  private static var blockRowCount: Int { 1 << 14 }

  var file: HDF5File { texts.file }
  var path: String { texts.path }
  var shape: [Int] { [texts.count] }
  var form: SampleForm { .texts(classes: classes) }
  var elementType: ElementType { .int32 }
  var chunkShape: [Int]? { nil }
  var filters: [String] { [] }
  var storageText: String? { "texts" }
  var marksMissing: Bool { false }
  var classNames: [String]? { classes }
  func value(_ number: Double) -> Double { number }
  func unwrittenPart() throws(HDF5Error) -> String? { nil }
  func requireWritten() {}

  func read(
    rows: Range<Int>, as type: ElementType, into destination: UnsafeMutableRawBufferPointer
  ) throws(HDF5Error) {
    var offset = 0
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.blockRowCount) {
      let block = start..<min(start + Self.blockRowCount, rows.upperBound)
      for (row, text) in zip(block, try texts.read(block)) {
        guard let index = indices[text] else {
          throw HDF5Error(
            operation: "read", subject: file.subject(path),
            reason: "row \(row) is '\(text.shownName)', which it was not before; the file has changed")
        }
        Elements.store(Double(index), as: type, in: destination, at: offset)
        offset += type.byteCount
      }
    }
  }
}

/// One text for each sample.
struct TextRows {
  let file: HDF5File
  let path: String
  let count: Int
  /// What pandas writes for a text that is missing.
  var missing: String?
  /// The bytes of the texts of rows, in UTF-8 if all is well.
  let bytes: (Range<Int>) throws(HDF5Error) -> [[UInt8]]

  /// - Throws: for an empty text, and one that is no UTF-8.
  func read(_ rows: Range<Int>) throws(HDF5Error) -> [String] {
    var texts: [String] = []
    for (row, bytes) in zip(rows, try bytes(rows)) {
      func failure(_ reason: String) -> HDF5Error {
        HDF5Error(operation: "read", subject: file.subject(path), reason: "row \(row) \(reason)")
      }
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw failure("is no UTF-8 text; write it as such: .decode(\"latin-1\") in Python, if that is what it is")
      }
      guard !text.isEmpty, text != missing else {
        throw failure("names no class: its text is \(text.isEmpty ? "empty" : "'\(text)', as missing ones are")")
      }
      texts.append(text)
    }
    return texts
  }
}

extension HDF5File {
  /// The texts under a path of rows: of a data set, of a column of a table, or of MATLAB.
  func texts(of path: String) throws(HDF5Error) -> TextRows {
    let place = RowPlace(path, in: self)
    if place.isPattern { return try GroupPattern(path).texts(in: self) }
    guard case .one(let name)? = place.columns else { return try plainTexts(of: path) }
    let column = try Table(at: place.base, in: self).column(name)
    guard let field = column.field else { return try plainTexts(of: column.dataset, called: path) }
    let dataset = try HDF5Dataset.open(column.dataset, in: self)
    guard field.elementCount == 1 || dataset.shape.count == 1 else {
      throw HDF5Error(operation: "read", subject: subject(path), reason: "it has several texts a row, expected one")
    }
    let width = field.elementCount, offset = column.offset
    return TextRows(
      file: self, path: path, count: dataset.rowCount,
      missing: try hasAttribute("\(field.name)_kind", of: column.dataset) ? "nan" : nil
    ) { (rows) throws(HDF5Error) in
      let all = try dataset.texts(rows: rows, field: field)
      return stride(from: offset, to: all.count, by: width).map { all[$0] }
    }
  }

  private func plainTexts(of path: String, called name: String? = nil) throws(HDF5Error) -> TextRows {
    let dataset = try HDF5Dataset.open(path, in: self)
    let kind = try matlabClass(of: path)
    if kind == "char" || kind == "cell" { return try matlabTexts(dataset, isCell: kind == "cell") }
    guard dataset.elementCount == dataset.rowCount else {
      throw HDF5Error(
        operation: "read", subject: subject(path),
        reason: "its texts have the shape \(dataset.shape), expected one a row")
    }
    try dataset.requireWritten()
    return TextRows(file: self, path: name ?? path, count: dataset.rowCount) { (rows) throws(HDF5Error) in
      try dataset.texts(rows: rows)
    }
  }
}

import Basics
import DataPipeline
import Settings

/// Rows of features from comma-separated values, block by block, made by the rules of the table that a model was
/// trained
/// on: the same as a conversion of these rows gives.
final class FollowedRows {
  /// What a user should know of how the columns were taken, one line each.
  let remarks: [String]
  /// What the column of ids is called; nil where there is none.
  let idName: String?

  private let reader: CSVReader
  private let name: String
  private let heading: TableHeading
  private let encoder: RowEncoder
  private let cutter: WindowCutter?
  private let idField: Int?
  private let timeField: Int?
  private var order: TimeOrder?
  /// Whether the current record has not been given yet.
  private var hasRecord: Bool

  /// - Returns: nil where the preparation is none of a table.
  /// - Throws: where there is no record, or a column of the model is missing.
  init?(path: String, called name: String, _ preparation: String, _ known: DataNames, of model: String) throws {
    guard let json = try? JSON5Parser.parse(preparation, file: model), json["format"] == .string(CSVFormat.name) else {
      return nil
    }
    var format = CSVFormat()
    try format.follow(json, known, of: model)
    guard let followed = FollowedTable(json, known, of: model) else { return nil }
    self.name = name
    reader = try CSVReader(path: path, called: name, options: format.reading)
    guard try reader.next() else {
      throw Failure.data("\(name): no record, expected rows of \(plural(followed.rules.features.count, "column"))")
    }
    heading = TableHeading(reader, rule: format.table.header, known: followed.knownNames)
    var remarks: [String] = []
    let layout = try followed.layout(of: heading, notes: &remarks)
    self.remarks = remarks
    encoder = RowEncoder(heading, followed.rules, fields: layout.features, format.columns.numbers, isFollowing: true)
    cutter = followed.rules.window.map { WindowCutter($0, width: followed.rules.width, targetSize: 0, targetCount: 0) }
    let field = layout.id ?? layout.time
    (idField, timeField) = (field, layout.time)
    // As the data set that a conversion writes.
    idName = field == nil ? nil : "id"
    if let time = layout.time { order = TimeOrder(heading, field: time) }
    hasRecord = heading.names == nil
  }

  /// The next rows, `count` at most; nil at the end.
  ///
  /// - Throws: for a cell that the rules do not know, or a record of another length.
  func next(_ count: Int) throws -> (features: [Double], ids: [String]?, rows: Int)? {
    var features: [Double] = [], ids: [String] = [], rows = 0
    var row = [Double](repeating: 0, count: encoder.width)
    while rows < count {
      if !hasRecord {
        guard try reader.next() else { break }
      }
      hasRecord = false
      let record = reader.record
      if heading.isRepeated(record) { continue }
      _ = try row.withUnsafeMutableBufferPointer { row in
        try row.baseAddress.map { try encoder.encode(record, line: reader.line, into: $0) }
      }
      let cells = idField.map { [record.cell($0)] } ?? []
      if let timeField { try order?.add(record.cell(timeField), line: reader.line) }
      func take(_ values: UnsafeBufferPointer<Double>, _ cells: [UnsafeBufferPointer<UInt8>]) {
        features.append(contentsOf: values)
        ids += cells.map(CellWords.text)
        rows += 1
      }
      row.withUnsafeBufferPointer { row in
        guard let cutter else { return take(row, cells) }
        cutter.add(row, targets: nil, keys: cells) { window, _, cells in take(window, cells) }
      }
    }
    return rows == 0 ? nil : (features, idField == nil ? nil : ids, rows)
  }

  /// What a user should know of how cells were taken, once all rows are given.
  var closingRemarks: [String] { encoder.notes + [order?.note].compactMap(\.self) }
}

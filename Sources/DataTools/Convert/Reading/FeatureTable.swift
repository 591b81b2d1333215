import Basics
package import DataPipeline

/// Rows of features from comma-separated values, block by block, in the order of a model's columns.
///
/// A first line without any number, or with a name of the model's columns, is a heading. Where the model's columns have
/// names, columns are found by them, and others are passed over; without a heading, or without names, columns are taken
/// by position. A column `id`, `ids` or `sample_id` that is none of the model's is kept beside the rows.
///
/// Where the model was trained on a table that `data convert csv` converted, rows follow the rules of that conversion.
package final class FeatureTable {
  /// What a user should know of how the columns were taken, one line each.
  package private(set) var remarks: [String] = []
  /// What the column of ids is called; nil where there is none.
  package private(set) var idName: String?

  /// The rows, where they follow rules.
  private let followed: FollowedRows?
  private let reader: CSVReader?
  private let name: String
  /// The fields of a record that are the features, in the model's order, and how many fields there are.
  private var fields: [Int] = []
  private var fieldCount = 0
  private var idField: Int?
  /// Whether the current record has not been given yet.
  private var hasRecord = false

  /// - Parameters:
  ///   - path: a file or a device, which messages call `name`.
  ///   - columns: the model's, by name; nil where they have none.
  ///   - count: how many features the model takes.
  ///   - names: what the model's numbers stand for, and how they were made.
  ///   - model: how messages call the model.
  /// - Throws: where there is no record, a column of the model is missing, or there are too many or too few.
  package init(
    path: String, called name: String, columns: [String]?, count: Int, names data: DataNames = DataNames(),
    of model: String
  ) throws {
    self.name = name
    followed = try data.preparation.flatMap { try FollowedRows(path: path, called: name, $0, data, of: model) }
    if let followed {
      (reader, remarks, idName) = (nil, followed.remarks, followed.idName)
      return
    }
    let reader = try CSVReader(path: path, called: name, options: TableOptions())
    self.reader = reader
    guard try reader.next() else {
      throw Failure.data("\(name): no record, expected rows of \(plural(count, "feature"))")
    }
    fieldCount = reader.fieldCount
    let texts = (0..<fieldCount).map(reader.text)
    let names = columns?.count == count ? columns : nil
    let isHeading =
      (0..<fieldCount).allSatisfy { reader.number($0) == nil } || texts.contains { names?.contains($0) == true }
    if isHeading { findID(texts, except: names ?? []) }
    if isHeading, let names {
      try find(names, in: texts, line: reader.line, of: model)
    } else {
      fields = (0..<fieldCount).filter { $0 != idField }
      guard fields.count == count else {
        let expected = names.map { ": " + listing($0, limit: 20) } ?? ""
        throw Failure.data(
          "\(name): line \(reader.line): \(plural(fields.count, "column")), but \(model) takes \(count)\(expected)")
      }
      if let names {
        remarks.append("\(name): no heading; its columns are taken by position: \(listing(names, limit: 20))")
      } else if isHeading {
        remarks.append("\(name): \(model) knows no names of columns; they are taken by position")
      }
    }
    hasRecord = !isHeading
  }

  private func findID(_ heading: [String], except names: [String]) {
    idField = heading.firstIndex { ["id", "ids", "sample_id"].contains($0.lowercased()) && !names.contains($0) }
    idName = idField.map { heading[$0] }
  }

  private func find(_ names: [String], in heading: [String], line: Int, of model: String) throws {
    var places: [String: Int] = [:]
    for (field, text) in heading.enumerated() where places.updateValue(field, forKey: text) != nil {
      throw Failure.data("\(name): line \(line): two columns are called '\(text.shownName)'; name each but once")
    }
    let missing = names.filter { places[$0] == nil }
    guard missing.isEmpty else {
      throw Failure.data(
        "\(name): line \(line): lacks \(missing.count == 1 ? "the column" : "the columns") "
          + "\(listing(missing, limit: 8)); expected those that \(model) was trained on, in any order: "
          + listing(names, limit: 20))
    }
    fields = names.compactMap { places[$0] }
    let unused = heading.indices.filter { !fields.contains($0) && $0 != idField }.map { heading[$0] }
    if !unused.isEmpty {
      remarks.append(
        "\(name): \(unused.count == 1 ? "the column" : "the columns") \(listing(unused, limit: 8)) "
          + "\(unused.count == 1 ? "is" : "are") none of \(model) and not used")
    }
  }

  /// What a user should know of how cells were taken, once all rows are given.
  package var closingRemarks: [String] { followed?.closingRemarks ?? [] }

  /// The next rows, `count` at most; nil at the end.
  ///
  /// - Throws: for a cell that is no finite number, or a record of another length.
  package func next(_ count: Int) throws -> (features: [Double], ids: [String]?, rows: Int)? {
    guard let reader else { return try followed?.next(count) }
    var features: [Double] = [], ids: [String] = [], rows = 0
    while rows < count {
      if !hasRecord {
        guard try reader.next() else { break }
      }
      hasRecord = false
      guard reader.fieldCount == fieldCount else {
        throw Failure.data(
          "\(name): line \(reader.line): \(plural(reader.fieldCount, "column")), expected \(fieldCount) as in the "
            + "first line")
      }
      for field in fields {
        guard let value = reader.number(field), Float(value).isFinite else {
          let cell = reader.text(field).onOneLine.shownName
          throw Failure.data(
            "\(name): line \(reader.line), column \(field + 1): "
              + (cell.isEmpty ? "empty cell, expected a number" : "'\(cell)', \(reader.expectation(field))"))
        }
        features.append(value)
      }
      if let idField { ids.append(reader.text(idField)) }
      rows += 1
    }
    return rows == 0 ? nil : (features, idField == nil ? nil : ids, rows)
  }
}

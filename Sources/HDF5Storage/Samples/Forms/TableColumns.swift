internal import Basics

/// Columns of a table as rows of numbers.
public final class TableColumns: SampleRows {
  /// Which columns.
  public struct Choice: Sendable {
    let columns: [Table.Column]
    /// Whether they were named as a list, so that one column is a row of one number.
    let isList: Bool
  }

  /// Columns that are read together: fields of the records of one data set, or elements of its rows.
  private struct Piece {
    let dataset: HDF5Dataset
    var fields: [RecordField] = []
    let isBits: Bool
    /// Elements of a row as it is read.
    var width = 0
    /// Where they go.
    var places: [(from: Int, to: Int)] = []
  }

  public let file: HDF5File
  public let path: String
  public let shape: [Int]
  private let choice: Choice
  private let pieces: [Piece]

  init(_ choice: Choice, of path: String, in file: HDF5File) throws(HDF5Error) {
    (self.choice, self.path, self.file) = (choice, path, file)
    var pieces: [Piece] = []
    var next = 0
    for column in choice.columns {
      let isBits = if case .bits = column.content { true } else { false }
      var index = pieces.firstIndex { $0.dataset.path == column.dataset && $0.isBits == isBits && !isBits }
      if index == nil {
        let dataset = try HDF5Dataset.open(column.dataset, in: file)
        try dataset.checkSources(depth: 0)
        index = pieces.count
        pieces.append(Piece(dataset: dataset, isBits: isBits, width: column.field == nil ? dataset.rowElementCount : 0))
      }
      guard let index else { continue }
      var first = column.offset
      if let field = column.field {
        var start = 0
        for known in pieces[index].fields {
          if known == field { break }
          start += known.elementCount
        }
        if !pieces[index].fields.contains(field) {
          pieces[index].fields.append(field)
          pieces[index].width += field.elementCount
        }
        first += start
      }
      let count = column.shape.reduce(1, *)
      pieces[index].places += (0..<count).map { (from: first + $0, to: next + $0) }
      next += count
    }
    let rows = pieces.map(\.dataset.rowCount)
    guard let count = rows.first, rows.allSatisfy({ $0 == count }) else {
      throw HDF5Error(
        operation: "read", subject: file.subject(path),
        reason: "its columns have \(rows.map(grouped).joined(separator: " and ")) rows, expected as many each")
    }
    self.pieces = pieces
    let own = choice.columns.first?.shape ?? []
    shape = try HDF5Dataset.believed(
      [count] + (choice.columns.count == 1 && (!own.isEmpty || !choice.isList) ? own : [next]), file.subject(path))
  }

  public var form: SampleForm { .table(choice) }
  public var elementType: ElementType {
    .common(
      choice.columns.compactMap {
        switch $0.content {
        case .numbers(let type), .bits(let type): type
        default: nil
        }
      })
  }
  public var chunkShape: [Int]? {
    guard pieces.count == 1, let rows = pieces[0].dataset.chunkShape?.first else { return nil }
    return [rows] + Array(shape.dropFirst())
  }
  public var filters: [String] { pieces[0].dataset.filters }
  public var storageText: String? {
    pieces.contains { !$0.fields.isEmpty }
      ? "fields of records" : pieces.count > 1 ? "columns of \(pieces.count) data sets" : nil
  }
  public var marksMissing: Bool { false }
  public var columnNames: [String]? {
    choice.columns.allSatisfy(\.shape.isEmpty) ? choice.columns.map(\.name) : nil
  }
  public var classNames: [String]? { choice.columns.count == 1 ? choice.columns[0].classes : nil }
  public func value(_ number: Double) -> Double { number }

  public func unwrittenPart() throws(HDF5Error) -> String? {
    for piece in pieces { if let part = try piece.dataset.unwrittenPart() { return part } }
    return nil
  }
  public func requireWritten() throws(HDF5Error) { for piece in pieces { try piece.dataset.requireWritten() } }

  public func read(
    rows: Range<Int>, as type: ElementType, into destination: UnsafeMutableRawBufferPointer
  ) throws(HDF5Error) {
    let width = rowElementCount
    precondition(destination.count == rows.count * width * type.byteCount, "\(destination.count) bytes of \(path)")
    guard !rows.isEmpty else { return }
    for piece in pieces {
      if piece.width == width, piece.places.allSatisfy({ $0.from == $0.to }) {
        try read(piece, rows, type, destination)
        continue
      }
      let part = UnsafeMutableRawBufferPointer.allocate(
        byteCount: rows.count * piece.width * type.byteCount, alignment: 16)
      defer { part.deallocate() }
      try read(piece, rows, type, part)
      Elements.gather(
        UnsafeRawBufferPointer(part), into: destination, rows: rows.count, widths: (piece.width, width), piece.places,
        size: type.byteCount)
    }
  }

  private func read(
    _ piece: Piece, _ rows: Range<Int>, _ type: ElementType, _ destination: UnsafeMutableRawBufferPointer
  ) throws(HDF5Error) {
    guard let field = piece.fields.first else { return try piece.dataset.read(rows: rows, as: type, into: destination) }
    guard !piece.isBits else {
      return try piece.dataset.read(bits: field, rows: rows, as: type, into: destination)
    }
    try piece.dataset.read(piece.fields, rows: rows, as: type, into: destination)
  }
}

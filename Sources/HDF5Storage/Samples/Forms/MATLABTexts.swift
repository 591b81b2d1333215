internal import Basics
internal import CHDF5

// Texts that MATLAB wrote (save -v7.3): a matrix of characters, filled up with spaces, or a list of cells with a text
// each (cellstr). Characters are UTF-16.
extension HDF5File {
  func matlabTexts(_ dataset: HDF5Dataset, isCell: Bool) throws(HDF5Error) -> TextRows {
    let path = dataset.path
    if isCell {
      guard try dataset.typeClass == .references, dataset.elementCount == dataset.shape.max() else {
        throw HDF5Error(
          operation: "read", subject: subject(path),
          reason: "its cells have the shape \(Array(dataset.shape.reversed())), expected a list")
      }
      let cells = try HDF5Dataset.open(path, in: self, order: dataset.shape.first == 1 ? .reversed : .asStored)
      return TextRows(file: self, path: path, count: dataset.elementCount) { (rows) throws(HDF5Error) in
        try self.texts(ofCells: rows, cells)
      }
    }
    guard dataset.shape.count == 2 else {
      throw HDF5Error(
        operation: "read", subject: subject(path),
        reason: "its characters have \(dataset.shape.count) axes, expected a matrix of one text a row")
    }
    let rows = try samples(path, order: .reversed)
    return TextRows(file: self, path: path, count: rows.rowCount) { (range) throws(HDF5Error) in
      let width = rows.rowElementCount
      let units = try rows.read(rows: range, as: UInt16.self)
      return (0..<range.count).map { Self.text(units[$0 * width..<($0 + 1) * width]) }
    }
  }

  private func texts(ofCells rows: Range<Int>, _ cells: HDF5Dataset) throws(HDF5Error) -> [[UInt8]] {
    var references = [hobj_ref_t](repeating: 0, count: rows.count)
    try references.withUnsafeMutableBufferPointer { (bytes) throws(HDF5Error) in
      guard let base = bytes.baseAddress else { return }
      try cells.read(rows, chdf5_object_reference(), into: base)
    }
    var texts: [[UInt8]] = []
    for (row, reference) in zip(rows, references) {
      func failure(_ reason: String) -> HDF5Error {
        HDF5Error(operation: "read", subject: cells.subject, reason: "cell \(row + 1) \(reason), expected a text")
      }
      var reference = reference
      let id = reference == 0 ? -1 : H5Rdereference2(cells.id, chdf5_default(), H5R_OBJECT, &reference)
      guard id >= 0 else { throw failure("refers to nothing") }
      guard H5Iget_type(id) == H5I_DATASET else {
        release(id)
        throw failure("is no array")
      }
      let text = try HDF5Dataset(file: self, path: "\(cells.path){\(row + 1)}", takingOver: id)
      guard text.elementCount <= 1 << 16, try text.storedType == .uint16 else { throw failure("is of numbers") }
      let units: [UInt16] = try text.readAll()
      texts.append(Self.text(units[...]))
    }
    return texts
  }

  private static func text(_ units: ArraySlice<UInt16>) -> [UInt8] {
    var units = units
    while units.last == 0x20 || units.last == 0 { units.removeLast() }
    return Array(String(decoding: units, as: UTF16.self).utf8)
  }
}

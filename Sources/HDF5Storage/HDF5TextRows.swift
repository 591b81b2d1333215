internal import CHDF5

/// A data set of texts in UTF-8, [N], that is written some rows at a time: each takes the same number of bytes, zeros
/// behind shorter ones.
public final class HDF5TextRows {
  private let dataset: hid_t
  private let type: hid_t
  private let subject: String
  public let rowCount: Int
  /// Bytes of a text.
  public let byteCount: Int

  fileprivate init(dataset: hid_t, type: hid_t, subject: String, rowCount: Int, byteCount: Int) {
    (self.dataset, self.type, self.subject) = (dataset, type, subject)
    (self.rowCount, self.byteCount) = (rowCount, byteCount)
  }

  deinit {
    release(dataset)
    release(type)
  }

  /// - Precondition: the rows are among those of the data set, and `bytes` holds `byteCount` for each.
  public func write(rows: Range<Int>, from bytes: UnsafeRawBufferPointer) throws(HDF5Error) {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= rowCount && bytes.count == rows.count * byteCount)
    guard let base = bytes.baseAddress, !rows.isEmpty else { return }
    let file = try check("select rows of", subject, H5Dget_space(dataset))
    defer { release(file) }
    let start = [hsize_t(rows.lowerBound)], count = [hsize_t(rows.count)]
    try check("select rows of", subject, H5Sselect_hyperslab(file, H5S_SELECT_SET, start, nil, count, nil))
    let memory = try check("select rows of", subject, H5Screate_simple(1, count, nil))
    defer { release(memory) }
    try check("write", subject, H5Dwrite(dataset, type, memory, file, chdf5_default(), base))
  }
}

extension HDF5File {
  /// Creates a data set of texts, and the groups above it that are missing.
  ///
  /// - Parameter byteCount: of the longest text, at least 1.
  public func createTexts(
    _ datasetPath: String, rowCount: Int, byteCount: Int
  ) throws(HDF5Error) -> HDF5TextRows {
    let subject = subject(datasetPath)
    let type = try check("create", subject, H5Tcopy(chdf5_c_string()))
    do throws(HDF5Error) {
      try check("create", subject, H5Tset_size(type, max(1, byteCount)))
      try check("create", subject, H5Tset_cset(type, H5T_CSET_UTF8))
      try check("create", subject, H5Tset_strpad(type, H5T_STR_NULLPAD))
      let dataset = try makeTextDataset(datasetPath, type, rowCount: rowCount)
      return HDF5TextRows(
        dataset: dataset, type: type, subject: subject, rowCount: rowCount, byteCount: max(1, byteCount))
    } catch {
      release(type)
      throw error
    }
  }
}

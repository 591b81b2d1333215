internal import Basics
internal import CHDF5

/// Features and labels, of which each row is a sample and what belongs to it.
public struct HDF5Samples {
  public let features: any SampleRows
  /// Nil where there are none.
  public let labels: (any SampleRows)?
}

// Data sets of other programs, read as these programs mean them.
extension HDF5File {
  /// Opens features and labels.
  ///
  /// Arrays that MATLAB wrote (`save -v7.3`), with all axes reversed, have theirs put right: the samples are the axis
  /// that is as long as there are labels; where several are, MATLAB's rows or, of images [H, W, C, N], the last.
  ///
  /// - Throws: as `samples(_:)`; also if MATLAB's arrays do not show which axis is that of the samples.
  public func samples(features: String, labels: String?) throws(HDF5Error) -> HDF5Samples {
    let features = try samples(features)
    let labels = try labels.map { (path) throws(HDF5Error) in try samples(path) }
    guard try isMATLAB(features.path) else {
      return HDF5Samples(features: features, labels: labels)
    }
    let order = try Self.orders(features, labels)
    return HDF5Samples(
      features: try samples(features.path, order: order.features),
      labels: try labels.map { (labels) throws(HDF5Error) in
        try samples(labels.path, order: order.labels)
      })
  }

  /// Opens a data set of samples: its values stand in files that are there, and are those that the conventions of
  /// netCDF and CF make of its numbers.
  ///
  /// - Parameter order: in which order the file has the axes.
  /// - Throws: if there is no such data set, it is something else, its source is missing, or it holds no numbers.
  public func samples(
    _ datasetPath: String, order: AxisOrder = .asStored
  ) throws(HDF5Error) -> HDF5Dataset {
    func failure(_ reason: String) -> HDF5Error {
      HDF5Error(operation: "open", subject: subject(datasetPath), reason: reason)
    }
    switch try kind(of: datasetPath) {
    case .dataset?: break
    case .group?: throw failure(try groupText(datasetPath))
    case .other?: throw failure("it is a type, expected a data set")
    case .dangling(let target)?: throw failure("it is \(target)")
    case nil:
      let known = try entries().map(\.path).shownList(none: "no data set at all")
      throw failure("there is no such data set; the file has \(known)")
    }
    let plain = try HDF5Dataset.open(datasetPath, in: self)
    let type = try plain.storedType
    try plain.checkSources(depth: 0)
    if try hasAttribute("MATLAB_empty", of: datasetPath) { throw failure("it is an empty array of MATLAB") }
    try plain.checkExpansion()
    let packing = try Packing(of: datasetPath, stored: type, in: self)
    return try HDF5Dataset.open(
      datasetPath, in: self, order: order, packing: packing, limit: MemoryBudget.available / 4)
  }

  /// Whether MATLAB wrote the data set, which reverses the axes.
  private func isMATLAB(_ datasetPath: String) throws(HDF5Error) -> Bool {
    try hasAttribute("MATLAB_class", of: datasetPath)
  }

  /// What a group is that stands where a data set was expected.
  private func groupText(_ groupPath: String) throws(HDF5Error) -> String {
    let names = try names(in: groupPath)
    if ["data", "indices", "indptr"].allSatisfy(names.contains) {
      return "it is a sparse matrix, stored as a group of data, indices and indptr; expected a dense data set: write "
        + "it with .toarray() (anndata: adata.X = adata.X.toarray())"
    }
    let inner = names.map { groupPath == "/" ? $0 : groupPath + "/" + $0 }
    return "it is a group, expected a data set; it holds \(inner.shownList(none: "nothing"))"
  }

  /// The orders in which MATLAB's arrays have as many samples as labels.
  private static func orders(
    _ features: HDF5Dataset, _ labels: HDF5Dataset?
  ) throws(HDF5Error) -> (features: AxisOrder, labels: AxisOrder) {
    // MATLAB's matrices have samples as rows, its images as the last axis.
    let usual: [AxisOrder] = features.storedShape.count > 2 ? [.samplesLast, .reversed] : [.reversed, .samplesLast]
    guard let labels else { return (usual[0], .reversed) }
    func rows(_ dataset: HDF5Dataset, _ order: AxisOrder) -> Int {
      order.shape(ofStored: dataset.storedShape).first ?? 1
    }
    // A vector is a matrix with an axis of 1.
    let isRow = labels.storedShape.count == 2 && labels.storedShape[1] == 1 && labels.storedShape[0] > 1
    let labelOrders: [AxisOrder] = isRow ? [.samplesLast] : [.reversed, .samplesLast]
    for order in usual {
      for labelOrder in labelOrders where rows(features, order) == rows(labels, labelOrder) {
        return (order, labelOrder)
      }
    }
    let shapes = [features, labels].map { "\(Array($0.storedShape.reversed()))" }
    throw HDF5Error(
      operation: "read", subject: features.subject,
      reason: "MATLAB wrote it as an array of \(shapes[0]) and \(labels.path.shownName) as one of \(shapes[1]); "
        + "expected as many rows, or as long a last axis, as there are labels")
  }
}

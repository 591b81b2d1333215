internal import Basics
internal import CHDF5

/// Features and labels, of which each row is a sample and what belongs to it.
public struct HDF5Samples {
  public let features: any SampleRows
  /// Nil where there are none.
  public let labels: (any SampleRows)?

  public init(features: any SampleRows, labels: (any SampleRows)?) {
    (self.features, self.labels) = (features, labels)
  }
}

// Data sets of other programs, read as these programs mean them.
extension HDF5File {
  /// Opens features and labels.
  ///
  /// Arrays that MATLAB wrote (`save -v7.3`), with all axes reversed, have theirs put right: the samples are the axis
  /// that is as long as there are labels; where several are, MATLAB's rows or, of images [H, W, C, N], the last.
  ///
  /// - Parameters:
  ///   - features, labels: paths of rows, as `rows(at:asLabels:)` takes them.
  ///   - labelsFile: where the labels stand in a file of their own.
  ///   - axis: that of the samples, from 0 on or from the last, −1, back; nil for the first, and for MATLAB's own rule.
  ///     Labels of several axes have it too, if it is as long.
  /// - Throws: as `rows(at:asLabels:)`; also if MATLAB's arrays do not show which axis is that of the samples.
  public func samples(
    features: String, labels: String?, in labelsFile: HDF5File? = nil, axis: Int? = nil
  ) throws(HDF5Error) -> HDF5Samples {
    let labelsFile = labelsFile ?? self
    let place = RowPlace(features, in: self), labelPlace = labels.map { RowPlace($0, in: labelsFile) }
    let isOneTable = labelsFile === self && labelPlace?.base == place.base
    let found = try rows(at: features, asLabels: false, except: isOneTable ? labelPlace?.names ?? [] : [])
    let targets = try labels.map { (path) throws(HDF5Error) in try labelsFile.rows(at: path, asLabels: true) }
    guard let array = found as? HDF5Dataset else {
      guard axis == nil || axis == 0 else {
        throw HDF5Error(
          operation: "read", subject: found.file.subject(found.path),
          reason: "data.samples_axis is for data sets of numbers, and this is none; leave it out")
      }
      return HDF5Samples(features: found, labels: targets)
    }
    let order = try orders(array, targets, axis: axis)
    return HDF5Samples(
      features: order.features == .asStored ? array : try samples(array.path, order: order.features),
      labels: try targets.map { (labels) throws(HDF5Error) -> any SampleRows in
        guard labels is HDF5Dataset, order.labels != .asStored else { return labels }
        return try labelsFile.samples(labels.path, order: order.labels)
      })
  }

  /// The orders of axes that put the samples of arrays first.
  private func orders(
    _ features: HDF5Dataset, _ labels: (any SampleRows)?, axis: Int?
  ) throws(HDF5Error) -> (features: AxisOrder, labels: AxisOrder) {
    let isMATLAB = try isMATLAB(features.path)
    guard let axis else {
      return isMATLAB ? try Self.orders(features, labels) : (.asStored, .asStored)
    }
    let rank = features.storedShape.count
    let place = axis < 0 ? axis + rank : axis
    guard 0 <= place, place < rank else {
      throw HDF5Error(
        operation: "read", subject: features.subject,
        reason: "its shape is \(features.storedShape), which has no axis \(axis) (data.samples_axis)")
    }
    guard !isMATLAB else {
      // MATLAB's axes, which the file has reversed.
      guard place == 0 || place == rank - 1 else {
        throw HDF5Error(
          operation: "read", subject: features.subject,
          reason: "the samples of MATLAB's arrays are their first or their last axis, not axis \(axis)")
      }
      return (place == 0 ? .reversed : .samplesLast, try Self.orders(features, labels).labels)
    }
    let order = AxisOrder.samplesAlong(place)
    let count = order.shape(ofStored: features.storedShape)[0]
    guard let labels = labels as? HDF5Dataset, labels.storedShape.count > 1 else { return (order, .asStored) }
    let own = axis < 0 ? axis + labels.storedShape.count : axis
    let isAlike = labels.storedShape.indices.contains(own) && labels.storedShape[own] == count
    return (order, isAlike ? .samplesAlong(own) : .asStored)
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
    if try plain.typeClass == .references, try matlabClass(of: datasetPath) == "cell" {
      throw failure(
        "it is a cell array of MATLAB, expected an array of numbers; write X = cat(1, C{:}) or cell2mat(C); cells of "
          + "texts are names of classes, in labels alone")
    }
    let type = try plain.storedType
    try plain.checkSources(depth: 0)
    if try hasAttribute("MATLAB_empty", of: datasetPath) { throw failure("it is an empty array of MATLAB") }
    if try hasAttribute("MATLAB_object_decode", of: datasetPath) {
      let kind = try matlabClass(of: datasetPath) ?? "object"
      if !["logical", "char"].contains(kind) {
        throw failure(
          "it is a \(kind.shownName) of MATLAB, expected an array of numbers; convert it: double(X), table2array(T) "
            + "or, of categories, cellstr(C)")
      }
    }
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
      return "it is a sparse matrix, stored as a group of data, indices and indptr, which features alone can be"
    }
    if try hasAttribute("MATLAB_sparse", of: groupPath) {
      return "it is a sparse matrix of MATLAB; write it full: X = full(X); save(\"F.mat\", \"X\", \"-v7.3\")"
    }
    if try matlabClass(of: groupPath) == "struct" {
      return "it is a struct of MATLAB, with the fields \(names.shownList(none: "nothing")); give one of them, as in "
        + "\(groupPath.shownName)/\(names.first?.shownName ?? "FIELD"), or save them as variables: save -struct"
    }
    let inner = names.map { groupPath == "/" ? $0 : groupPath + "/" + $0 }
    return "it is a group, expected a data set; it holds \(inner.shownList(none: "nothing"))"
  }

  /// The orders in which MATLAB's arrays have as many samples as labels.
  private static func orders(
    _ features: HDF5Dataset, _ labels: (any SampleRows)?
  ) throws(HDF5Error) -> (features: AxisOrder, labels: AxisOrder) {
    // MATLAB's matrices have samples as rows, its images as the last axis.
    let usual: [AxisOrder] = features.storedShape.count > 2 ? [.samplesLast, .reversed] : [.reversed, .samplesLast]
    guard let labels else { return (usual[0], .reversed) }
    func rows(_ dataset: HDF5Dataset, _ order: AxisOrder) -> Int {
      order.shape(ofStored: dataset.storedShape).first ?? 1
    }
    guard let labels = labels as? HDF5Dataset else {
      // Texts have no axes of their own.
      for order in usual where rows(features, order) == labels.rowCount { return (order, .asStored) }
      return (usual[0], .asStored)
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

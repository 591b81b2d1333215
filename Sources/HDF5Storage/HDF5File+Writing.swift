internal import CHDF5

extension HDF5File {
  /// Writes a whole data set and the groups above it that are missing.
  ///
  /// - Parameters:
  ///   - shape: the extents, whose product is the number of elements; empty for a single number.
  ///   - chunkShape: nil stores the elements in one piece or, if there is a filter, in chunks of about 256 KiB.
  ///   - gzipLevel: 1 (fast) to 9 (small); nil does not compress.
  ///   - shuffle: groups the bytes of equal weight before compressing, which helps numbers of more than one byte.
  public func write<T: HDF5Element>(
    _ datasetPath: String, shape: [Int], elements: UnsafeBufferPointer<T>, chunkShape: [Int]? = nil,
    gzipLevel: Int? = nil, shuffle: Bool = false
  ) throws(HDF5Error) {
    precondition(elements.count == shape.reduce(1, *), "\(elements.count) elements for the shape \(shape)")
    let dataset = try createDataset(
      datasetPath, shape: shape, elementType: T.elementType, chunkShape: chunkShape, gzipLevel: gzipLevel,
      shuffle: shuffle)
    try dataset.write(rows: 0..<dataset.rowCount, from: UnsafeRawBufferPointer(elements))
  }

  /// Writes a whole data set from an array; the parameters are those of the version for a buffer.
  public func write<T: HDF5Element>(
    _ datasetPath: String, shape: [Int], elements: [T], chunkShape: [Int]? = nil, gzipLevel: Int? = nil,
    shuffle: Bool = false
  ) throws(HDF5Error) {
    try elements.withUnsafeBufferPointer { elements throws(HDF5Error) in
      try write(
        datasetPath, shape: shape, elements: elements, chunkShape: chunkShape, gzipLevel: gzipLevel, shuffle: shuffle)
    }
  }

  /// Creates a data set whose rows are then written piece by piece with `HDF5Dataset.write(rows:from:)`; rows never
  /// written read as zero. The parameters are those of `write`.
  ///
  /// - Precondition: the chunk shape, if there is one, has an extent for each axis.
  public func createDataset(
    _ datasetPath: String, shape: [Int], elementType: ElementType, chunkShape: [Int]? = nil, gzipLevel: Int? = nil,
    shuffle: Bool = false
  ) throws(HDF5Error) -> HDF5Dataset {
    let subject = subject(datasetPath)
    let extents = shape.map { hsize_t($0) }
    let space = try check(
      "create", subject,
      extents.isEmpty
        ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(extents.count), extents, nil))
    defer { release(space) }
    let links = try makeLinkList(subject)
    defer { release(links) }
    let creation = try check("create", subject, H5Pcreate(chdf5_dataset_create()))
    defer { release(creation) }
    try check("create", subject, H5Pset_obj_track_times(creation, false))

    let isFiltered = gzipLevel != nil || shuffle
    // A single number cannot be chunked, and needs no filter.
    if !shape.isEmpty, let chunk = chunkShape ?? (isFiltered ? Self.chunkShape(for: shape, elementType) : nil) {
      precondition(chunk.count == shape.count, "chunk \(chunk) for the shape \(shape)")
      let chunk = zip(chunk, shape).map { hsize_t(max(1, min($0, $1))) }
      try check("create", subject, H5Pset_chunk(creation, Int32(chunk.count), chunk))
      if shuffle { try check("create", subject, H5Pset_shuffle(creation)) }
      if let gzipLevel { try check("create", subject, H5Pset_deflate(creation, UInt32(gzipLevel))) }
    }
    let dataset = try check(
      "create", subject,
      H5Dcreate2(id, datasetPath, elementType.memoryType, space, links, creation, chdf5_default()))
    return try HDF5Dataset(file: self, path: datasetPath, takingOver: dataset)
  }

  /// Whole rows that come to about 256 KiB: large enough to compress well, small enough for the default chunk cache.
  private static func chunkShape(for shape: [Int], _ type: ElementType) -> [Int] {
    let rowByteCount = max(1, shape.dropFirst().reduce(type.byteCount, *))
    return [max(1, min(shape[0], 262_144 / rowByteCount))] + shape.dropFirst()
  }
}

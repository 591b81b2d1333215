internal import Basics
internal import CHDF5
import Foundation

// A data set can be whole by the library's lights and hold nothing: it reads values that no one wrote as the fill
// value, mostly zero, without a word. What follows finds that out.
extension HDF5Dataset {
  /// Checks that the values of the data set stand in files that are there.
  ///
  /// - Parameter depth: how many virtual data sets lead here.
  /// - Throws: if a source of a virtual data set or a file of external storage is missing, shorter than needed or no
  ///   regular file, or if part of a virtual data set has no source.
  func checkSources(depth: Int) throws(HDF5Error) {
    let list = try check("read the layout of", subject, H5Dget_create_plist(id))
    defer { release(list) }
    if H5Pget_layout(list) == H5D_VIRTUAL {
      guard depth < 8 else { throw failure("its virtual data sets lead in a circle") }
      try checkMappings(list, depth: depth)
    } else {
      try checkExternalFiles(list)
    }
  }

  private func failure(_ reason: String) -> HDF5Error { HDF5Error(operation: "read", subject: subject, reason: reason) }

  // MARK: Virtual data sets

  private func checkMappings(_ list: hid_t, depth: Int) throws(HDF5Error) {
    var count = 0
    try check("read the sources of", subject, H5Pget_virtual_count(list, &count))
    var covered: [Range<Int>] = []
    var irregular: [hid_t] = []
    defer { for space in irregular { release(space) } }
    var isUnlimited = false
    for index in 0..<count {
      let space = try check("read the sources of", subject, H5Pget_virtual_vspace(list, index))
      guard H5Sget_select_npoints(space) >= 0 else {
        release(space)
        isUnlimited = true
        try checkSource(list, index, isUnlimited: true, depth: depth)
        continue
      }
      if let rows = try wholeRows(space) {
        covered.append(rows)
        release(space)
      } else {
        irregular.append(space)
      }
      try checkSource(list, index, isUnlimited: false, depth: depth)
    }
    if isUnlimited { return try checkUnlimitedExtent() }
    if let gap = Self.gap(in: covered, of: 0..<rowCount), try !covers(irregular) {
      throw failure(
        "rows \(gap.lowerBound) to \(gap.upperBound - 1) of the virtual data set have no source and would read as the "
          + "fill value; map them, or make the data set without them")
    }
  }

  /// The rows that a selection holds from end to end; nil where it is of another form.
  private func wholeRows(_ space: hid_t) throws(HDF5Error) -> Range<Int>? {
    let points = Int(H5Sget_select_npoints(space))
    guard points > 0, !shape.isEmpty else { return points == 0 ? 0..<0 : nil }
    var start = shape.map { _ in hsize_t(0) }
    var end = start
    try check("read the sources of", subject, H5Sget_select_bounds(space, &start, &end))
    let extents = zip(start, end).map { Int($1 - $0) + 1 }
    guard extents.reduce(1, *) == points, zip(extents, storedShape).dropFirst().allSatisfy({ $0 == $1 }) else {
      return nil
    }
    return Int(start[0])..<Int(end[0]) + 1
  }

  /// The first rows of `whole` that are in none of `ranges`.
  private static func gap(in ranges: [Range<Int>], of whole: Range<Int>) -> Range<Int>? {
    var next = whole.lowerBound
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound > next { return next..<range.lowerBound }
      next = max(next, range.upperBound)
    }
    return next < whole.upperBound ? next..<whole.upperBound : nil
  }

  /// Whether selections that are no whole rows make up the data set together.
  private func covers(_ spaces: [hid_t]) throws(HDF5Error) -> Bool {
    guard var union = spaces.first else { return false }
    // Uniting takes time that grows with the square of their number; then, that they do not overlap has to do.
    guard spaces.count <= 1_000 else {
      return spaces.reduce(0) { $0 + Int(H5Sget_select_npoints($1)) } >= elementCount
    }
    union = try check("read the sources of", subject, H5Scopy(union))
    defer { release(union) }
    for space in spaces.dropFirst() {
      let next = try check("read the sources of", subject, H5Scombine_select(union, H5S_SELECT_OR, space))
      release(union)
      union = next
    }
    return Int(H5Sget_select_npoints(union)) == elementCount
  }

  private func checkSource(_ list: hid_t, _ index: Int, isUnlimited: Bool, depth: Int) throws(HDF5Error) {
    let fileName = try text { H5Pget_virtual_filename(list, index, $0, $1) }
    let name = try text { H5Pget_virtual_dsetname(list, index, $0, $1) }
    // The names of numbered sources have a %b; how far they go, the extent shows.
    if isUnlimited && (fileName + name).contains("%b") { return }
    let source: HDF5File
    if fileName == "." {
      source = file
    } else {
      guard let found = try file.companion(named: fileName, by: .virtualDataset) else {
        throw failure(
          "it takes rows from \(fileName.shownName), which is not there (looked for beside the file, in the working "
            + "directory and in HDF5_VDS_PREFIX); bring it back, or set HDF5_VDS_PREFIX to its directory")
      }
      source = try HDF5File.open(found)
    }
    guard try source.kind(of: name) == .dataset else {
      throw failure("it takes rows from \(name.shownName) in \(source.path), which has no such data set")
    }
    let part = try HDF5Dataset.open(name, in: source)
    try part.checkSources(depth: depth + 1)
    if let problem = try part.unwrittenPart() {
      throw failure("it takes rows from \(name.shownName) in \(source.path), of which \(problem)")
    }
    guard !isUnlimited else { return }
    let space = try check("read the sources of", subject, H5Pget_virtual_srcspace(list, index))
    defer { release(space) }
    // All of the source, whatever its shape: then it has to have as many elements as it fills.
    if H5Sget_select_type(space) == H5S_SEL_ALL {
      let target = try check("read the sources of", subject, H5Pget_virtual_vspace(list, index))
      defer { release(target) }
      let count = Int(H5Sget_select_npoints(target))
      guard part.elementCount == count else {
        throw failure(
          "it takes \(grouped(count)) elements of \(name.shownName) in \(source.path), whose shape is "
            + "\(part.storedShape); the rest would read as the fill value")
      }
      return
    }
    guard H5Sget_select_npoints(space) > 0 else { return }
    let rank = Int(try check("read the sources of", subject, H5Sget_simple_extent_ndims(space)))
    var start = [hsize_t](repeating: 0, count: max(1, rank))
    var end = start
    try check("read the sources of", subject, H5Sget_select_bounds(space, &start, &end))
    let extents = part.storedShape
    guard rank == extents.count, zip(end, extents).allSatisfy({ Int($0) < $1 }) else {
      throw failure(
        "it takes elements up to \(end.map { Int($0) }) of \(name.shownName) in \(source.path), whose shape is "
          + "\(extents); the rest would read as the fill value")
    }
  }

  /// Sources of growing data sets: what lies between the first gap and the last source would read as the fill value.
  private func checkUnlimitedExtent() throws(HDF5Error) {
    let list = try check("open", subject, H5Pcreate(chdf5_dataset_access()))
    defer { release(list) }
    try check("open", subject, H5Pset_virtual_view(list, H5D_VDS_FIRST_MISSING))
    let first = try extent(list)
    try check("open", subject, H5Pset_virtual_view(list, H5D_VDS_LAST_AVAILABLE))
    try check("open", subject, H5Pset_virtual_printf_gap(list, 1_000))
    let last = try extent(list)
    guard first != last else { return }
    throw failure(
      "a source of the virtual data set is missing: it has the shape \(first) up to there, and \(last) with what comes "
        + "behind; bring the source back")
  }

  private func extent(_ accessList: hid_t) throws(HDF5Error) -> [Int] {
    let other = try check("open", subject, H5Dopen2(file.id, path, accessList))
    defer { release(other) }
    return try Self.shape(other, subject)
  }

  private func text(_ read: (UnsafeMutablePointer<CChar>?, Int) -> Int) throws(HDF5Error) -> String {
    let length = try check("read the sources of", subject, read(nil, 0))
    var bytes = [CChar](repeating: 0, count: length + 1)
    try check("read the sources of", subject, read(&bytes, bytes.count))
    return String(cString: bytes)
  }

  // MARK: Storage outside of the file

  private func checkExternalFiles(_ list: hid_t) throws(HDF5Error) {
    let count = try check("read the layout of", subject, H5Pget_external_count(list))
    var needed = storedByteCount
    for index in 0..<UInt32(count) where needed > 0 {
      var name = [CChar](repeating: 0, count: 4096)
      var offset: off_t = 0
      var size: hsize_t = 0
      try check("read the layout of", subject, H5Pget_external(list, index, name.count - 1, &name, &offset, &size))
      let part = min(needed, Int(clamping: size))
      let place = externalPath(String(cString: name))
      var status = stat()
      guard stat(place, &status) == 0 else {
        throw failure("its values are in \(place.shownName), which is not there; bring it back")
      }
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw failure("its values are in \(place.shownName), which is no regular file")
      }
      guard Int(offset) >= 0, part <= Int(status.st_size) - Int(offset) else {
        throw failure(
          "its values are in \(place.shownName), which has \(status.st_size) bytes, expected \(part) from byte "
            + "\(offset) on; the rest would read as zeros")
      }
      needed -= part
    }
  }

  /// Where the library looks for a file of raw values: in `HDF5_EXTFILE_PREFIX`, else in the working directory.
  private func externalPath(_ name: String) -> String {
    guard !name.hasPrefix("/"), let prefix = ProcessInfo.processInfo.environment["HDF5_EXTFILE_PREFIX"] else {
      return name
    }
    let own = HDF5File.directory(of: file.path)
    return prefix.replacingOccurrences(of: "${ORIGIN}", with: own) + "/" + name
  }

  // MARK: What was never written

  /// - Throws: if nothing was ever written.
  public func requireWritten() throws(HDF5Error) {
    guard let unwritten = try unwrittenPart(), H5Dget_storage_size(id) == 0 else { return }
    throw failure("\(unwritten) and would read as the fill value; write them first")
  }

  /// What was declared and never written, in words; nil where all of it was.
  public func unwrittenPart() throws(HDF5Error) -> String? {
    let list = try check("read the layout of", subject, H5Dget_create_plist(id))
    defer { release(list) }
    let layout = H5Pget_layout(list)
    guard layout != H5D_VIRTUAL, elementCount > 0, H5Pget_external_count(list) == 0 else { return nil }
    let isStored = H5Dget_storage_size(id) > 0
    guard isStored else {
      return "all \(plural(rowCount, "row")) (\(byteText(Double(storedByteCount)))) were never written"
    }
    guard layout == H5D_CHUNKED, let chunkShape = storedChunkShape else { return nil }
    let space = try check("read the layout of", subject, H5Dget_space(id))
    defer { release(space) }
    var found: hsize_t = 0
    try check("read the layout of", subject, H5Dget_num_chunks(id, space, &found))
    let grid = zip(storedShape, chunkShape).map { ($0 + $1 - 1) / max(1, $1) }
    let expected = grid.reduce(1, *)
    guard Int(found) < expected else { return nil }
    return "\(grouped(expected - Int(found))) of \(grouped(expected)) chunks were never written, the first from "
      + "row \(try firstUnwrittenRow(grid, chunkShape) ?? 0) on"
  }

  private func firstUnwrittenRow(_ grid: [Int], _ chunkShape: [Int]) throws(HDF5Error) -> Int? {
    var index = grid.map { _ in 0 }
    // As many as are looked up in no time.
    for _ in 0..<min(100_000, grid.reduce(1, *)) {
      var offset = zip(index, chunkShape).map { hsize_t($0 * $1) }
      var mask: UInt32 = 0
      var address: haddr_t = 0
      var size: hsize_t = 0
      try check("read the layout of", subject, H5Dget_chunk_info_by_coord(id, &offset, &mask, &address, &size))
      if size == 0 { return index[0] * chunkShape[0] }
      for axis in grid.indices.reversed() {
        index[axis] += 1
        if index[axis] < grid[axis] { break }
        index[axis] = 0
      }
    }
    return nil
  }
}

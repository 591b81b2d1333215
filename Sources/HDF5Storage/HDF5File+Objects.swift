internal import CHDF5

extension HDF5File {
  /// Creates the group and those above it that are missing; a group that is there already is left alone.
  public func createGroup(_ groupPath: String) throws(HDF5Error) {
    if try exists(groupPath) { return }
    let subject = subject(groupPath)
    let links = try makeLinkList(subject)
    defer { release(links) }
    let creation = try check("create", subject, H5Pcreate(chdf5_group_create()))
    defer { release(creation) }
    try check("create", subject, H5Pset_obj_track_times(creation, false))
    release(try check("create", subject, H5Gcreate2(id, groupPath, links, creation, chdf5_default())))
  }

  /// Whether a group or data set of that path is there; a soft link that leads nowhere is not.
  public func exists(_ objectPath: String) throws(HDF5Error) -> Bool {
    // H5Lexists fails, rather than answers no, if a group on the way is missing: ask link by link.
    var prefix = ""
    for component in objectPath.split(separator: "/") {
      prefix += "/" + component
      let subject = subject(prefix)
      guard try check("look up", subject, H5Lexists(id, prefix, chdf5_default())) > 0 else { return false }
      guard try check("look up", subject, H5Oexists_by_name(id, prefix, chdf5_default())) > 0 else { return false }
    }
    return true
  }

  /// The paths of all data sets in the file, sorted. Each is listed once, under its first name; soft and external links
  /// are not followed.
  public func datasetPaths() throws(HDF5Error) -> [String] {
    var paths: [String] = []
    try withUnsafeMutablePointer(to: &paths) { paths throws(HDF5Error) in
      _ = try check(
        "list", path,
        H5Ovisit2(
          id, H5_INDEX_NAME, H5_ITER_INC,
          { _, name, info, context in
            if let name, let info, info.pointee.type == H5O_TYPE_DATASET {
              context?.assumingMemoryBound(to: [String].self).pointee.append("/" + String(cString: name))
            }
            return 0
          }, paths, UInt32(H5O_INFO_BASIC)))
    }
    return paths.sorted()
  }

  /// Link creation properties that make the groups on the way.
  func makeLinkList(_ subject: String) throws(HDF5Error) -> hid_t {
    let list = try check("create", subject, H5Pcreate(chdf5_link_create()))
    do throws(HDF5Error) {
      try check("create", subject, H5Pset_create_intermediate_group(list, 1))
    } catch {
      release(list)
      throw error
    }
    return list
  }
}

internal import Basics
internal import CHDF5

/// What stands under a path of a file.
public struct HDF5Entry: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case dataset
    case group
    /// Neither, such as a named type.
    case other
    /// A link that leads nowhere, and where to.
    case dangling(String)
  }

  public let path: String
  public let kind: Kind
  /// The file's number and the place in it: equal for all names of one data set; nil for a link that leads nowhere.
  public var object: [UInt64]?
}

extension HDF5File {
  /// The data sets of the file, and the links that lead nowhere, sorted by path; soft and external links are followed.
  ///
  /// A data set that has several names is listed under each. Names below 16 groups are left out, and those beyond the
  /// first 100,000: a file may hold any number of them.
  public func entries() throws(HDF5Error) -> [HDF5Entry] {
    var listing = Listing()
    let root = try check("list", path, H5Gopen2(id, "/", chdf5_default()))
    defer { release(root) }
    try list(root, at: "", into: &listing)
    return listing.entries.sorted { $0.path < $1.path }
  }

  /// What a path leads to, through links if need be; nil where there is no such name.
  public func kind(of objectPath: String) throws(HDF5Error) -> HDF5Entry.Kind? { try kind(of: objectPath, depth: 0) }

  /// The names directly in a group, sorted.
  func names(in groupPath: String) throws(HDF5Error) -> [String] {
    let group = try check("list", subject(groupPath), H5Gopen2(id, groupPath, chdf5_default()))
    defer { release(group) }
    return try names(group, subject(groupPath)).sorted()
  }

  private struct Listing {
    var entries: [HDF5Entry] = []
    /// The groups on the way to where it is: a link back to one of them makes a circle.
    var entered: Set<[UInt64]> = []
    var links = 0
    static let deepest = 16
    static let most = 100_000
  }

  private func list(
    _ group: hid_t, at groupPath: String, depth: Int = 0, into listing: inout Listing
  ) throws(HDF5Error) {
    var info = H5O_info_t()
    try check("list", subject(groupPath), H5Oget_info2(group, &info, UInt32(H5O_INFO_BASIC)))
    let object = [UInt64(info.fileno), UInt64(info.addr)]
    guard listing.entered.insert(object).inserted else { return }
    defer { listing.entered.remove(object) }
    for name in try names(group, subject(groupPath)) {
      listing.links += 1
      guard listing.links < Listing.most else { return }
      let entryPath = groupPath + "/" + name
      switch try kind(ofLink: name, in: group, at: groupPath, depth: 0) {
      case .dataset?:
        var info = H5O_info_t()
        try check(
          "list", subject(entryPath),
          H5Oget_info_by_name2(group, name, &info, UInt32(H5O_INFO_BASIC), chdf5_default()))
        listing.entries.append(
          HDF5Entry(path: entryPath, kind: .dataset, object: [UInt64(info.fileno), UInt64(info.addr)]))
      case .dangling(let target)?: listing.entries.append(HDF5Entry(path: entryPath, kind: .dangling(target)))
      case .group? where depth < Listing.deepest:
        let inner = try check("list", subject(entryPath), H5Gopen2(group, name, chdf5_default()))
        defer { release(inner) }
        try list(inner, at: entryPath, depth: depth + 1, into: &listing)
      case .group?, .other?, nil: break
      }
    }
  }

  private func names(_ group: hid_t, _ subject: String) throws(HDF5Error) -> [String] {
    var names: [String] = []
    try withUnsafeMutablePointer(to: &names) { names throws(HDF5Error) in
      _ = try check(
        "list", subject,
        H5Literate(
          group, H5_INDEX_NAME, H5_ITER_INC, nil,
          { _, name, _, context in
            guard let name, let names = context?.assumingMemoryBound(to: [String].self) else { return 0 }
            // A name that is no UTF-8 cannot be asked for by a text.
            if let text = String(validatingCString: name) { names.pointee.append(text) }
            return 0
          }, names))
    }
    return names
  }

  private func kind(of objectPath: String, depth: Int) throws(HDF5Error) -> HDF5Entry.Kind? {
    var group = try check("open", path, H5Gopen2(id, "/", chdf5_default()))
    defer { release(group) }
    var groupPath = ""
    let components = objectPath.split(separator: "/").map(String.init)
    for (index, name) in components.enumerated() {
      guard let next = try self.kind(ofLink: name, in: group, at: groupPath, depth: depth) else { return nil }
      if index == components.count - 1 { return next }
      if case .dangling = next { return next }
      guard case .group = next else { return nil }
      groupPath += "/" + name
      let inner = try check("open", subject(groupPath), H5Gopen2(group, name, chdf5_default()))
      release(group)
      group = inner
    }
    return .group
  }

  /// What a link leads to. Other files are looked at before the library opens them, which would wait for a pipe.
  private func kind(
    ofLink name: String, in group: hid_t, at groupPath: String, depth: Int
  ) throws(HDF5Error) -> HDF5Entry.Kind? {
    let subject = subject(groupPath + "/" + name)
    guard try check("look up", subject, H5Lexists(group, name, chdf5_default())) > 0 else { return nil }
    var link = H5L_info_t()
    try check("look up", subject, H5Lget_info(group, name, &link, chdf5_default()))
    if link.type != H5L_TYPE_HARD {
      guard depth < Self.longestChain else { return .dangling("a link that leads in a circle") }
      var value = [CChar](repeating: 0, count: link.u.val_size + 1)
      try check("look up", subject, H5Lget_val(group, name, &value, link.u.val_size, chdf5_default()))
      if link.type == H5L_TYPE_SOFT {
        let target = String(cString: value)
        let path = target.hasPrefix("/") ? target : groupPath + "/" + target
        switch try kind(of: path, depth: depth + 1) {
        case nil: return .dangling("a soft link to \(target.shownName), which is not in the file")
        case .dangling(let end)?: return .dangling("a soft link to \(target.shownName), \(end)")
        case let kind?: return kind
        }
      }
      guard link.type == H5L_TYPE_EXTERNAL else { return .other }
      return try external(value, link.u.val_size, subject, depth)
    }
    var info = H5O_info_t()
    try check("look up", subject, H5Oget_info_by_name2(group, name, &info, UInt32(H5O_INFO_BASIC), chdf5_default()))
    return switch info.type {
    case H5O_TYPE_DATASET: .dataset
    case H5O_TYPE_GROUP: .group
    default: .other
    }
  }

  private func external(
    _ value: [CChar], _ size: Int, _ subject: String, _ depth: Int
  ) throws(HDF5Error) -> HDF5Entry.Kind {
    var flags: UInt32 = 0
    var file: UnsafePointer<CChar>?
    var object: UnsafePointer<CChar>?
    let names = try value.withUnsafeBufferPointer { value throws(HDF5Error) -> (file: String, object: String) in
      try check("look up", subject, H5Lunpack_elink_val(value.baseAddress, size, &flags, &file, &object))
      return (file.map { String(cString: $0) } ?? "", object.map { String(cString: $0) } ?? "")
    }
    let target = "an external link to \(names.object.shownName) in \(names.file.shownName)"
    guard let found = try companion(named: names.file, by: .externalLink) else {
      return .dangling(target + ", a file that is not there")
    }
    switch try HDF5File.open(found).kind(of: names.object, depth: depth + 1) {
    case nil: return .dangling(target + ", which is not in that file")
    case .dangling(let end)?: return .dangling(target + ", \(end)")
    case let kind?: return kind
    }
  }

  /// The most links that lead to links, which files may also arrange in a circle.
  private static var longestChain: Int { 16 }
}

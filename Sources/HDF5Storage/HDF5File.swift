internal import CHDF5
internal import Glibc
internal import Synchronization

/// An open HDF5 file.
///
/// Paths inside the file are absolute, such as `/train/x`. A file that was written must be closed with `close()`: a
/// full disk shows only when the last buffers go out. A file that was only read may be left to `deinit`.
public final class HDF5File: @unchecked Sendable {
  /// The file's name as it was given.
  public let path: String
  let id: hid_t
  /// Whether the file was opened for writing.
  let isWritable: Bool
  /// The first failure to write what was buffered, which `close()` throws.
  ///
  /// From then on the file is abandoned: neither it nor its data sets are closed, because the library frees the memory
  /// of what it fails to close, keeps the identifier, and crashes when that is used again. The descriptor is lost until
  /// exit.
  private let failure = Mutex<HDF5Error?>(nil)
  /// What the file was opened from, if that is in memory.
  private let image: HDF5Image?

  init(path: String, id: hid_t, isWritable: Bool, image: HDF5Image? = nil) {
    self.path = path
    self.id = id
    self.isWritable = isWritable
    self.image = image
  }

  /// Opens a file for reading.
  ///
  /// - Throws: if the file is missing, not readable, not HDF5 or truncated, each with its own reason.
  public static func open(_ path: String) throws(HDF5Error) -> HDF5File {
    func failure(_ reason: String) -> HDF5Error { HDF5Error(operation: "open", subject: path, reason: reason) }
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw failure(errno == ENOENT ? "there is no such file" : String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw failure("it is a directory, expected an HDF5 file") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw failure("it is no regular file, expected an HDF5 file") }
    guard access(path, R_OK) == 0 else { throw failure("it is not readable: " + String(cString: strerror(errno))) }
    guard status.st_size > 0 else { throw failure("the file is empty, expected an HDF5 file") }
    // As the library opens files that others name: it refuses to open a file a second time in another way.
    let accessList = try makeAccessList(path, H5F_CLOSE_WEAK)
    defer { release(accessList) }
    do throws(HDF5Error) {
      guard try check("open", path, H5Fis_hdf5(path)) > 0 else { throw failure("it is not an HDF5 file") }
      let id = try check("open", path, H5Fopen(path, chdf5_read_only(), accessList))
      return HDF5File(path: path, id: id, isWritable: false)
    } catch {
      if error.reason.contains("truncated") {
        throw failure("the file is truncated (\(error.reason)); copy or download it again")
      }
      if error.reason.contains("h5clear") {
        throw failure(
          "a program has it open for writing, or was killed while it had; if none has it open, clear its mark with "
            + "h5clear -s \(path)")
      }
      guard error.reason.hasSuffix(String(cString: strerror(EAGAIN))) else { throw error }
      throw failure(
        "it is locked: \(FileLocks.holder(of: status) ?? "another program") has it open for writing; close it there, "
          + "or, if it does not write, set HDF5_USE_FILE_LOCKING=FALSE")
    }
  }

  /// Creates a file. Two runs that write the same things write the same bytes.
  ///
  /// - Parameter replaces: whether a file that is there is emptied; otherwise it is an error, also a link of that name.
  public static func create(_ path: String, replaces: Bool = true) throws(HDF5Error) -> HDF5File {
    let accessList = try makeAccessList(path)
    defer { release(accessList) }
    return try create(path, accessList, replaces: replaces)
  }

  /// Creates a file in memory alone; `image()` then gives the bytes of a file on disk.
  ///
  /// - Parameters:
  ///   - name: what errors call it.
  ///   - userBlock: bytes to keep free at the front, which readers of HDF5 pass over: 0, or a power of 2 from 512 on.
  public static func createInMemory(named name: String, userBlock: Int = 0) throws(HDF5Error) -> HDF5File {
    let accessList = try makeAccessList(name)
    defer { release(accessList) }
    try check("create", name, H5Pset_fapl_core(accessList, 1 << 20, false))
    return try create(name, accessList, userBlock: userBlock)
  }

  /// Creates a file by the driver of `accessList`, without timestamps.
  private static func create(
    _ path: String, _ accessList: hid_t, replaces: Bool = true, userBlock: Int = 0
  ) throws(HDF5Error) -> HDF5File {
    let creationList = try check("create", path, H5Pcreate(chdf5_file_create()))
    defer { release(creationList) }
    try check("create", path, H5Pset_obj_track_times(creationList, false))
    try check("create", path, H5Pset_userblock(creationList, hsize_t(userBlock)))
    let rule = replaces ? chdf5_truncate() : chdf5_exclusive()
    let id = try check("create", path, H5Fcreate(path, rule, creationList, accessList))
    return HDF5File(path: path, id: id, isWritable: true)
  }

  /// The bytes of the file as it stands.
  ///
  /// - Parameter userBlock: the user block that the file was created with; it is zero.
  public func image(userBlock: Int = 0) throws(HDF5Error) -> [UInt8] {
    try flush()
    // The library leaves the user block out.
    let count = Int(try check("write", path, H5Fget_file_image(id, nil, 0)))
    var bytes = [UInt8](repeating: 0, count: userBlock + count)
    try bytes.withUnsafeMutableBufferPointer { (bytes) throws(HDF5Error) in
      let start = bytes.baseAddress?.advanced(by: userBlock)
      _ = try check("write", path, H5Fget_file_image(id, start, count))
    }
    return bytes
  }

  static func makeAccessList(
    _ path: String, _ degree: H5F_close_degree_t = H5F_CLOSE_STRONG
  ) throws(HDF5Error) -> hid_t {
    let list = try check("open", path, H5Pcreate(chdf5_file_access()))
    do throws(HDF5Error) {
      // Of a weak degree, H5Fclose of a file that still has an open data set only pretends to close.
      try check("open", path, H5Pset_fclose_degree(list, degree))
      // Locks where the file system has them; many network file systems do not, and reading must still work there.
      try check("open", path, H5Pset_file_locking(list, true, true))
    } catch {
      release(list)
      throw error
    }
    return list
  }

  deinit {
    if !isAbandoned { release(id) }
  }

  /// Writes everything that is buffered to the operating system. A crash of the machine may still lose it: see `fsync`.
  ///
  /// - Throws: if it cannot be written; the file is then lost, and only `close()` may follow.
  public func flush() throws(HDF5Error) {
    if let failure = failure.withLock({ $0 }) { throw failure }
    try abandoningOnFailure { () throws(HDF5Error) in
      _ = try check("write", path, H5Fflush(id, H5F_SCOPE_LOCAL))
    }
  }

  /// Writes what is buffered and closes the file and its data sets; nothing can be read or written through it after
  /// that.
  ///
  /// - Throws: if any of the file's data could not be written, also if it was an earlier write that failed late.
  public func close() throws(HDF5Error) {
    try flush()
    try abandoningOnFailure { () throws(HDF5Error) in
      _ = try check("write", path, H5Fclose(id))
    }
  }

  /// Whether something that was buffered could not be written.
  var isAbandoned: Bool { failure.withLock { $0 != nil } }

  /// Runs a call that writes buffers; a failure abandons the file.
  func abandoningOnFailure(_ body: () throws(HDF5Error) -> Void) throws(HDF5Error) {
    do throws(HDF5Error) {
      try body()
    } catch {
      failure.withLock { $0 = $0 ?? error }
      throw error
    }
  }

  /// Bytes of the file.
  var byteCount: Int {
    get throws(HDF5Error) {
      var count: hsize_t = 0
      try check("read the size of", path, H5Fget_filesize(id, &count))
      return Int(clamping: count)
    }
  }

  /// How errors name an object in the file.
  func subject(_ objectPath: String) -> String { "\(objectPath.shownName) in \(path)" }
}

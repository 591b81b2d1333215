internal import CHDF5
internal import Glibc
internal import Synchronization

/// The bytes of a file, mapped into memory, so that what a caller has checked is what `HDF5File.open(_:)` then opens.
///
/// That holds for files that are replaced by others, as `AtomicFile` does, not written in place.
public final class HDF5Image: @unchecked Sendable {
  /// The file's name as it was given.
  public let path: String
  /// All bytes of the file; they live as long as the image.
  public let bytes: UnsafeRawBufferPointer

  /// Maps a file; nothing is read yet.
  ///
  /// - Throws: where the file is missing, not readable, or no regular file.
  public init(of path: String) throws(HDF5Error) {
    func failure(_ reason: String) -> HDF5Error { HDF5Error(operation: "open", subject: path, reason: reason) }
    func systemFailure() -> HDF5Error { failure(String(cString: strerror(errno))) }
    // Without O_NONBLOCK the opening of a pipe waits for its writer.
    let file = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw errno == ENOENT ? failure("there is no such file") : systemFailure() }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw systemFailure() }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw failure("it is a directory, expected an HDF5 file") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw failure("it is no regular file, expected an HDF5 file") }
    let count = Int(status.st_size)
    guard count > 0 else { throw failure("the file is empty, expected an HDF5 file") }
    guard let memory = mmap(nil, count, PROT_READ, MAP_PRIVATE, file, 0), memory != MAP_FAILED else {
      throw systemFailure()
    }
    self.path = path
    bytes = UnsafeRawBufferPointer(start: memory, count: count)
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}

extension HDF5File {
  /// Opens what an image holds, for reading, without a copy of it.
  ///
  /// - Throws: if it is not HDF5, or damaged.
  public static func open(_ image: HDF5Image) throws(HDF5Error) -> HDF5File {
    let path = image.path
    let accessList = try makeAccessList(path)
    defer { release(accessList) }
    try check("open", path, H5Pset_fapl_core(accessList, 1 << 20, false))
    let memory = UnsafeMutableRawPointer(mutating: image.bytes.baseAddress)
    // The library asks for copies of the image, and always gets the image. It does not write to what it only reads.
    var callbacks = H5FD_file_image_callbacks_t(
      image_malloc: { _, _, image in image },
      image_memcpy: { destination, _, _, _, _ in destination },
      image_realloc: { _, _, _, _ in nil },
      image_free: { _, _, _ in 0 },
      udata_copy: { $0 },
      udata_free: { _ in 0 },
      udata: memory)
    try check("open", path, H5Pset_file_image_callbacks(accessList, &callbacks))
    try check("open", path, H5Pset_file_image(accessList, memory, image.bytes.count))
    // The library takes images of one name for one file.
    let name = "\(path) (image \(imageNumber.add(1, ordering: .relaxed).newValue))"
    let id = try check("open", path, H5Fopen(name, chdf5_read_only(), accessList))
    return HDF5File(path: path, id: id, isWritable: false, image: image)
  }

  /// Of the last image that was opened.
  private static let imageNumber = Atomic<Int>(0)
}

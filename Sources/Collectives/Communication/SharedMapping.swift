internal import CMPI
import Foundation
import Glibc

/// Memory of no file system that the ranks of a machine map alike: for where /dev/shm is too small, in which MPI puts
/// what it shares. In a container it has 64 MB unless more is asked for.
final class SharedMapping {
  let base: UnsafeMutableRawPointer
  private let byteCount: Int

  /// Collective over the ranks of one machine; rank 0 gives the memory, the others find it through `/proc`.
  ///
  /// - Throws: on all ranks, where one of them cannot have it.
  init(byteCount: Int, node: MPICommunicator) throws(CollectiveError) {
    self.byteCount = byteCount
    var reason = ""
    var file: Int32 = -1
    if node.isRoot {
      file = cmpi_memory_file(byteCount)
      // A file of holes would end a rank that writes where there is no more memory.
      let status: Int32 = file < 0 ? errno : posix_fallocate(file, 0, off_t(byteCount))
      if status != 0 { reason = "memfd_create: \(String(cString: strerror(status)))" }
    }
    let path = try node.broadcast("/proc/\(getpid())/fd/\(file)", from: 0)
    if !node.isRoot {
      file = open(path, O_RDWR | O_CLOEXEC)
      if file < 0 { reason = "\(path): \(String(cString: strerror(errno)))" }
    }
    let mapped = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
    if reason.isEmpty && mapped == MAP_FAILED { reason = "mmap: \(String(cString: strerror(errno)))" }
    // Rank 0's file is open until all have mapped it.
    let reasons = try node.allGather(Array(reason.utf8))
    if file >= 0 { Glibc.close(file) }
    if let failed = reasons.first(where: { !$0.isEmpty }) {
      if let mapped, mapped != MAP_FAILED { munmap(mapped, byteCount) }
      throw CollectiveError(
        operation: "shared memory",
        reason: "\(String(decoding: failed, as: UTF8.self)) (\(byteCount >> 20) MiB, for which /dev/shm is too small; "
          + "give it more room, or do without: --exchange mpi)")
    }
    guard let mapped else { throw CollectiveError(operation: "shared memory", reason: "mapped at address 0") }
    base = mapped
  }

  func close() { munmap(base, byteCount) }

  // MARK: Whether it is needed

  /// Bytes that are left where MPI puts what the ranks of a machine share; nil where no one knows.
  static var freeBytes: Int? {
    var status = statvfs()
    guard statvfs("/dev/shm", &status) == 0 else { return nil }
    return Int(status.f_bavail) * Int(status.f_frsize)
  }

  /// Bytes there that Open MPI takes for each rank's messages, 4 MiB and what belongs to them.
  static let messageBytes = 5 << 20
}

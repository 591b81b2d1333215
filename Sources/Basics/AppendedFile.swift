import Foundation

/// A file that a run adds to as it goes: each piece is there whole, or not at all where the disk is full.
///
/// It is opened at the first piece and stays open. A link of its name is not followed.
public final class AppendedFile {
  public let path: String
  private var descriptor: Int32 = -1

  public init(_ path: String) { self.path = path }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Adds a line and its end.
  ///
  /// - Throws: as `append(_:)`.
  public func append(line: String) throws { try append(Array((line + "\n").utf8)) }

  /// Adds bytes.
  ///
  /// - Throws: where the file cannot be opened or written; what stood in it is then untouched.
  public func append(_ bytes: [UInt8]) throws {
    try Whereabouts.handling("write \(path)") { try appendNow(bytes) }
  }

  private func appendNow(_ bytes: [UInt8]) throws {
    if descriptor < 0 {
      descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw systemFailure("open", path, errno, isOfRun: true) }
    }
    let end = lseek(descriptor, 0, SEEK_END)
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        written += count
      } else if errno != EINTR {
        let error = systemFailure("write", path, errno, isOfRun: true)
        ftruncate(descriptor, end)
        throw error
      }
    }
  }

  /// Waits until what has been added is on the disk.
  public func sync() throws {
    guard descriptor >= 0 else { return }
    let status = Whereabouts.handling("sync \(path)") { fsync(descriptor) }
    if status != 0 { throw systemFailure("sync", path, errno, isOfRun: true) }
  }
}

import Basics
import Foundation
import Synchronization

extension PictureFile {
  /// Larger files are no pictures that anyone trains on.
  private static let byteLimit = 1 << 30
  /// As much of a file as holds what stands in front of the pixels, as a rule: EXIF alone may have 64 KiB.
  private static let headSize = 1 << 17

  /// Reads a file into memory and what stands in front of its pixels.
  init(fileAt path: String) throws(BrokenFile) {
    try self.init(try Self.bytes(of: path, limit: .max))
  }

  /// Reads what stands in front of a file's pixels.
  static func header(ofFileAt path: String) throws(BrokenFile) -> Header {
    let head = try bytes(of: path, limit: headSize)
    do { return try PictureFile(head).header } catch {
      guard head.count == headSize else { throw error }
      return try PictureFile(fileAt: path).header
    }
  }

  private static func bytes(of path: String, limit: Int) throws(BrokenFile) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw BrokenFile("cannot be opened: \(String(cString: strerror(errno)))") }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw BrokenFile("is no regular file") }
    let size = Int(status.st_size)
    guard size <= byteLimit else {
      throw BrokenFile("has \(byteText(Double(size))), more than the \(byteText(Double(byteLimit))) a picture may have")
    }
    var code: Int32 = 0
    let wanted = min(size, limit)
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
      filled = 0
      while filled < wanted {
        let count = read(file, buffer.baseAddress.map { $0 + filled }, wanted - filled)
        if count < 0, errno == EINTR { continue }
        if count < 0 { code = errno }
        guard count > 0 else { return }
        filled += count
      }
    }
    guard code == 0 else { throw BrokenFile("cannot be read: \(String(cString: strerror(code)))") }
    return bytes
  }

  /// Pictures of more pixels take their turn, so that memory does not grow with the cores.
  private static let largePixels = 1 << 25
  private static let turn = Mutex(())

  /// Does what needs the pixels in memory.
  func waitingIfLarge(_ body: () throws(BrokenFile) -> Void) throws(BrokenFile) {
    guard header.width * header.height > Self.largePixels else { return try body() }
    try Self.turn.withLock { _ throws(BrokenFile) in try body() }
  }
}

import Basics
internal import CZlib
import Foundation

/// Bytes that are read once from front to back: a file, or a member of an archive.
protocol ByteSource: AnyObject {
  /// What errors call it.
  var path: String { get }
  /// More bytes than these it cannot have, whatever a header in it says.
  var byteLimit: Int { get }

  /// Reads until `buffer` is full or the bytes end, and returns the number of bytes read.
  ///
  /// - Throws: `Failure` if reading fails, or what is read is damaged or cut short.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// Deflate, which gzip and zip use, makes at most so many bytes of one.
let deflateLimit = 1032

/// A file read once from front to back, plain or gzip-compressed. Which of the two it is, its content decides, not its
/// name.
final class SourceFile: ByteSource {
  let path: String
  let byteLimit: Int
  private let handle: gzFile
  /// Bytes of the file, compressed or not, that have been read.
  private var offset = 0
  /// The part of the reading that counts as progress.
  private let share: Double

  /// - Parameters:
  ///   - counts: whether what is read counts as progress; not where it is read once more.
  ///   - name: what errors call the file; nil for its path.
  ///   - share: the part of the reading that counts, where the file is read several times.
  /// - Throws: `Failure` if `path` is missing, unreadable or a directory.
  init(path: String, counts: Bool = true, called name: String? = nil, share: Double = 1) throws {
    self.share = counts ? share : 0
    try Self.requireFile(path)
    // A pipe may have any number of bytes.
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    let isRegular = attributes?[.type] as? FileAttributeType == .typeRegular
    let size = isRegular ? (attributes?[.size] as? NSNumber)?.intValue : nil
    byteLimit = size.map { $0 * deflateLimit } ?? .max
    // The pipe behind standard input may belong to another user, and cannot be opened anew then.
    let opened = path == "/dev/stdin" ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(path, "rb")
    guard let handle = opened else {
      throw Failure.data("\(path): cannot be opened: \(systemErrorText())")
    }
    gzbuffer(handle, 1 << 18)
    self.path = name ?? path
    self.handle = handle
  }

  deinit { gzclose(handle) }

  /// - Throws: `Failure` if `path` is missing or a directory.
  static func requireFile(_ path: String) throws {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw Failure.data("\(path): no such file")
    }
    guard !isDirectory.boolValue else { throw Failure.data("\(path): is a directory, expected a file") }
  }

  /// Reads until `buffer` is full or the file ends, and returns the number of bytes read.
  ///
  /// - Throws: `Failure` if reading fails or a gzip stream is damaged or cut short.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count, let base = buffer.baseAddress {
      let wanted = min(buffer.count - filled, 1 << 30)
      let count = Int(gzread(handle, base + filled, UInt32(wanted)))
      // A gzip stream that stops early is no failure to gzread: it returns what there is and leaves Z_BUF_ERROR behind.
      var status = Z_OK
      let text = gzerror(handle, &status).map { String(cString: $0) } ?? ""
      if status == Z_BUF_ERROR { throw Failure.data("\(path): truncated gzip file; fetch or copy it again") }
      if count < 0 || status != Z_OK {
        let reason = status == Z_ERRNO ? systemErrorText() : text.replacingOccurrences(of: "\(path): ", with: "")
        throw Failure.data("\(path): cannot be read: \(reason)")
      }
      if count == 0 { break }
      filled += count
      report()
    }
    return filled
  }

  private func report() {
    guard share > 0 else { return }
    let now = Int(gzoffset(handle))
    WorkProgress.advance(by: Int(share * Double(max(0, now - offset))))
    offset = now
  }
}

extension ByteSource {
  /// Reads at most `count` bytes.
  func read(count: Int) throws -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
    defer { buffer.deallocate() }
    return [UInt8](buffer.prefix(try read(into: buffer)))
  }

  /// Reads to the end and returns the number of bytes passed over, which also checks a gzip stream's checksum.
  func skipToEnd() throws -> Int {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { buffer.deallocate() }
    var total = 0
    while true {
      let count = try read(into: buffer)
      total += count
      if count < buffer.count { return total }
    }
  }
}

/// The C library's text for the last failed call.
private func systemErrorText() -> String { String(cString: strerror(errno)) }

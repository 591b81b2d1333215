import Basics
internal import CZlib
import Foundation

/// A zip archive, as PKWARE's APPNOTE describes it, also with the 64-bit sizes that NumPy writes: its directory, and
/// its members to read from front to back.
///
/// Nothing that the file says of sizes and places is believed before it is held against the size of the file.
final class ZipArchive {
  /// What the directory says of a member.
  struct Entry {
    let name: String
    let isEncrypted: Bool
    /// 0 for stored, 8 for deflated.
    let method: Int
    /// CRC-32 of the content.
    let checksum: UInt
    /// Bytes in the archive.
    let packedSize: Int
    /// Bytes of the content.
    let size: Int
    /// Where its own header is.
    let place: Int
  }

  let path: String
  let entries: [Entry]
  private let file: RandomAccessFile

  /// Reads the directory.
  ///
  /// - Throws: `Failure` if `path` is no file, or no zip archive that is whole.
  init(path: String) throws {
    try SourceFile.requireFile(path)
    self.path = path
    file = try RandomAccessFile(path: path)
    entries = try Self.directory(of: file)
  }

  /// Opens a member.
  ///
  /// - Parameter label: what errors call it, behind the archive's name.
  func open(_ entry: Entry, as label: String) throws -> ZipMember {
    let name = "\(path): \(label)"
    guard !entry.isEncrypted else { throw Failure.data("\(name): is encrypted; write it with numpy.savez") }
    guard entry.method == 0 || entry.method == 8 else {
      throw Failure.data("\(name): is compressed by method \(entry.method), expected stored or deflated (0 or 8)")
    }
    let header = try file.read(at: entry.place, count: 30)
    guard header.number(at: 0, size: 4) == 0x0403_4b50, let nameSize = header.number(at: 26, size: 2),
      let extraSize = header.number(at: 28, size: 2)
    else { throw damaged(path) }
    let start = entry.place + 30 + nameSize + extraSize
    guard entry.packedSize <= file.byteCount - start else { throw damaged(path) }
    let isPossible =
      entry.method == 0 ? entry.size == entry.packedSize : entry.size / deflateLimit <= entry.packedSize
    guard isPossible else { throw damaged(path) }
    return try ZipMember(name, entry, start: start, of: file)
  }

  /// The entries in the order of the directory.
  private static func directory(of file: RandomAccessFile) throws -> [Entry] {
    let path = file.path
    let tailSize = min(file.byteCount, endSize + 0xffff)
    let tailStart = file.byteCount - tailSize
    let tail = try file.read(at: tailStart, count: tailSize)
    // The end record is the last thing in the file but for a comment, whose length it tells.
    let ends = stride(from: tail.count - endSize, through: 0, by: -1)
    guard
      let end = ends.first(where: {
        tail.number(at: $0, size: 4) == 0x0605_4b50
          && tail.number(at: $0 + 20, size: 2) == tail.count - endSize - $0
      }), var count = tail.number(at: end + 10, size: 2), var size = tail.number(at: end + 12, size: 4),
      var place = tail.number(at: end + 16, size: 4)
    else {
      let start = try file.read(at: 0, count: min(8, file.byteCount))
      guard start.starts(with: Array("PK".utf8)) else {
        let found = KnownFile.remedy(start) ?? "it should begin with PK; write it with numpy.savez"
        throw Failure.data("\(path): not a zip archive: \(found)")
      }
      throw Failure.data(
        "\(path): truncated: the directory at the end of the archive is missing; fetch or copy it again")
    }
    if count == 0xffff || size == 0xffff_ffff || place == 0xffff_ffff {
      guard end >= 20, tail.number(at: end - 20, size: 4) == 0x0706_4b50,
        let recordPlace = tail.number(at: end - 12, size: 8)
      else { throw damaged(path) }
      let record = try file.read(at: recordPlace, count: 56)
      guard record.number(at: 0, size: 4) == 0x0606_4b50, let largeCount = record.number(at: 32, size: 8),
        let largeSize = record.number(at: 40, size: 8), let largePlace = record.number(at: 48, size: 8)
      else { throw damaged(path) }
      (count, size, place) = (largeCount, largeSize, largePlace)
    }
    guard size <= 1 << 26 else { throw damaged(path) }
    let bytes = try file.read(at: place, count: size)
    var entries: [Entry] = []
    var offset = 0
    while entries.count < count {
      guard let entry = Entry(bytes, at: &offset) else { throw damaged(path) }
      entries.append(entry)
    }
    return entries
  }

  /// The end record without a comment.
  private static let endSize = 22
}

extension ZipArchive.Entry {
  /// Reads the entry at `offset` of the directory, and moves on to the next.
  fileprivate init?(_ bytes: [UInt8], at offset: inout Int) {
    func field(_ place: Int, _ size: Int) -> Int? { bytes.number(at: offset + place, size: size) }
    guard field(0, 4) == 0x0201_4b50, let flags = field(8, 2), let method = field(10, 2), let checksum = field(16, 4),
      var packedSize = field(20, 4), var size = field(24, 4), let nameSize = field(28, 2),
      let extraSize = field(30, 2), let commentSize = field(32, 2), var place = field(42, 4)
    else { return nil }
    let nameStart = offset + 46, extraStart = nameStart + nameSize, extraEnd = extraStart + extraSize
    guard extraEnd + commentSize <= bytes.count else { return nil }
    // The sizes that do not fit 32 bits stand in the extra field of kind 1, in this order.
    var extra = extraStart
    while extra + 4 <= extraEnd, let kind = bytes.number(at: extra, size: 2),
      let length = bytes.number(at: extra + 2, size: 2), extra + 4 + length <= extraEnd
    {
      if kind == 1 {
        var next = extra + 4
        func large(_ value: Int) -> Int? {
          guard value == 0xffff_ffff else { return value }
          defer { next += 8 }
          return next + 8 <= extra + 4 + length ? bytes.number(at: next, size: 8) : nil
        }
        guard let largeSize = large(size), let largePackedSize = large(packedSize), let largePlace = large(place)
        else { return nil }
        (size, packedSize, place) = (largeSize, largePackedSize, largePlace)
      }
      extra += 4 + length
    }
    name = String(decoding: bytes[nameStart..<extraStart], as: UTF8.self)
    isEncrypted = flags & 1 == 1
    (self.method, self.checksum) = (method, UInt(checksum))
    (self.packedSize, self.size, self.place) = (packedSize, size, place)
    offset = extraEnd + commentSize
  }
}

/// The content of a member of a zip archive.
final class ZipMember: ByteSource {
  let path: String
  var byteLimit: Int { entry.size }
  private let entry: ZipArchive.Entry
  private let file: RandomAccessFile
  /// The next byte in the archive, and the first that is not the member's.
  private var next: Int
  private let end: Int
  /// Of the content so far.
  private var produced = 0
  private var checksum = crc32(0, nil, 0)
  /// What is inflated, and its state; nil where the member is stored.
  private var stream: UnsafeMutablePointer<z_stream>?
  private let packed: UnsafeMutableBufferPointer<UInt8>

  fileprivate init(_ path: String, _ entry: ZipArchive.Entry, start: Int, of file: RandomAccessFile) throws {
    (self.path, self.entry, self.file) = (path, entry, file)
    (next, end) = (start, start + entry.packedSize)
    packed = .allocate(capacity: 1 << 18)
    guard entry.method == 8 else { return }
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    self.stream = stream
    // Negative: without the header that zlib puts before its own streams.
    let status = inflateInit2_(stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw Failure.data("\(path): cannot be inflated: zlib error \(status)") }
  }

  deinit {
    if let stream {
      inflateEnd(stream)
      stream.deallocate()
    }
    packed.deallocate()
  }

  /// - Throws: `Failure` if the content is cut short, damaged, or not what its checksum says.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count, produced < entry.size {
      let wanted = min(buffer.count - filled, entry.size - produced, 1 << 30)
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + wanted])
      let count = try stream.map { try inflated(into: part, $0) } ?? stored(into: part)
      checksum = crc32_z(checksum, part.bindMemory(to: UInt8.self).baseAddress, count)
      filled += count
      produced += count
      guard produced < entry.size || checksum == entry.checksum else { throw damaged(path) }
    }
    return filled
  }

  private func stored(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let bytes = try file.read(at: next, count: min(buffer.count, packed.count, end - next))
    guard !bytes.isEmpty else { throw damaged(path) }
    buffer.copyBytes(from: bytes)
    next += bytes.count
    return bytes.count
  }

  /// Inflates at least one byte.
  private func inflated(
    into buffer: UnsafeMutableRawBufferPointer, _ stream: UnsafeMutablePointer<z_stream>
  ) throws -> Int {
    stream.pointee.next_out = buffer.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.avail_out = UInt32(buffer.count)
    while true {
      if stream.pointee.avail_in == 0 {
        let bytes = try file.read(at: next, count: min(packed.count, end - next))
        _ = packed.update(fromContentsOf: bytes)
        next += bytes.count
        stream.pointee.next_in = packed.baseAddress
        stream.pointee.avail_in = UInt32(bytes.count)
      }
      let hasInput = stream.pointee.avail_in > 0
      let status = inflate(stream, Z_NO_FLUSH)
      let count = buffer.count - Int(stream.pointee.avail_out)
      if count > 0, status == Z_OK || status == Z_STREAM_END { return count }
      // Neither output nor the end, so that there has to be more input.
      guard status == Z_OK, hasInput else { throw damaged(path) }
    }
  }
}

/// A file that is read at any place.
private final class RandomAccessFile {
  let path: String
  let byteCount: Int
  private let handle: FileHandle

  init(path: String) throws {
    self.path = path
    do {
      handle = try FileHandle(forReadingFrom: URL(filePath: path))
      byteCount = Int(clamping: try handle.seekToEnd())
    } catch { throw Failure.data("\(path): cannot be opened: \(error.localizedDescription)") }
  }

  /// - Throws: `Failure` if the file has not all of these bytes; no memory is taken for them before.
  func read(at place: Int, count: Int) throws -> [UInt8] {
    guard place >= 0, count >= 0, place <= byteCount, count <= byteCount - place else { throw damaged(path) }
    do {
      try handle.seek(toOffset: UInt64(place))
      let data = count > 0 ? try handle.read(upToCount: count) ?? Data() : Data()
      guard data.count == count else { throw damaged(path) }
      WorkProgress.advance(by: count)
      return [UInt8](data)
    } catch let error as Failure {
      throw error
    } catch { throw Failure.data("\(path): cannot be read: \(error.localizedDescription)") }
  }
}

private func damaged(_ path: String) -> Failure {
  .data("\(path): damaged: sizes, places or checksum of the zip archive do not fit; fetch or copy it again")
}

extension [UInt8] {
  /// The little-endian number of `size` bytes at `offset`; nil where there are no such bytes, or it is no `Int`.
  func number(at offset: Int, size: Int) -> Int? {
    guard offset >= 0, offset <= count - size else { return nil }
    return Int(exactly: self[offset..<offset + size].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }
}

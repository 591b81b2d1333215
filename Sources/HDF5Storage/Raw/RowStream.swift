internal import Basics
internal import CZlib
internal import Glibc

/// Reads rows of samples again and again, as fast as they can be had: plain bytes straight from the file, chunks of
/// the usual filters inflated on the calling thread, all else by the library.
///
/// What it gives is what `SampleRows.read` gives. One thread at a time may use it.
public final class RowStream: @unchecked Sendable {
  /// How rows are read.
  public enum Path: Sendable {
    case bytes, chunks, library
  }

  public let path: Path

  private let rows: any SampleRows
  private let storage: RawStorage?
  private let descriptor: Int32
  /// The rows of the chunk that was read last.
  private var decodedRows = 0..<0
  private var decoded: [UInt8] = []
  private var stored: [UInt8] = []
  private var shuffled: [UInt8] = []
  private let inflater = Inflater()

  public init(_ rows: any SampleRows) throws(HDF5Error) {
    self.rows = rows
    let found = try (rows as? HDF5Dataset)?.rawStorage()
    let descriptor = found.map { open($0.file, O_RDONLY | O_CLOEXEC) } ?? -1
    (storage, self.descriptor) = (descriptor < 0 ? nil : found, descriptor)
    switch storage?.layout {
    case .contiguous?: path = .bytes
    case .chunks?: path = .chunks
    case nil: path = .library
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Reads rows in the data set's own type and the machine's byte order.
  ///
  /// - Parameter destination: overwritten; exactly the bytes of the rows.
  /// - Precondition: the rows are among those of the data set.
  public func read(rows: Range<Int>, into destination: UnsafeMutableRawBufferPointer) throws(HDF5Error) {
    switch storage?.layout {
    case nil: try self.rows.read(rows: rows, into: destination)
    case .contiguous(let offset)?:
      precondition(destination.count == rows.count * rowByteCount, "\(destination.count) bytes for rows \(rows)")
      try readBytes(at: offset + rows.lowerBound * rowByteCount, into: destination)
    case .chunks(let chunkRows, _, _)?:
      precondition(destination.count == rows.count * rowByteCount, "\(destination.count) bytes for rows \(rows)")
      var row = rows.lowerBound
      while row < rows.upperBound {
        if !decodedRows.contains(row) { try decode(chunk: row / chunkRows, chunkRows) }
        let end = min(rows.upperBound, decodedRows.upperBound)
        let start = (row - decodedRows.lowerBound) * rowByteCount, count = (end - row) * rowByteCount
        decoded.withUnsafeBytes { decoded in
          UnsafeMutableRawBufferPointer(
            rebasing: destination[(row - rows.lowerBound) * rowByteCount..<destination.count]
          )
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: decoded[start..<start + count]))
        }
        row = end
      }
    }
  }

  /// Gives the memory of the chunk that was read last back.
  public func forget() { (decodedRows, decoded, stored, shuffled) = (0..<0, [], [], []) }

  private var rowByteCount: Int { storage?.rowByteCount ?? 0 }

  private func failure(_ reason: String) -> HDF5Error {
    HDF5Error(operation: "read", subject: rows.file.subject(rows.path), reason: reason)
  }

  private func readBytes(at offset: Int, into destination: UnsafeMutableRawBufferPointer) throws(HDF5Error) {
    try Whereabouts.handling("read \(rows.file.subject(rows.path))", byteCount: destination.count) {
      () throws(HDF5Error) in try readBytesNow(at: offset, into: destination)
    }
  }

  private func readBytesNow(at offset: Int, into destination: UnsafeMutableRawBufferPointer) throws(HDF5Error) {
    var done = 0
    while done < destination.count {
      let count = pread(
        descriptor, destination.baseAddress?.advanced(by: done), destination.count - done, offset + done)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure(String(cString: strerror(errno))) }
      guard count > 0 else {
        throw failure(
          "the file ends before byte \(grouped(offset + destination.count)), which was there before; it was truncated "
            + "meanwhile: copy or download it again")
      }
      done += count
    }
  }

  /// Unpacks a chunk into `decoded`.
  private func decode(chunk index: Int, _ chunkRows: Int) throws(HDF5Error) {
    guard case .chunks(_, let isShuffled, let isCompressed)? = storage?.layout else { return }
    let first = index * chunkRows, own = first..<min(first + chunkRows, rows.rowCount)
    let byteCount = chunkRows * rowByteCount
    if decoded.count != byteCount { decoded = [UInt8](repeating: 0, count: byteCount) }
    decodedRows = 0..<0
    // What does not get smaller is stored as it is, or a little longer.
    let limit = byteCount + byteCount / 2 + 1024
    guard let place = try (rows as? HDF5Dataset)?.readChunk(fromRow: first, limit: limit, into: &stored) else {
      // Never written: the library knows the fill value.
      try withBytes(\.decoded) { (bytes) throws(HDF5Error) in
        try rows.read(
          rows: own, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<(own.count * rowByteCount)]))
      }
      decodedRows = own
      return
    }
    // Filters are counted from the first; a chunk may have been left as it was by some.
    let unshuffles = isShuffled && place.skippedFilters & 1 == 0 && elementByteCount > 1
    let inflates = isCompressed && place.skippedFilters >> (isShuffled ? 1 : 0) & 1 == 0
    if unshuffles, shuffled.count != byteCount { shuffled = [UInt8](repeating: 0, count: byteCount) }
    try withBytes(unshuffles ? \.shuffled : \.decoded) { (bytes) throws(HDF5Error) in
      let isWhole = stored.withUnsafeBytes { stored in
        let source = UnsafeRawBufferPointer(rebasing: stored[..<place.byteCount])
        if inflates { return inflater.inflate(source, into: bytes) }
        guard source.count == bytes.count else { return false }
        bytes.copyMemory(from: source)
        return true
      }
      guard isWhole else { throw damaged(first) }
    }
    if unshuffles {
      shuffled.withUnsafeBytes { source in
        decoded.withUnsafeMutableBytes { unshuffle(source, elementByteCount: elementByteCount, into: $0) }
      }
    }
    decodedRows = own
  }

  private var elementByteCount: Int { storage?.elementByteCount ?? 1 }

  private func damaged(_ row: Int) -> HDF5Error {
    failure("its chunk of row \(row) does not unpack to what it should; the file is damaged: copy or download it again")
  }

  private func withBytes(
    _ path: ReferenceWritableKeyPath<RowStream, [UInt8]>,
    _ body: (UnsafeMutableRawBufferPointer) throws(HDF5Error) -> Void
  ) throws(HDF5Error) {
    var bytes: [UInt8] = []
    swap(&bytes, &self[keyPath: path])
    defer { swap(&bytes, &self[keyPath: path]) }
    var failure: HDF5Error?
    bytes.withUnsafeMutableBytes { pointer in
      do throws(HDF5Error) { try body(pointer) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}

internal import CZlib

/// Inflates streams of zlib one after the other, in memory that is kept.
final class Inflater {
  private var stream = z_stream()
  private var isReady = false

  deinit { if isReady { inflateEnd(&stream) } }

  /// - Returns: whether `source` is one whole stream that fills `destination`.
  func inflate(_ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer) -> Bool {
    if !isReady {
      guard inflateInit_(&stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return false }
      isReady = true
    } else if inflateReset(&stream) != Z_OK {
      return false
    }
    guard let count = UInt32(exactly: source.count), let room = UInt32(exactly: destination.count) else { return false }
    stream.next_in = UnsafeMutablePointer(mutating: source.assumingMemoryBound(to: UInt8.self).baseAddress)
    stream.avail_in = count
    stream.next_out = destination.assumingMemoryBound(to: UInt8.self).baseAddress
    stream.avail_out = room
    return CZlib.inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_out == 0
  }
}

/// Undoes the filter `shuffle`, which writes all first bytes of the elements, then all second ones, and so on.
///
/// - Parameter destination: as many bytes as `source`, whole elements.
func unshuffle(
  _ source: UnsafeRawBufferPointer, elementByteCount: Int, into destination: UnsafeMutableRawBufferPointer
) {
  switch elementByteCount {
  case 2: gather(source, destination.assumingMemoryBound(to: UInt16.self))
  case 4: gather(source, destination.assumingMemoryBound(to: UInt32.self))
  case 8: gather(source, destination.assumingMemoryBound(to: UInt64.self))
  default: destination.copyMemory(from: source)
  }
}

@inline(__always)
private func gather<T: FixedWidthInteger>(
  _ source: UnsafeRawBufferPointer, _ destination: UnsafeMutableBufferPointer<T>
) {
  let count = destination.count
  guard let bytes = source.baseAddress?.assumingMemoryBound(to: UInt8.self), let output = destination.baseAddress else {
    return
  }
  for index in 0..<count {
    var element: T = 0
    for byte in 0..<MemoryLayout<T>.size {
      element |= T(truncatingIfNeeded: bytes[byte &* count &+ index]) &<< T(truncatingIfNeeded: 8 &* byte)
    }
    output[index] = element
  }
}

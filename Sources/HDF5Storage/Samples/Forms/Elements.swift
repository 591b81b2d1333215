/// Moves elements of any type by their size alone.
enum Elements {
  /// Copies `byteCount` bytes; few at a time faster than by a call.
  @inline(__always)
  static func copy(
    _ source: UnsafeRawBufferPointer, _ from: Int, _ destination: UnsafeMutableRawBufferPointer, _ to: Int,
    byteCount: Int
  ) {
    switch byteCount {
    case 1: destination[to] = source[from]
    case 4:
      destination.storeBytes(
        of: source.loadUnaligned(fromByteOffset: from, as: UInt32.self), toByteOffset: to, as: UInt32.self)
    case 8:
      destination.storeBytes(
        of: source.loadUnaligned(fromByteOffset: from, as: UInt64.self), toByteOffset: to, as: UInt64.self)
    default:
      UnsafeMutableRawBufferPointer(rebasing: destination[to..<to + byteCount])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[from..<from + byteCount]))
    }
  }

  /// destination[places[i]] = source[i]
  static func scatter(
    _ source: UnsafeRawBufferPointer, to places: ArraySlice<Int>, of destination: UnsafeMutableRawBufferPointer,
    size: Int
  ) {
    for (index, place) in places.enumerated() {
      copy(source, index * size, destination, place * size, byteCount: size)
    }
  }

  /// Copies columns of rows: destination[row, to] = source[row, from].
  ///
  /// - Parameters:
  ///   - widths: the elements of a row of the source and of the destination.
  ///   - columns: pairs of a place in a row of the source and one of the destination.
  static func gather(
    _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, rows: Int,
    widths: (source: Int, destination: Int), _ columns: [(from: Int, to: Int)], size: Int
  ) {
    for row in 0..<rows {
      for (from, to) in columns {
        copy(
          source, (row * widths.source + from) * size, destination, (row * widths.destination + to) * size,
          byteCount: size)
      }
    }
  }
}

extension Elements {
  /// Stores one number as an element of `type`, whose range it is in.
  static func store(
    _ number: Double, as type: ElementType, in destination: UnsafeMutableRawBufferPointer, at offset: Int
  ) {
    func put<T: BitwiseCopyable>(_ value: T) { destination.storeBytes(of: value, toByteOffset: offset, as: T.self) }
    switch type {
    case .int8: put(Int8(clamping: Int(number)))
    case .int16: put(Int16(clamping: Int(number)))
    case .int32: put(Int32(clamping: Int(number)))
    case .int64: put(Int64(number))
    case .uint8: put(UInt8(clamping: Int(number)))
    case .uint16: put(UInt16(clamping: Int(number)))
    case .uint32: put(UInt32(clamping: Int(number)))
    case .uint64: put(UInt64(clamping: Int(number)))
    case .float32: put(Float(number))
    case .float64: put(number)
    }
  }
}

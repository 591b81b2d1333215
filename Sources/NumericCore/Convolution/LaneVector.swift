/// A kernel's sums of neighbouring output channels, at one place of the image or at two. `apart` says how far the
/// second
/// place is from the first; vectors of one place ignore it.
protocol LaneVector {
  /// Output channels, a multiple of sixteen.
  static var channels: Int { get }
  init()
  init(_ pointer: UnsafePointer<Float>, apart: Int)
  /// self + vector · the input at `pointer`, rounded once.
  mutating func add(_ vector: Self, times pointer: UnsafePointer<Float>, apart: Int)
  /// Overwrites the first `count` channels by what `pointer` points to.
  mutating func load(_ pointer: UnsafePointer<Float>, apart: Int, count: Int)
  /// Stores the first `count` channels, zero in place of what is not above zero where `rectifies`; NaN stays.
  func store(to pointer: UnsafeMutablePointer<Float>, apart: Int, count: Int, rectifies: Bool)
  /// Adds the sums, those of all places together, to what `pointer` points to.
  func add(to pointer: UnsafeMutablePointer<Float>)
}

/// Sixteen channels at one place: a register of AVX-512, two of AVX2.
extension SIMD16<Float>: LaneVector {
  @inline(__always) static var channels: Int { 16 }

  @inline(__always)
  init(_ pointer: UnsafePointer<Float>, apart: Int) { self = Self(at: pointer) }

  @inline(__always)
  mutating func add(_ vector: Self, times pointer: UnsafePointer<Float>, apart: Int) {
    self = addingProduct(vector, Self(repeating: pointer.pointee))
  }

  @inline(__always)
  mutating func load(_ pointer: UnsafePointer<Float>, apart: Int, count: Int) {
    if count >= Self.channels {
      self = Self(pointer, apart: 0)
    } else {
      for lane in 0..<Swift.max(0, count) { self[lane] = pointer[lane] }
    }
  }

  @inline(__always)
  func store(to pointer: UnsafeMutablePointer<Float>, apart: Int, count: Int, rectifies: Bool) {
    let values = rectifies ? rectified : self
    if count >= Self.channels {
      values.store(to: pointer)
    } else {
      for lane in 0..<Swift.max(0, count) { pointer[lane] = values[lane] }
    }
  }

  @inline(__always)
  func add(to pointer: UnsafeMutablePointer<Float>) {
    (Self(pointer, apart: 0) + self).store(to: pointer, apart: 0, count: Self.channels, rectifies: false)
  }
}

/// 32 channels at one place: two registers of AVX-512, as many as sixteen channels are on AVX2.
struct ChannelPair: LaneVector {
  private var low = SIMD16<Float>(), high = SIMD16<Float>()

  @inline(__always) static var channels: Int { 32 }
  @inline(__always) init() {}

  @inline(__always)
  init(_ pointer: UnsafePointer<Float>, apart: Int) {
    low = SIMD16(pointer, apart: 0)
    high = SIMD16(pointer + 16, apart: 0)
  }

  @inline(__always)
  mutating func add(_ vector: Self, times pointer: UnsafePointer<Float>, apart: Int) {
    low.add(vector.low, times: pointer, apart: 0)
    high.add(vector.high, times: pointer, apart: 0)
  }

  @inline(__always)
  mutating func load(_ pointer: UnsafePointer<Float>, apart: Int, count: Int) {
    low.load(pointer, apart: 0, count: count)
    high.load(pointer + 16, apart: 0, count: count - 16)
  }

  @inline(__always)
  func store(to pointer: UnsafeMutablePointer<Float>, apart: Int, count: Int, rectifies: Bool) {
    low.store(to: pointer, apart: 0, count: count, rectifies: rectifies)
    high.store(to: pointer + 16, apart: 0, count: count - 16, rectifies: rectifies)
  }

  @inline(__always)
  func add(to pointer: UnsafeMutablePointer<Float>) {
    low.add(to: pointer)
    high.add(to: pointer + 16)
  }
}

/// Sixteen channels at two places, for AVX-512 with no more channels: one register a place.
struct PlacePair: LaneVector {
  private var low = SIMD16<Float>(), high = SIMD16<Float>()

  @inline(__always) static var channels: Int { 16 }
  @inline(__always) init() {}

  @inline(__always)
  init(_ pointer: UnsafePointer<Float>, apart: Int) {
    low = SIMD16(pointer, apart: 0)
    high = SIMD16(pointer + apart, apart: 0)
  }

  @inline(__always)
  mutating func add(_ vector: Self, times pointer: UnsafePointer<Float>, apart: Int) {
    low.add(vector.low, times: pointer, apart: 0)
    high.add(vector.high, times: pointer + apart, apart: 0)
  }

  @inline(__always)
  mutating func load(_ pointer: UnsafePointer<Float>, apart: Int, count: Int) {
    low.load(pointer, apart: 0, count: count)
    high.load(pointer + apart, apart: 0, count: count)
  }

  @inline(__always)
  func store(to pointer: UnsafeMutablePointer<Float>, apart: Int, count: Int, rectifies: Bool) {
    low.store(to: pointer, apart: 0, count: count, rectifies: rectifies)
    high.store(to: pointer + apart, apart: 0, count: count, rectifies: rectifies)
  }

  @inline(__always)
  func add(to pointer: UnsafeMutablePointer<Float>) { (low + high).add(to: pointer) }
}

extension SIMD where Self: BitwiseCopyable {
  /// What stands from `pointer` on, wherever that is.
  @inline(__always)
  init(at pointer: UnsafePointer<Scalar>) { self = UnsafeRawPointer(pointer).loadUnaligned(as: Self.self) }

  /// Overwrites what stands from `pointer` on.
  @inline(__always)
  func store(to pointer: UnsafeMutablePointer<Scalar>) {
    UnsafeMutableRawPointer(pointer).storeBytes(of: self, as: Self.self)
  }
}

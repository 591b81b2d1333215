import Synchronization

/// Buffers for the packed parts of products, kept from one product to the next: a steady step allocates nothing.
/// Products that run at the same time take one each.
enum ProductMemory {
  private static let idle = Mutex<[FlatBuffer<Float>]>([])

  /// Calls `body` with at least `count` elements of undefined contents, on a cache-line boundary.
  static func with(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
    var buffer = idle.withLock { $0.popLast() } ?? FlatBuffer(count: max(1, count))
    if buffer.count < count { buffer = FlatBuffer(count: count) }
    if let start = buffer.view.baseAddress { body(start) }
    let used = buffer
    idle.withLock { $0.append(used) }
  }
}

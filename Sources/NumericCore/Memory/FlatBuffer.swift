import Basics
internal import Glibc

/// Elements without ownership: a view into a `FlatBuffer` or into shared memory.
///
/// Kernels compare the counts of their views once; indices are checked in debug builds.
public typealias BufferView<Element> = UnsafeMutableBufferPointer<Element>

extension UnsafeMutableBufferPointer {
  /// The elements of `range`, indexed from zero.
  @inlinable
  public func view(_ range: Range<Int>) -> BufferView<Element> { extracting(range) }
  /// The first `count` elements.
  @inlinable
  public func view(first count: Int) -> BufferView<Element> { extracting(0..<count) }
}

extension UnsafeMutableBufferPointer where Element: BitwiseCopyable {
  /// Overwrites all elements by zero bytes.
  ///
  /// One fill of memory also in code that is generic over the elements, where `update(repeating: 0)` is a call an
  /// element: 3 % of an LSTM's training.
  public func zero() {
    guard let baseAddress else { return }
    UnsafeMutableRawPointer(baseAddress)
      .initializeMemory(as: UInt8.self, repeating: 0, count: count * MemoryLayout<Element>.stride)
  }
}

/// Owns one zero-filled allocation, aligned to 64 bytes (a cache line and the widest vector), freed at the end of its
/// life.
public final class FlatBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  /// All of the elements. The view is valid as long as the owner lives.
  public let view: BufferView<Element>

  /// - Parameter count: elements.
  public init(count: Int) {
    let byteCount = Swift.max(1, count) * MemoryLayout<Element>.stride
    var allocated: UnsafeMutableRawPointer?
    guard posix_memalign(&allocated, memoryAlignment, byteCount) == 0, let bytes = allocated else {
      Self.giveUp(byteCount)
    }
    bytes.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    view = BufferView(start: bytes.bindMemory(to: Element.self, capacity: count), count: count)
  }

  public convenience init(_ elements: some Collection<Element>) {
    self.init(count: elements.count)
    _ = view.update(fromContentsOf: elements)
  }

  deinit { free(view.baseAddress) }

  /// Ends the program where there is no memory: what needs the buffer could do nothing without it.
  private static func giveUp(_ byteCount: Int) -> Never {
    Output.printError(
      "ddp-train: cannot allocate \(byteText(Double(byteCount))) of memory; use a smaller batch or model, fewer rows "
        + "or more machines")
    exit(ExitCode.data.rawValue)
  }

  public var count: Int { view.count }
}

/// In bytes: every buffer and every parameter starts at a multiple of this.
public let memoryAlignment = 64

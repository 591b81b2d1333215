import Glibc

/// Counts what a thread asks the C library for, in whatever code: the linker gives the functions below the names of the
/// library's, and the loader finds a program's own before those of any library.
enum AllocationCounter {
  /// The thread that takes the steps. Others, such as the watchdog's, have their own times.
  nonisolated(unsafe) static var thread: pthread_t?
  /// The thread's requests so far.
  nonisolated(unsafe) private(set) static var count = 0

  fileprivate static func note() { if thread == pthread_self() { count &+= 1 } }
}

@_silgen_name("__libc_malloc") private func systemMalloc(_ size: Int) -> UnsafeMutableRawPointer?
@_silgen_name("__libc_calloc") private func systemCalloc(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer?
@_silgen_name("__libc_realloc")
private func systemRealloc(_ memory: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer?
@_silgen_name("__libc_memalign") private func systemMemalign(_ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer?

@_cdecl("counted_malloc") public func countedMalloc(_ size: Int) -> UnsafeMutableRawPointer? {
  AllocationCounter.note()
  return systemMalloc(size)
}

@_cdecl("counted_calloc") public func countedCalloc(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer? {
  AllocationCounter.note()
  return systemCalloc(count, size)
}

@_cdecl("counted_realloc")
public func countedRealloc(_ memory: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
  AllocationCounter.note()
  return systemRealloc(memory, size)
}

@_cdecl("counted_aligned_alloc") public func countedAligned(_ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer? {
  AllocationCounter.note()
  return systemMemalign(alignment, size)
}

@_cdecl("counted_posix_memalign")
public func countedPosixMemalign(
  _ memory: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ alignment: Int, _ size: Int
) -> Int32 {
  AllocationCounter.note()
  memory.pointee = systemMemalign(alignment, size)
  return memory.pointee == nil ? ENOMEM : 0
}

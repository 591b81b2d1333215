import Glibc

/// Counts what this process asks the C library for, whoever asks: the linker gives the functions below the names of the
/// library's, and the loader finds a program's own before those of any library.
enum AllocationCounter {
  /// Requests since the process began. One of another thread at the same moment may be missed.
  nonisolated(unsafe) fileprivate(set) static var count = 0
}

@_silgen_name("__libc_malloc") private func systemMalloc(_ size: Int) -> UnsafeMutableRawPointer?
@_silgen_name("__libc_calloc") private func systemCalloc(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer?
@_silgen_name("__libc_realloc")
private func systemRealloc(_ memory: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer?
@_silgen_name("__libc_memalign") private func systemMemalign(_ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer?

@_cdecl("counted_malloc") public func countedMalloc(_ size: Int) -> UnsafeMutableRawPointer? {
  AllocationCounter.count &+= 1
  return systemMalloc(size)
}

@_cdecl("counted_calloc") public func countedCalloc(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer? {
  AllocationCounter.count &+= 1
  return systemCalloc(count, size)
}

@_cdecl("counted_realloc")
public func countedRealloc(_ memory: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
  AllocationCounter.count &+= 1
  return systemRealloc(memory, size)
}

@_cdecl("counted_aligned_alloc") public func countedAligned(_ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer? {
  AllocationCounter.count &+= 1
  return systemMemalign(alignment, size)
}

@_cdecl("counted_posix_memalign")
public func countedPosixMemalign(
  _ memory: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ alignment: Int, _ size: Int
) -> Int32 {
  AllocationCounter.count &+= 1
  memory.pointee = systemMemalign(alignment, size)
  return memory.pointee == nil ? ENOMEM : 0
}

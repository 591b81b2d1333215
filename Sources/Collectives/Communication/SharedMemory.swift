import Basics
internal import CMPI
import NumericCore

/// One zero-filled region of memory that all ranks of a node share.
final class SharedMemory: @unchecked Sendable {
  /// Why it is not MPI's; nil where it is.
  let note: String?
  private var window = cmpi_win_null()
  private var mapping: SharedMapping?
  private let base: UnsafeMutableRawPointer
  private var used = 0
  private let byteCount: Int

  /// Collective over the ranks of one node, which must be on one machine.
  init(byteCount: Int, node: MPICommunicator) throws(CollectiveError) {
    self.byteCount = byteCount
    note = try Self.lack(of: byteCount, on: node)
    guard note == nil else {
      let mapping = try SharedMapping(byteCount: byteCount, node: node)
      self.mapping = mapping
      base = mapping.base
      return
    }
    var own: UnsafeMutableRawPointer?
    let wanted = node.rank == 0 ? byteCount + memoryAlignment : 0
    var window = cmpi_win_null()
    do {
      try Timeline.span(.wait, "MPI_Win_allocate_shared") { () throws(CollectiveError) in
        try check(
          "MPI_Win_allocate_shared",
          MPI_Win_allocate_shared(MPI_Aint(wanted), 1, cmpi_info_null(), node.handle, &own, &window))
      }
    } catch {
      throw CollectiveError(
        operation: error.operation,
        reason:
          "\(error.reason) (\(byteCount >> 20) MiB of shared memory; is /dev/shm too small? "
          + "--exchange mpi does without)"
      )
    }
    var size: MPI_Aint = 0
    var unit: Int32 = 0
    var first: UnsafeMutableRawPointer?
    try check("MPI_Win_shared_query", MPI_Win_shared_query(window, 0, &size, &unit, &first))
    guard let first else { throw CollectiveError(operation: "MPI_Win_shared_query", reason: "no memory at rank 0") }
    self.window = window
    base = first.alignedUp(toMultipleOf: memoryAlignment)
    if node.rank == 0 { base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount) }
    try node.barrier()
  }

  /// What MPI's memory lacks; nil where it has room. Collective: rank 0 of the node looks.
  private static func lack(of byteCount: Int, on node: MPICommunicator) throws(CollectiveError) -> String? {
    let own = node.isRoot ? lack(of: byteCount, ranks: node.size, free: SharedMapping.freeBytes) : nil
    let text = try node.broadcast(own ?? "", from: 0)
    return text.isEmpty ? nil : text
  }

  /// What MPI's memory lacks for so many bytes, beside the messages of so many ranks; nil where it has room.
  static func lack(of byteCount: Int, ranks: Int, free: Int?) -> String? {
    let needed = byteCount + ranks * SharedMapping.messageBytes
    guard let free, free < needed else { return nil }
    return "/dev/shm has \(free >> 20) of \((needed >> 20) + 1) MiB: memory beside it is shared"
  }

  /// The next `count` elements of the region. All ranks take the same windows in the same order.
  func take<T: BitwiseCopyable>(_ type: T.Type, count: Int) -> UnsafeMutableBufferPointer<T> {
    let bytes = Self.byteCount(type, count: count)
    precondition(used + bytes <= byteCount, "shared region of \(byteCount) bytes is full")
    defer { used += bytes }
    return UnsafeMutableBufferPointer(start: (base + used).bindMemory(to: T.self, capacity: count), count: count)
  }

  /// Frees the region. Collective.
  func close() throws(CollectiveError) {
    if let mapping { return mapping.close() }
    try Timeline.span(.wait, "MPI_Win_free") { () throws(CollectiveError) in
      try check("MPI_Win_free", MPI_Win_free(&window))
    }
  }

  /// The bytes that `take` consumes: whole cache lines.
  static func byteCount<T>(_ type: T.Type, count: Int) -> Int {
    (count * MemoryLayout<T>.stride + memoryAlignment - 1) / memoryAlignment * memoryAlignment
  }
}

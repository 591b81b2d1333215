import Basics
internal import CMPI
import Foundation
import Synchronization

/// The rows in which the ranks of a host say where they are, in memory that they share; it has no name that a killed
/// process could leave behind, needs no room in /dev/shm, and stays when MPI has ended.
final class StatusTable: @unchecked Sendable {
  /// What is said once for all.
  private let header: UnsafeMutableRawPointer
  /// Of all ranks of the host, in their order; of the own alone where they can share no memory.
  let rows: [StatusRow]
  let ownIndex: Int
  var own: StatusRow { rows[ownIndex] }

  private static let headerByteCount = 64

  /// Collective over the ranks of one host.
  init(node: MPICommunicator) throws(CollectiveError) {
    let byteCount = Self.headerByteCount + node.size * StatusRow.byteCount
    let file: Int32 = node.isRoot ? cmpi_memory_file(byteCount) : -1
    let path = try node.broadcast(file >= 0 ? "/proc/\(getpid())/fd/\(file)" : "", from: 0)
    let shared = Self.map(path, byteCount: byteCount)
    // No rank has gone on before all have it, or know that some have not.
    let isShared = try node.allGather([shared != nil]).allSatisfy { $0[0] }
    if file >= 0 { close(file) }
    let rowCount = isShared ? node.size : 1
    let memory =
      isShared ? shared : UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: Self.headerByteCount)
    guard let memory else { preconditionFailure("memory that is shared is there") }
    if !isShared { memory.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount) }
    header = memory
    rows = (0..<rowCount).map { StatusRow(memory + Self.headerByteCount + $0 * StatusRow.byteCount) }
    ownIndex = isShared ? node.rank : 0
  }

  private static func map(_ path: String, byteCount: Int) -> UnsafeMutableRawPointer? {
    let file = open(path, O_RDWR | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
    return memory == MAP_FAILED ? nil : memory
  }

  private func flag(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
    (header + 4 * index).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  /// Whether the job is being ended.
  var isOver: Bool { flag(0).pointee.load(ordering: .relaxed) != 0 }
  func declareOver() { flag(0).pointee.store(1, ordering: .relaxed) }

  /// Whether the caller is the one of this host that may tell why the job ends.
  func claimLastWord() -> Bool { flag(1).pointee.exchange(1, ordering: .relaxed) == 0 }

  /// Whether the caller is the one of this host that warns of what holds the job up now.
  func claimWarning() -> Bool { flag(2).pointee.exchange(1, ordering: .relaxed) == 0 }
  func allowWarning() { flag(2).pointee.store(0, ordering: .relaxed) }
}

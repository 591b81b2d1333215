import Basics
internal import CMPI
import Glibc

/// Ranks that communicate through MPI. For use from one thread.
public final class MPICommunicator: Communicator, @unchecked Sendable {
  let handle: MPI_Comm
  public let rank: Int
  public let size: Int

  init(_ handle: MPI_Comm) throws(CollectiveError) {
    var rank: Int32 = 0
    var size: Int32 = 0
    try check("MPI_Comm_rank", MPI_Comm_rank(handle, &rank))
    try check("MPI_Comm_size", MPI_Comm_size(handle, &size))
    self.handle = handle
    self.rank = Int(rank)
    self.size = Int(size)
  }

  /// - Throws: if MPI has left this rank out of the group.
  private convenience init(split part: MPI_Comm?) throws(CollectiveError) {
    guard let part else { throw CollectiveError(operation: "MPI_Comm_split", reason: "no group for this rank") }
    try self.init(part)
  }

  public func barrier() throws(CollectiveError) { try collective("MPI_Barrier", MPI_Barrier(handle)) }

  /// The same for a rank that has nothing to do meanwhile: it looks a thousand times a second and leaves its core to
  /// others, which MPI's own waiting would not.
  package func quietBarrier() throws(CollectiveError) {
    var request = cmpi_request()
    try check("MPI_Ibarrier", cmpi_start_barrier(handle, &request))
    try Timeline.span(.wait, "MPI_Ibarrier") { () throws(CollectiveError) in
      var isDone: Int32 = 0
      while true {
        try check("MPI_Testall", cmpi_test_all(1, &request, &isDone))
        if isDone != 0 { return }
        usleep(1000)
      }
    }
  }

  /// A call in which ranks wait for each other.
  private func collective(_ name: StaticString, _ call: @autoclosure () -> Int32) throws(CollectiveError) {
    try Timeline.span(.wait, "\(name)") { () throws(CollectiveError) in try check(name, call()) }
  }

  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CollectiveError) {
    // Counts are 32 bits in MPI 3: send in parts.
    let size = 1 << 30
    for start in stride(from: 0, to: bytes.count, by: size) {
      let part = UnsafeMutableRawBufferPointer(rebasing: bytes[start..<min(start + size, bytes.count)])
      try collective("MPI_Bcast", MPI_Bcast(part.baseAddress, Int32(part.count), cmpi_byte(), Int32(root), handle))
    }
  }

  public func allGather(_ bytes: UnsafeRawBufferPointer) throws(CollectiveError) -> [[UInt8]] {
    var count = Int32(clamping: bytes.count)
    var counts = [Int32](repeating: 0, count: size)
    try collective("MPI_Allgather", MPI_Allgather(&count, 1, cmpi_int(), &counts, 1, cmpi_int(), handle))
    let total = counts.reduce(0) { $0 + Int($1) }
    guard total <= Int(Int32.max) && !counts.contains(Int32.max) else {
      throw CollectiveError(operation: "MPI_Allgatherv", reason: "\(total) bytes are more than one gather can hold")
    }
    var starts = [Int32](repeating: 0, count: size)
    for rank in 1..<max(1, size) { starts[rank] = starts[rank - 1] + counts[rank - 1] }
    var gathered = [UInt8](repeating: 0, count: total)
    try collective(
      "MPI_Allgatherv",
      MPI_Allgatherv(
        bytes.baseAddress, count, cmpi_byte(), &gathered, counts, starts, cmpi_byte(), handle))
    return (0..<size).map { Array(gathered[Int(starts[$0])..<Int(starts[$0] + counts[$0])]) }
  }

  /// Sums `values` over the ranks in place, in an order that MPI chooses.
  package func allReduceSum(_ values: UnsafeMutableBufferPointer<Float>) throws(CollectiveError) {
    try allReduceSum(values, cmpi_float())
  }

  /// Sums `values` over the ranks in place, in an order that MPI chooses.
  func allReduceSum(_ values: UnsafeMutableBufferPointer<Double>) throws(CollectiveError) {
    try allReduceSum(values, cmpi_double())
  }

  private func allReduceSum<T>(_ values: UnsafeMutableBufferPointer<T>, _ type: MPI_Datatype) throws(CollectiveError) {
    // Counts are 32 bits in MPI 3: sum in parts.
    let part = 1 << 30
    for start in stride(from: 0, to: values.count, by: part) {
      let elements = values.extracting(start..<min(start + part, values.count))
      try collective(
        "MPI_Allreduce",
        MPI_Allreduce(
          cmpi_in_place(), elements.baseAddress, Int32(elements.count), type, cmpi_sum(), handle))
    }
  }

  /// Sends bytes to a rank, which is to receive as many.
  package func send(_ bytes: UnsafeRawBufferPointer, to rank: Int) throws(CollectiveError) {
    try collective(
      "MPI_Send",
      MPI_Send(bytes.baseAddress, Int32(bytes.count), cmpi_byte(), Int32(rank), Self.messageTag, handle))
  }

  /// Overwrites `bytes` with those that a rank sends.
  package func receive(_ bytes: UnsafeMutableRawBufferPointer, from rank: Int) throws(CollectiveError) {
    try collective(
      "MPI_Recv", cmpi_receive(bytes.baseAddress, Int32(bytes.count), Int32(rank), Self.messageTag, handle))
  }

  private static let messageTag: Int32 = 1

  /// The ranks that gave the same `color`, ordered by `key`: a group that works as a job of its size does. Collective.
  package func split(color: Int, key: Int) throws(CollectiveError) -> MPICommunicator {
    var part = cmpi_comm_null()
    try collective("MPI_Comm_split", MPI_Comm_split(handle, Int32(color), Int32(key), &part))
    return try MPICommunicator(split: part)
  }

  /// Frees the group, which must be one that was split off. Collective.
  package func close() throws(CollectiveError) {
    var group = cmpi_comm_null()
    group = handle
    try check("MPI_Comm_free", MPI_Comm_free(&group))
  }

  /// The ranks that can share memory with this one.
  func splitByNode() throws(CollectiveError) -> MPICommunicator {
    var part = cmpi_comm_null()
    try collective(
      "MPI_Comm_split_type",
      MPI_Comm_split_type(handle, Int32(MPI_COMM_TYPE_SHARED), Int32(rank), cmpi_info_null(), &part))
    return try MPICommunicator(split: part)
  }
}

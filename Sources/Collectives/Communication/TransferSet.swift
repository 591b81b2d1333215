internal import CMPI
import NumericCore

/// Sends and receives that are set up once and started together, step after step, without an allocation of its own.
final class TransferSet {
  private var requests: [cmpi_request] = []
  private let group: MPICommunicator

  init(_ group: MPICommunicator) { self.group = group }

  /// - Parameters:
  ///   - values: fewer than 2³¹ bytes, which must stay as they are until `isDone`.
  ///   - tag: equal on both sides. Of several transfers between two ranks with one tag, the first is received first.
  func send<T: BitwiseCopyable>(_ values: BufferView<T>, to rank: Int, tag: Int) throws(CollectiveError) {
    try add(values, "MPI_Send_init") {
      cmpi_send_init($0, $1, Int32(rank), Int32(tag), group.handle, &$2)
    }
  }

  /// Overwrites `values`, otherwise as `send`.
  func receive<T: BitwiseCopyable>(_ values: BufferView<T>, from rank: Int, tag: Int) throws(CollectiveError) {
    try add(values, "MPI_Recv_init") {
      cmpi_receive_init($0, $1, Int32(rank), Int32(tag), group.handle, &$2)
    }
  }

  /// - Parameter prepare: sets a transfer of so many bytes up.
  private func add<T: BitwiseCopyable>(
    _ values: BufferView<T>, _ operation: StaticString,
    _ prepare: (UnsafeMutableRawPointer?, Int32, inout cmpi_request) -> Int32
  ) throws(CollectiveError) {
    guard !values.isEmpty else { return }
    var request = cmpi_request()
    let bytes = Int32(values.count * MemoryLayout<T>.stride)
    try check(operation, prepare(UnsafeMutableRawPointer(values.baseAddress), bytes, &request))
    requests.append(request)
  }

  func start() throws(CollectiveError) {
    guard !requests.isEmpty else { return }
    try check("MPI_Startall", cmpi_start_all(Int32(requests.count), &requests))
  }

  /// Whether all that was started has been sent and received; lets MPI move messages of any set on.
  func isDone() throws(CollectiveError) -> Bool {
    guard !requests.isEmpty else { return true }
    var isDone: Int32 = 0
    try check("MPI_Testall", cmpi_test_all(Int32(requests.count), &requests, &isDone))
    return isDone != 0
  }

  /// Frees what was set up, none of it under way.
  func close() throws(CollectiveError) {
    for index in requests.indices { try check("MPI_Request_free", cmpi_request_free(&requests[index])) }
    requests = []
  }
}

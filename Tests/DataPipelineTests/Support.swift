import Collectives
import DataPipeline
import Foundation
import HDF5Storage
import Testing

/// Runs `body` with a directory that exists for its duration.
func withTemporaryDirectory<R>(_ body: (String) throws -> R) throws -> R {
  let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: directory) }
  return try body(directory.path)
}

/// Creates a file, lets `body` fill it, and closes it.
@discardableResult
func makeFile(_ path: String, _ body: (HDF5File) throws -> Void) throws -> String {
  let file = try HDF5File.create(path)
  try body(file)
  try file.close()
  return path
}

/// The one line of the error that `body` throws; a text that no expectation meets if it throws none.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch {
    return "\(error)"
  }
}

/// Ranks as threads of this process, for collectives without MPI.
final class ThreadGroup: @unchecked Sendable {
  private let size: Int
  private let condition = NSCondition()
  private var contributions: [Int: [UInt8]] = [:]
  private var gathered: [[UInt8]] = []
  private var generation = 0

  init(size: Int) { self.size = size }

  /// Runs `body` as every rank at once; returns their results in order.
  static func run<R: Sendable>(size: Int, _ body: @escaping @Sendable (any Communicator) throws -> R) throws -> [R] {
    let group = ThreadGroup(size: size)
    let results = Results<R>(count: size)
    // Threads of their own: a pool runs only as many at once as there are cores, and the ranks wait for one another.
    let finished = DispatchSemaphore(value: 0)
    for rank in 0..<size {
      Thread {
        results.set(rank, Result { try body(Rank(group: group, rank: rank)) })
        finished.signal()
      }.start()
    }
    for _ in 0..<size { finished.wait() }
    return try results.all.map { try $0.get() }
  }

  fileprivate func exchange(_ rank: Int, _ bytes: [UInt8]) -> [[UInt8]] {
    condition.lock()
    defer { condition.unlock() }
    let entered = generation
    contributions[rank] = bytes
    if contributions.count == size {
      gathered = (0..<size).map { contributions[$0] ?? [] }
      contributions = [:]
      generation += 1
      condition.broadcast()
    }
    while generation == entered { condition.wait() }
    return gathered
  }

  private final class Results<R: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var results: [Result<R, any Error>?]
    init(count: Int) { results = Array(repeating: nil, count: count) }
    func set(_ index: Int, _ result: Result<R, any Error>) { lock.withLock { results[index] = result } }
    var all: [Result<R, any Error>] { results.compactMap { $0 } }
  }

  private final class Rank: Communicator {
    let group: ThreadGroup
    let rank: Int
    var size: Int { group.size }
    init(group: ThreadGroup, rank: Int) {
      self.group = group
      self.rank = rank
    }
    func barrier() { _ = group.exchange(rank, []) }
    func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {
      bytes.copyBytes(from: group.exchange(rank, Array(bytes))[root])
    }
    func allGather(_ bytes: UnsafeRawBufferPointer) -> [[UInt8]] { group.exchange(rank, Array(bytes)) }
  }
}

import Basics
import Collectives
import Foundation
import Settings

/// The timelines of all ranks of a run as one file that Perfetto (ui.perfetto.dev) and chrome://tracing show: the Trace
/// Event Format,
/// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU.
///
/// Each rank is a process with a row for its steps, one for the network and one for reading. The first steps of each
/// epoch are there with their layers, and what lies between the steps of two epochs: validation, checkpoints. A rank
/// has memory for 131,072 spans; a run that has more shows its beginning.
///
/// The clocks of the nodes are compared with rank 0's before the first step: half of the way of a message there and
/// back, the fastest of ten, is what they may be apart.
final class RunTrace {
  private static let capacity = 1 << 17

  let path: String
  private let stepsPerEpoch: Int
  private let topology: Topology
  private let timeline = Timeline(capacity: RunTrace.capacity)
  /// When the run began, by this rank's clock.
  private let start: UInt64

  /// Collective.
  ///
  /// - Returns: nil where no trace is asked for.
  init?(_ log: LogSettings, _ topology: Topology) throws {
    guard let path = log.trace else { return nil }
    _ = try topology.world.agree {
      try Self.check(path)
      return []
    }
    (self.path, stepsPerEpoch, self.topology) = (path, log.traceSteps, topology)
    let offset = try Self.offset(topology)
    let first = try topology.world.allGather([Int64(Timeline.now)])[0][0]
    start = UInt64(max(0, first - offset))
  }

  /// How every trace begins.
  private static let opening = "{\"displayTimeUnit\": \"ms\", \"otherData\": {\"version\": \"ddp-train "

  /// - Throws: where there can be no trace.
  static func check(_ path: String) throws {
    try OutputTarget.check([OutputTarget("--trace", path, .json)], inputs: [])
    try checkReplaceable(path)
  }

  /// A trace takes the place of an older one, never of another file: not of data, nor of a configuration, nor of what
  /// the run itself has written meanwhile.
  private static func checkReplaceable(_ path: String) throws(Failure) {
    guard FileManager.default.fileExists(atPath: path) else { return }
    let start = try? FileHandle(forReadingFrom: URL(filePath: path)).read(upToCount: opening.utf8.count)
    guard start.map({ Array($0) }) == Array(opening.utf8) else {
      throw .usage("--trace: \(path.shownName) is there already and is no trace; give another name")
    }
  }

  /// What has to be added to the clock of this rank's node to have that of rank 0, in nanoseconds. Collective.
  private static func offset(_ topology: Topology) throws -> Int64 {
    let world = topology.world
    var offsets = [Int64](repeating: 0, count: topology.nodeCount)
    for node in 1..<max(1, topology.nodeCount) {
      let leader = topology.nodeSizes[..<node].reduce(0, +)
      var fastest = Int64.max
      for _ in 0..<10 {
        let sent = Int64(Timeline.now)
        var there = sent
        try withUnsafeMutableBytes(of: &there) { try world.broadcast($0, from: 0) }
        there = Int64(Timeline.now)
        try withUnsafeMutableBytes(of: &there) { try world.broadcast($0, from: leader) }
        let way = Int64(Timeline.now) - sent
        if way < fastest { (fastest, offsets[node]) = (way, sent + way / 2 - there) }
      }
    }
    return try world.allGather(offsets)[0][topology.nodeIndex]
  }

  /// To be called before each step: whether it is one of those that are shown.
  func beginStep(_ stepInEpoch: Int) { Timeline.current = stepInEpoch < stepsPerEpoch ? timeline : nil }

  /// To be called behind the last step of an epoch.
  func endSteps() { Timeline.current = timeline }

  /// Writes what all ranks have recorded. Once, after everything else, and collective.
  ///
  /// - Returns: on rank 0 what there is to say of it.
  func write() throws -> String? {
    Timeline.current = nil
    let world = topology.world
    let counts = try world.allGather([timeline.spans.count, timeline.missed])
    let own = Array(text.utf8)
    let sizes = try world.allGather([own.count]).map { $0[0] }
    guard world.isRoot else {
      for rank in 1..<max(1, world.size) { _ = try share(own, of: rank, size: sizes[rank]) }
      return nil
    }
    var failure: (any Error)?
    do {
      do { try Self.checkReplaceable(path) } catch { failure = error }
      try AtomicFile.write(to: path) { append in
        try append(Self.opening + "\(programVersion)\"},\n")
        try append("\"traceEvents\": [\n")
        for rank in 0..<world.size {
          // The others send all the same.
          let bytes = rank == 0 ? own : try share(own, of: rank, size: sizes[rank])
          do { if failure == nil { try append(String(decoding: bytes, as: UTF8.self)) } } catch { failure = error }
          if failure == nil { try append(rank + 1 < world.size ? ",\n" : "\n") }
        }
        if let failure { throw failure }
        try append("]}\n")
      }
    }
    let spans = counts.reduce(0) { $0 + $1[0] }, missed = counts.reduce(0) { $0 + $1[1] }
    return "\(path): \(plural(spans, "span")), the first \(plural(stepsPerEpoch, "step")) of each epoch"
      + (missed > 0 ? "; \(grouped(missed)) later ones found no room" : "") + "; ui.perfetto.dev shows it"
  }

  /// The bytes of one rank on all ranks. Collective.
  private func share(_ own: [UInt8], of rank: Int, size: Int) throws -> [UInt8] {
    var bytes = topology.world.rank == rank ? own : [UInt8](repeating: 0, count: size)
    try bytes.withUnsafeMutableBytes { try topology.world.broadcast($0, from: rank) }
    return bytes
  }

  // MARK: Events

  /// This rank's events, with commas between.
  private var text: String {
    let rank = topology.world.rank
    func metadata(_ name: String, track: Int = 0, _ argument: JSONValue) -> String {
      let event: JSONValue = [
        "name": .string(name), "ph": "M", "pid": .integer(rank), "tid": .integer(track), "args": argument,
      ]
      return event.line
    }
    var events = [
      metadata("process_name", ["name": .string("rank \(rank) on \(hostName)")]),
      metadata("process_sort_index", ["sort_index": .integer(rank)]),
    ]
    let spans = timeline.spans
    for track in Set(spans.map(TraceTrack.init)).sorted(by: { $0.number < $1.number }) {
      events.append(metadata("thread_name", track: track.number, ["name": .string(track.name)]))
    }
    events += spans.map { event($0, rank: rank) }
    return events.joined(separator: ",\n")
  }

  /// A complete event; times in microseconds since the run began.
  private func event(_ span: Timeline.Span, rank: Int) -> String {
    func microseconds(_ nanoseconds: UInt64) -> String {
      "\(nanoseconds / 1000)." + String(1000 + nanoseconds % 1000).dropFirst()
    }
    let kind = "\(span.activity)", name = JSONValue.string(span.name.isEmpty ? kind : span.name).line
    let begin = span.start > start ? span.start - start : 0
    return "{\"name\": \(name), \"cat\": \"\(kind)\", \"ph\": \"X\", \"ts\": \(microseconds(begin)), "
      + "\"dur\": \(microseconds(span.end - span.start)), \"pid\": \(rank), "
      + "\"tid\": \(TraceTrack(span).number)}"
  }
}

/// A row of a rank.
private struct TraceTrack: Hashable {
  let number: Int
  let name: String

  init(_ span: Timeline.Span) {
    let (first, kind) =
      switch span.activity {
      case .network: (16, "network")
      case .read: (32, "reading")
      default: (0, "steps")
      }
    number = first + span.lane
    name = span.lane == 0 ? kind : "\(kind) \(span.lane)"
  }
}

import Glibc
import Synchronization

/// What a span of a run's time was spent on.
package enum Activity: UInt8, CaseIterable, Sendable {
  /// A whole training step, and its parts in their order.
  case step, data, forward, loss, backward, exchange
  /// One layer within forward or backward.
  case layer
  /// Within the exchange: other ranks of the node, other nodes.
  case wait, network
  /// Streamed samples, on a thread of their own.
  case read
  case evaluation, checkpoint, report

  /// What a rank is doing.
  package var text: StaticString {
    switch self {
    case .step: "a step"
    case .data: "data"
    case .forward: "forward"
    case .loss: "loss"
    case .backward: "backward"
    case .exchange: "exchange and update"
    case .layer: "a layer"
    case .wait: "waiting for other ranks"
    case .network: "waiting for other hosts"
    case .read: "reading"
    case .evaluation: "evaluation"
    case .checkpoint: "checkpoint"
    case .report: "report"
    }
  }

  /// Whether others have to come along before it goes on.
  package var waits: Bool { self == .wait || self == .network }
}

/// Where the time of this process goes: spans of it, kept in memory that is taken beforehand.
///
/// Code that may be watched says `Timeline.span(.exchange) { … }`. While nobody watches, that costs a look at one
/// variable and a few stores; while somebody does, two readings of the clock. Spans may be recorded from any thread.
/// Where the memory is full, later ones are counted and left out.
package final class Timeline: @unchecked Sendable {
  /// One span; times in nanoseconds of the host's monotonic clock.
  package struct Span: Sendable {
    package let activity: Activity
    package let name: String
    /// Spans of a kind that overlap have numbers of their own, from 0.
    package let lane: Int
    package let start: UInt64
    package let end: UInt64

    package var seconds: Double { Double(end - start) * 1e-9 }
  }

  /// The timeline that takes what is recorded; nil while nobody watches. To be set between steps.
  nonisolated(unsafe) package static var current: Timeline?

  package let capacity: Int
  private let memory: UnsafeMutablePointer<Span>
  private let taken = Atomic<Int>(0)
  /// Nanoseconds that updates took. They come in small blocks within an exchange, too many for spans of their own.
  private let updateTime = Atomic<UInt64>(0)

  /// - Parameter capacity: spans that there is memory for.
  package init(capacity: Int) {
    self.capacity = capacity
    memory = .allocate(capacity: capacity)
    // Also takes the pages, so that no span waits for one.
    memory.initialize(repeating: Span(activity: .step, name: "", lane: 0, start: 0, end: 0), count: capacity)
  }

  deinit {
    memory.deinitialize(count: capacity)
    memory.deallocate()
  }

  /// Nanoseconds of the host's monotonic clock, which all processes of a host share.
  package static var now: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Does `body`, says so meanwhile (`Whereabouts`), and records how long it took.
  @inlinable package static func span<Result, Failure: Error>(
    _ activity: Activity, _ name: @autoclosure () -> String = "", _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let place = Whereabouts.enter(activity)
    defer { Whereabouts.leave(place) }
    guard let timeline = current else { return try body() }
    let start = now
    defer { timeline.record(activity, name(), from: start) }
    return try body()
  }

  /// The same for what has too many parts to record them too.
  package static func wholeSpan<Result, Failure: Error>(
    _ activity: Activity, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let place = Whereabouts.enter(activity)
    defer { Whereabouts.leave(place) }
    guard let timeline = current else { return try body() }
    let start = now
    current = nil
    defer {
      current = timeline
      timeline.record(activity, "", from: start)
    }
    return try body()
  }

  /// Does a part of an update, and adds how long it took to `updateSeconds`.
  @inlinable package static func addUpdate<Result>(_ body: () -> Result) -> Result {
    guard let timeline = current else { return body() }
    let start = now
    defer { timeline.addUpdate(nanoseconds: now - start) }
    return body()
  }

  /// Records a span that ends now.
  package func record(_ activity: Activity, _ name: String, from start: UInt64, lane: Int = 0) {
    let end = Self.now
    let place = taken.wrappingAdd(1, ordering: .relaxed).oldValue
    guard place < capacity else { return }
    memory[place] = Span(activity: activity, name: name, lane: lane, start: start, end: end)
  }

  package func addUpdate(nanoseconds: UInt64) {
    updateTime.wrappingAdd(nanoseconds, ordering: .relaxed)
  }

  /// Those recorded so far, in the order of their ends. Not while others are recorded.
  package var spans: UnsafeBufferPointer<Span> {
    UnsafeBufferPointer(start: memory, count: min(capacity, taken.load(ordering: .acquiring)))
  }

  /// Spans that there was no memory for.
  package var missed: Int { max(0, taken.load(ordering: .relaxed) - capacity) }

  /// Seconds that this process has spent in updates of parameters.
  package var updateSeconds: Double { Double(updateTime.load(ordering: .relaxed)) * 1e-9 }

  /// Seconds of all spans of a kind together.
  package func seconds(_ activity: Activity) -> Double {
    spans.reduce(0) { $0 + ($1.activity == activity ? $1.seconds : 0) }
  }

  /// Forgets what was recorded.
  package func clear() {
    taken.store(0, ordering: .relaxed)
    updateTime.store(0, ordering: .relaxed)
  }
}

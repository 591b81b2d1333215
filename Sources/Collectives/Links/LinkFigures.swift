import Foundation
import NumericCore

/// What the way between two ranks does, and how their clocks stand to each other.
package struct LinkFigures: Sendable, Codable, Equatable {
  /// Seconds that a short message takes, one way.
  package var latency: Double
  /// Bytes a second, one way, of the greatest messages there was time for.
  package var bandwidth: Double
  /// Seconds by which the other's clock is ahead of this one's.
  package var clockLead: Double

  package init(latency: Double, bandwidth: Double, clockLead: Double) {
    (self.latency, self.bandwidth, self.clockLead) = (latency, bandwidth, clockLead)
  }
}

extension MPICommunicator {
  /// What a message of measurement asks for: 0 for nothing but an answer, so many bytes to and fro, or -1 for the end;
  /// and in an answer the nanoseconds of the other's clock.
  private typealias Note = [Int]

  /// Measures the way to another rank, which calls `answerMeasurement` meanwhile.
  ///
  /// - Parameter seconds: about how long; on slow networks a few messages take longer.
  package func measureLink(to rank: Int, seconds: Double) throws(CollectiveError) -> LinkFigures {
    let start = ContinuousClock.now
    func spent() -> Double { start.duration(to: .now).seconds }
    var figures = LinkFigures(latency: .infinity, bandwidth: 0, clockLead: 0)
    for _ in 0..<2000 {
      let sent = Self.clock
      try send(note: [0, 0], to: rank)
      let answer = try receiveNote(from: rank), back = Self.clock
      let oneWay = Double(back - sent) * 0.5e-9
      if oneWay < figures.latency {
        (figures.latency, figures.clockLead) = (oneWay, Double(answer[1] - sent) * 1e-9 - oneWay)
      }
      if spent() > seconds / 3 { break }
    }
    var size = 1 << 16, before = 0
    while true {
      try send(note: [size, 0], to: rank)
      let bytes = FlatBuffer<UInt8>(count: size), start = ContinuousClock.now
      try send(UnsafeRawBufferPointer(bytes.view), to: rank)
      try receive(UnsafeMutableRawBufferPointer(bytes.view), from: rank)
      let oneWay = start.duration(to: .now).seconds / 2
      // Small ones may fit into buffers on the way.
      figures.bandwidth = max(size == before ? figures.bandwidth : 0, Double(size) / oneWay)
      before = size
      if size < 1 << 24 { size *= 4 }
      if spent() + 8 * oneWay > seconds { break }
    }
    try send(note: [-1, 0], to: rank)
    return figures
  }

  /// The other side of `measureLink`.
  package func answerMeasurement(by rank: Int) throws(CollectiveError) {
    while true {
      let size = try receiveNote(from: rank)[0]
      guard size >= 0 else { return }
      guard size > 0 else {
        try send(note: [0, Self.clock], to: rank)
        continue
      }
      let bytes = FlatBuffer<UInt8>(count: size)
      try receive(UnsafeMutableRawBufferPointer(bytes.view), from: rank)
      try send(UnsafeRawBufferPointer(bytes.view), to: rank)
    }
  }

  /// Nanoseconds since 1970.
  private static var clock: Int {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  private func send(note: Note, to rank: Int) throws(CollectiveError) {
    try note.withUnsafeBufferPointer { note throws(CollectiveError) in
      try send(UnsafeRawBufferPointer(note), to: rank)
    }
  }

  private func receiveNote(from rank: Int) throws(CollectiveError) -> Note {
    var note = [0, 0]
    try note.withUnsafeMutableBufferPointer { note throws(CollectiveError) in
      try receive(UnsafeMutableRawBufferPointer(note), from: rank)
    }
    return note
  }
}

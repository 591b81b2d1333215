import Basics
import Testing

@Suite("A timeline keeps spans in the memory that it has", .serialized)
struct TimelineTests {
  /// What `body` records in a timeline with room for so many spans.
  private func record(_ capacity: Int, _ body: () throws -> Void) rethrows -> Timeline {
    let timeline = Timeline(capacity: capacity)
    Timeline.current = timeline
    defer { Timeline.current = nil }
    try body()
    return timeline
  }

  @Test func innerSpansEndBeforeOuterOnes() {
    var name = "before"
    let timeline = record(10) {
      Timeline.span(.step, name) {
        Timeline.span(.forward) {}
        Timeline.span(.layer, "0 DenseLayer") {}
        name = "after"
      }
    }
    let spans = Array(timeline.spans)
    #expect(spans.map(\.activity) == [.forward, .layer, .step])
    #expect(spans.map(\.name) == ["", "0 DenseLayer", "after"])
    #expect(spans.allSatisfy { spans[2].start <= $0.start && $0.start <= $0.end && $0.end <= spans[2].end })
    #expect(timeline.seconds(.step) == spans[2].seconds && timeline.seconds(.loss) == 0)
    timeline.clear()
    #expect(timeline.spans.isEmpty && timeline.missed == 0)
  }

  @Test func aWholeSpanHasNoParts() throws {
    struct Stop: Error {}
    let timeline = record(10) {
      try? Timeline.wholeSpan(.evaluation) {
        Timeline.span(.layer) {}
        throw Stop()
      }
      Timeline.span(.layer) {}
    }
    #expect(timeline.spans.map(\.activity) == [.evaluation, .layer])
  }

  @Test func whatFindsNoRoomIsCounted() {
    let timeline = record(2) { for _ in 0..<5 { Timeline.span(.read) {} } }
    #expect(timeline.spans.count == 2 && timeline.missed == 3)
  }

  @Test func nothingIsRecordedWhileNobodyWatches() {
    let timeline = record(4) { Timeline.addUpdate {} }
    Timeline.span(.step) {}
    Timeline.addUpdate {}
    let seconds = timeline.updateSeconds
    #expect(timeline.spans.isEmpty && seconds < 1)
    #expect(Timeline.span(.step) { 7 } == 7)
    #expect(timeline.updateSeconds == seconds)
  }
}

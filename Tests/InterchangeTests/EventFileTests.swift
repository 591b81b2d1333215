import Basics
import Foundation
import Interchange
import Testing

/// Event files of TensorBoard, those of its own writer included.
@Suite struct EventFileTests {
  private static let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/tensorboard").path

  /// Runs `body` with the path of a directory that is not there yet.
  private func withDirectory(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "events-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  private func summaries(_ directory: EventDirectory) throws -> [(step: Int, values: [TensorBoardValue])] {
    try directory.events().compactMap { event in
      if case .summary(let values) = event.content { (event.step, values) } else { nil }
    }
  }

  @Test("what TensorBoard's own writer has written is read") func ownWriter() throws {
    let events = try EventDirectory(Self.fixture).events()
    #expect(events.first?.content == .fileVersion("brain.Event:2"))
    let found = try summaries(EventDirectory(Self.fixture))
    #expect(found.map(\.step) == [1, 2, 1000, 3, 0, 7])
    #expect(events[1].wallTime == 1_700_000_001.5)
    #expect(found[0].values == [.scalar("step/loss", 2.5)])
    #expect(found[2].values == [.scalar("step/loss", -0.5)])
    guard case .histogram(let histogram) = found[3].values[0].content else {
      Issue.record("\(found[3])")
      return
    }
    #expect(histogram.minimum == -1 && histogram.maximum == 2 && histogram.count == 5)
    #expect(histogram.sum == 2 && histogram.squareSum == 5.5 && histogram.counts.reduce(0, +) == 5)
    guard case .image(3, 2, 3, let file) = found[4].values[0].content else {
      Issue.record("\(found[4])")
      return
    }
    #expect(file.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    #expect(found[5].values == [TensorBoardValue("note/text_summary", .text("two *words*"))])
  }

  @Test("what is written is read, each start in a file of its own behind the others") func roundTrip() throws {
    try withDirectory { path in
      let values: [TensorBoardValue] = [
        .scalar("a", 0.1), TensorBoardValue("h", .histogram(TensorBoardHistogram([1, 2, 2, 4]))),
        TensorBoardValue("i", .image(width: 1, height: 2, channels: 3, file: [1, 2, 3])),
        TensorBoardValue("t", .text("ü")),
      ]
      // The clock of the second start is behind that of the first.
      for (start, time) in [(1, 2000.0), (2, 1000.0)] {
        try EventDirectory(path).append(TensorBoardEvent(wallTime: time, step: start, .summary(values)))
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
      #expect(names.count == 2 && names[0].hasPrefix("events.out.tfevents.0000002000."), "\(names)")
      let found = try summaries(EventDirectory(path))
      #expect(found.map(\.step) == [1, 2])
      #expect(found.allSatisfy { $0.values == values })
    }
  }

  @Test("a histogram has all finite numbers, in buckets of one width")
  func histogram() {
    let histogram = TensorBoardHistogram([0, 1, 2, 3, .nan, .infinity], times: 10)
    #expect(histogram.minimum == 0 && histogram.maximum == 30 && histogram.count == 4)
    #expect(histogram.sum == 60 && histogram.squareSum == 1400)
    #expect(histogram.limits == (1...30).map(Double.init))
    #expect(histogram.counts.enumerated().filter { $0.element > 0 }.map(\.offset) == [0, 10, 20, 29])
    #expect(TensorBoardHistogram([5, 5]).counts == [2] && TensorBoardHistogram([5, 5]).limits == [5])
    #expect(TensorBoardHistogram([Float.nan]).count == 0)
  }

  @Test("files are cut back, also one whose writer was killed; damage is an error") func cutting() throws {
    try withDirectory { path in
      let directory = EventDirectory(path)
      for step in 1...4 {
        try directory.append(TensorBoardEvent(wallTime: 1000, step: step, .summary([.scalar("a", Double(step))])))
      }
      let file = path + "/" + (try #require(FileManager.default.contentsOfDirectory(atPath: path).first))
      let whole = try Data(contentsOf: URL(filePath: file))
      try whole.dropLast(3).write(to: URL(filePath: file))
      #expect(try summaries(EventDirectory(path)).map(\.step) == [1, 2, 3])
      // What is added now does not stand behind half an event.
      try EventDirectory(path).cut { _ in true }
      #expect(try Data(contentsOf: URL(filePath: file)).count == whole.count - lastRecord(whole))
      try EventDirectory(path).cut { $0.step <= 1 }
      #expect(try summaries(EventDirectory(path)).map(\.step) == [1])

      var damaged = whole
      damaged[damaged.count - 6] ^= 1
      try damaged.write(to: URL(filePath: file))
      let error = #expect(throws: Failure.self) { try EventDirectory(path).events() }
      #expect(error?.exitCode == .data)
      #expect(error?.description.contains("is damaged at byte ") == true, "\(String(describing: error))")
    }
  }

  /// The bytes of a file's last record; all but the first are of one length.
  private func lastRecord(_ file: Data) -> Int {
    let first = 12 + Int(file[0]) + 4
    return (file.count - first) / 4
  }
}

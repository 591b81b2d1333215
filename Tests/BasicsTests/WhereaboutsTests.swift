import Basics
import Foundation
import Testing

@Suite("A process says where it is", .serialized)
struct WhereaboutsTests {
  private func row() -> StatusRow {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: StatusRow.byteCount, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: StatusRow.byteCount)
    return StatusRow(memory)
  }

  @Test("What is under way stands in the row, and each change is progress")
  func activities() {
    let row = row()
    #expect(row.stage == .absent && Activity(code: row.position & 0xFF) == nil)
    Whereabouts.publish(in: row)
    #expect(row.stage == .atWork && row.process == getpid())
    var before = row.position >> 16
    func hasMoved() -> Bool {
      defer { before = row.position >> 16 }
      return row.position >> 16 > before
    }
    func codes() -> [Activity?] { [Activity(code: row.position & 0xFF), Activity(code: row.position >> 8 & 0xFF)] }
    Timeline.span(.evaluation) {
      #expect(codes() == [.evaluation, nil] && hasMoved())
      Timeline.span(.layer) { #expect(codes() == [.evaluation, nil] && hasMoved()) }
      Timeline.span(.wait) { #expect(codes() == [.wait, .evaluation] && hasMoved()) }
      #expect(codes() == [.evaluation, nil] && hasMoved())
    }
    #expect(codes() == [nil, nil] && hasMoved())
    Whereabouts.advance()
    #expect(hasMoved() && !hasMoved())
  }

  @Test("Files in hand, steps and the end stand there too")
  func others() throws {
    let row = row()
    Whereabouts.publish(in: row)
    #expect(row.file == nil)
    Whereabouts.handling("sync a.h5", byteCount: 50_000_000) {
      #expect(row.file.map { String(cString: $0) } == "sync a.h5" && row.allowance == 5)
    }
    #expect(row.file == nil && row.allowance == 0)
    FileReading.call("read", "/x in b.h5") { #expect(row.file.map { String(cString: $0) } == "read /x in b.h5") }
    Whereabouts.step(epoch: 2, 7) { #expect(row.epoch == 2 && row.step == 7 && row.isInStep) }
    #expect(!row.isInStep && row.step == 7)
    Whereabouts.end(.done)
    #expect(row.stage == .done)
  }

  @Test("The system says which processes run")
  func states() throws {
    #expect(ProcessState(of: getpid()) == .running)
    let child = sleeper()
    #expect(child > 0)
    kill(child, SIGSTOP)
    var status: Int32 = 0
    waitpid(child, &status, WUNTRACED)
    #expect(ProcessState(of: child) == .stopped)
    kill(child, SIGKILL)
    for _ in 0..<5000 where ProcessState(of: child) != .ended { usleep(1000) }
    #expect(ProcessState(of: child) == .ended)
    waitpid(child, &status, 0)
    #expect(ProcessState(of: child) == .ended)
  }

  /// A process that sleeps.
  private func sleeper() -> pid_t {
    var child: pid_t = 0
    let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
    posix_spawnp(&child, "sleep", nil, nil, arguments, nil)
    for argument in arguments { free(argument) }
    return child
  }
}

import Basics
import Foundation

/// Fills buffers on a thread of its own, one ahead of the one in use.
///
/// There are lanes of two buffers each, filled and used in turn. The lane that is least ahead is filled first, so that
/// no lane waits for another whose buffers are both still in use.
final class ReadAhead {
  /// Fills the next buffer of a lane.
  ///
  /// - Returns: false where there is nothing more for the lane.
  typealias Fill = (_ lane: Int, _ buffer: RowBuffer) throws -> Bool

  private let state: State
  private let isAhead: Bool

  /// Whether buffers are filled ahead; otherwise they are filled when they are asked for, with the same result.
  package static let isOn = ProcessInfo.processInfo.environment["DDP_TRAIN_PREFETCH"] != "off"

  init(lanes: Int, isAhead: Bool = isOn, makeBuffer: () -> RowBuffer, fill: @escaping Fill) {
    state = State((0..<lanes).map { _ in Lane(buffers: (0..<2).map { _ in makeBuffer() }) }, fill)
    self.isAhead = isAhead && lanes > 0
    guard self.isAhead else { return }
    let thread = Thread { [state] in state.fillAhead() }
    thread.name = "read ahead"
    state.isRunning = true
    thread.start()
  }

  deinit {
    // The buffers must not go while the thread writes to one.
    if isAhead { state.stop() }
  }

  /// The buffer of a lane that is in use.
  ///
  /// - Returns: nil at the end of the lane.
  /// - Throws: what went wrong when it was to be filled.
  func current(_ lane: Int) throws -> RowBuffer? {
    if !isAhead { return try state.fillNow(lane) }
    return try state.wait(for: lane)
  }

  /// Gives the buffer in use back, to be filled with what comes behind the next.
  func advance(_ lane: Int) { state.advance(lane) }

  /// Seconds spent waiting for buffers since the last call.
  func takeWaitSeconds() -> Double { state.takeWaitSeconds() }

  private struct Lane {
    let buffers: [RowBuffer]
    var filled = 0
    var used = 0
    var isOver = false
  }

  /// What both threads see, under one lock.
  private final class State: @unchecked Sendable {
    private let condition = NSCondition()
    private var fill: Fill?
    private var lanes: [Lane]
    private var failure: (any Error)?
    private var isStopped = false
    private var waited = Duration.zero
    var isRunning = false

    init(_ lanes: [Lane], _ fill: @escaping Fill) { (self.lanes, self.fill) = (lanes, fill) }

    func fillAhead() {
      condition.lock()
      defer {
        isRunning = false
        condition.broadcast()
        condition.unlock()
      }
      while !isStopped {
        guard let lane = nextLane else {
          condition.wait()
          continue
        }
        let buffer = lanes[lane].buffers[lanes[lane].filled % 2], fill = fill
        condition.unlock()
        let result = Result { try Timeline.span(.read) { try fill?(lane, buffer) ?? false } }
        condition.lock()
        switch result {
        case .success(true): lanes[lane].filled += 1
        case .success(false): lanes[lane].isOver = true
        case .failure(let error):
          failure = error
          return
        }
        condition.broadcast()
      }
    }

    private var nextLane: Int? {
      lanes.indices.filter { !lanes[$0].isOver && lanes[$0].filled - lanes[$0].used < 2 }
        .min { lanes[$0].filled < lanes[$1].filled }
    }

    func wait(for lane: Int) throws -> RowBuffer? {
      condition.lock()
      defer { condition.unlock() }
      let start = ContinuousClock.now
      var hasWaited = false
      while lanes[lane].filled == lanes[lane].used, !lanes[lane].isOver, failure == nil {
        hasWaited = true
        condition.wait()
      }
      if hasWaited { waited += start.duration(to: .now) }
      if lanes[lane].filled > lanes[lane].used { return lanes[lane].buffers[lanes[lane].used % 2] }
      if let failure { throw failure }
      return nil
    }

    func fillNow(_ lane: Int) throws -> RowBuffer? {
      if lanes[lane].filled == lanes[lane].used, !lanes[lane].isOver {
        let start = ContinuousClock.now
        defer { waited += start.duration(to: .now) }
        if try fill?(lane, lanes[lane].buffers[lanes[lane].filled % 2]) == true {
          lanes[lane].filled += 1
        } else {
          lanes[lane].isOver = true
        }
      }
      return lanes[lane].filled > lanes[lane].used ? lanes[lane].buffers[lanes[lane].used % 2] : nil
    }

    func advance(_ lane: Int) {
      condition.lock()
      lanes[lane].used += 1
      condition.broadcast()
      condition.unlock()
    }

    func takeWaitSeconds() -> Double {
      condition.lock()
      defer {
        waited = .zero
        condition.unlock()
      }
      return waited.seconds
    }

    func stop() {
      condition.lock()
      isStopped = true
      condition.broadcast()
      while isRunning { condition.wait() }
      // The thread may hold this for a while yet: its files and buffers go now.
      (fill, lanes) = (nil, [])
      condition.unlock()
    }
  }
}

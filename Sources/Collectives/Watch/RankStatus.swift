package import Basics
import Foundation

/// Where a rank is, as the watchdog of its host sees it.
package struct RankStatus: Sendable, Equatable {
  package var rank: Int
  package var process: pid_t
  package var state = ProcessState.running
  /// What it does, and within what; nil for nothing that has a name.
  package var activity: Activity?
  package var outer: Activity?
  /// From 1; 0 before the first.
  package var epoch = 0
  package var step = 0
  package var isInStep = false
  /// What it does with which file; empty for none.
  package var file = ""
  /// Seconds that it may take longer than others, for the size of what it does.
  package var allowance = 0.0
  /// Of its longest step; 0 before the end of the first.
  package var longestStep = 0.0
  /// Seconds without any progress.
  package var silence = 0.0
  /// Seconds in which its process did nothing at all.
  package var stillness = 0.0

  package init(rank: Int, process: pid_t) { (self.rank, self.process) = (rank, process) }

  /// Whether it goes on only when others have come along.
  package var waits: Bool { activity?.waits == true }

  /// Whether its process does not run, or hangs where nothing wakes it.
  var isHeld: Bool { state == .stopped || state == .uninterruptible }

  /// What is to be said of its process beside where it is.
  package var stateText: String {
    switch state {
    case .stopped: ", stopped by a signal"
    case .uninterruptible: ", in a system call that does not return"
    case .running, .ended: ""
    }
  }

  /// Such as `forward, epoch 3, step 120`.
  package var place: String {
    var text =
      switch (activity, outer) {
      case (nil, _): epoch == 0 ? "start-up" : "between steps"
      case (let activity?, let outer?) where outer != .step && activity.waits: "\(activity.text) in \(outer.text)"
      case (let activity?, _): "\(activity.text)"
      }
    if epoch > 0 { text += ", epoch \(epoch), step \(step)" }
    return text + (file.isEmpty ? "" : ", \(file)")
  }
}

// MARK: Between hosts

extension RankStatus {
  /// One line, without what only this host's processes can tell.
  package var message: String {
    let numbers = [
      rank, Int(process), Int(state.rawValue), activity?.code ?? 0, outer?.code ?? 0, epoch, step, isInStep ? 1 : 0,
      Int(allowance), Int(longestStep * 1e3), Int(silence * 1e3), Int(stillness * 1e3),
    ]
    return numbers.map(String.init).joined(separator: " ") + " " + file.escaped.shortened(to: 200)
  }

  /// - Returns: nil where it is not a line of `message`.
  package init?(message: some StringProtocol) {
    let parts = message.split(separator: " ", maxSplits: 12, omittingEmptySubsequences: false)
    let numbers = parts.prefix(12).compactMap { Int($0) }
    guard parts.count == 13, numbers.count == 12, numbers.allSatisfy({ $0 >= 0 }),
      let process = pid_t(exactly: numbers[1]), let state = UInt8(exactly: numbers[2]).flatMap(ProcessState.init)
    else { return nil }
    self.init(rank: numbers[0], process: process)
    self.state = state
    activity = Activity(code: numbers[3])
    outer = Activity(code: numbers[4])
    (epoch, step, isInStep) = (numbers[5], numbers[6], numbers[7] != 0)
    allowance = Double(numbers[8])
    (longestStep, silence, stillness) =
      (Double(numbers[9]) * 1e-3, Double(numbers[10]) * 1e-3, Double(numbers[11]) * 1e-3)
    file = String(parts[12])
  }
}

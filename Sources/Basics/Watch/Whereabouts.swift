import Glibc

/// Where this process is in its work, for others to see.
///
/// `Timeline.span` says it in passing, and so does whatever reads or writes files. Nothing here waits, locks or
/// allocates; where nobody watches (`publish(in:)`), it is a look at one variable. Everything that is said counts as
/// progress.
public enum Whereabouts {
  nonisolated(unsafe) package private(set) static var row: StatusRow?
  /// The rank's own thread. Of the others it is only known that they do something.
  nonisolated(unsafe) private static var owner: pthread_t = 0

  /// From now on this process says in `row` where it is. To be called by the rank's own thread.
  package static func publish(in row: StatusRow) {
    row.process = getpid()
    row.stage = .atWork
    (self.row, owner) = (row, pthread_self())
  }

  /// Says that this process will end, and why has been or will be told: nobody else is to tell it.
  public static func end(_ stage: Ending) { row?.stage = stage == .done ? .done : .failing }

  public enum Ending: Sendable { case done, failing }

  private static var isOwner: Bool { pthread_equal(pthread_self(), owner) != 0 }

  // MARK: What it does

  /// - Returns: what `leave` is to be given.
  package static func enter(_ activity: Activity) -> Int? {
    guard let row else { return nil }
    guard isOwner else {
      row.countOther()
      return nil
    }
    let before = row.position, codes = before & 0xFFFF
    // A layer says no more than that its pass goes on.
    let now = activity == .layer ? codes : (codes & 0xFF) << 8 | activity.code
    row.position = (before & ~0xFFFF) &+ 1 << 16 | now
    return codes
  }

  package static func leave(_ before: Int?) {
    guard let row, let before else { return }
    row.position = (row.position & ~0xFFFF) &+ 1 << 16 | before
  }

  /// Says that something goes on that says nothing else.
  public static func advance() {
    guard let row else { return }
    if isOwner { row.position = row.position &+ 1 << 16 } else { row.countOther() }
  }

  /// Does a training step.
  ///
  /// - Parameters:
  ///   - epoch: from 1.
  ///   - step: since the start of training, from 1.
  package static func step<Result>(epoch: Int, _ step: Int, _ body: () throws -> Result) rethrows -> Result {
    guard let row else { return try body() }
    (row.epoch, row.step, row.isInStep) = (epoch, step, true)
    defer { row.isInStep = false }
    return try body()
  }

  // MARK: Files

  /// Does something to a file.
  ///
  /// - Parameters:
  ///   - text: what, and to which, such as `sync a.h5`.
  ///   - byteCount: that are read or written without another word: each 10 MB may take a second more.
  public static func handling<Result, Problem: Error>(
    _ text: @autoclosure () -> String, byteCount: Int = 0, _ body: () throws(Problem) -> Result
  ) throws(Problem) -> Result {
    guard row != nil else { return try body() }
    text().withCString { take($0, byteCount: byteCount) }
    defer { letGo() }
    return try body()
  }

  @inline(__always)
  static func take(_ text: UnsafePointer<CChar>, byteCount: Int) {
    guard let row else { return }
    let isOwner = isOwner
    row.take(text, slot: isOwner ? 0 : 1)
    row.allowance = byteCount / 10_000_000
    advance()
  }

  @inline(__always)
  static func letGo() {
    guard let row else { return }
    row.letGo(slot: isOwner ? 0 : 1)
    row.allowance = 0
    advance()
  }
}

extension Activity {
  /// What stands for it in a row: 0 for none of them.
  package var code: Int { Int(rawValue) + 1 }

  /// - Parameter code: as in a row.
  package init?(code: Int) {
    guard code > 0, let raw = UInt8(exactly: code - 1), let activity = Activity(rawValue: raw) else { return nil }
    self = activity
  }
}

import Foundation

/// Which file a library is reading on this thread: known to `CrashHandler` where the library crashes on a damaged file.
public enum FileReading {
  /// Of each thread that has read: whether a library is at work, then the text of the last call, closed by a zero.
  static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key) { free($0) }
    return key
  }()

  private static let capacity = 1024

  /// Calls a library.
  ///
  /// - Parameters:
  ///   - operation: what it is asked to do, such as `read`.
  ///   - subject: the file, and the place in it.
  ///   - byteCount: what it has to look at beyond some megabytes; each gigabyte may take ten seconds more.
  @inline(__always)
  public static func call<Result>(
    _ operation: String, _ subject: String, byteCount: Int = 0, _ body: () -> Result
  ) -> Result {
    guard let record = record() else { return body() }
    var end = record + 1
    for part in ["cannot ", operation, " ", subject.escaped] {
      var part = part
      part.withUTF8 {
        let count = min($0.count, record + capacity - 1 - end)
        if count > 0, let start = $0.baseAddress { memcpy(end, start, count) }
        end += count
      }
    }
    end.pointee = 0
    return atWork(record, byteCount: byteCount, body)
  }

  /// Calls a library about the file of the last call.
  public static func callAgain<Result>(_ body: () -> Result) -> Result {
    guard let record = record() else { return body() }
    return atWork(record, byteCount: 0, body)
  }

  private static func atWork<Result>(
    _ record: UnsafeMutablePointer<CChar>, byteCount: Int, _ body: () -> Result
  ) -> Result {
    let before = record.pointee
    record.pointee = 1
    limitTime(seconds + byteCount / 100_000_000)
    // Without the first word, `cannot`.
    if record[1] != 0 { Whereabouts.take(record + 8, byteCount: byteCount) }
    defer {
      Whereabouts.letGo()
      limitTime(0)
      record.pointee = before
    }
    return body()
  }

  /// The most that one call may compute. On damaged files a library may never come to an end.
  static let seconds = 10
  /// The thread whose calls are timed, once there is a handler for the signal of the timer: the timer is the process's.
  /// What another thread reads, this one has read before.
  nonisolated(unsafe) static var timedThread: pthread_t?

  /// Has this process's computing end in SIGPROF after so many seconds; 0 for never.
  private static func limitTime(_ seconds: Int) {
    guard let timedThread, pthread_equal(timedThread, pthread_self()) != 0 else { return }
    var timer = itimerval(it_interval: timeval(), it_value: timeval(tv_sec: seconds, tv_usec: 0))
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
  }

  private static func record() -> UnsafeMutablePointer<CChar>? {
    if let memory = pthread_getspecific(key) { return memory.assumingMemoryBound(to: CChar.self) }
    guard let memory = calloc(capacity, 1) else { return nil }
    pthread_setspecific(key, memory)
    return memory.assumingMemoryBound(to: CChar.self)
  }

  /// What a library is doing on this thread, if it is at work: for the handler of a signal.
  static func current(_ key: pthread_key_t) -> UnsafePointer<CChar>? {
    guard let memory = pthread_getspecific(key) else { return nil }
    let record = memory.assumingMemoryBound(to: CChar.self)
    return record.pointee == 0 ? nil : UnsafePointer(record + 1)
  }
}

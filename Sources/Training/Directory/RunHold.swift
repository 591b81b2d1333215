import Basics
import Foundation

/// The right to write into a run directory, which one process has at a time: a lock on its file `.lock`, which the
/// system takes back when the process ends, however it ends.
///
/// A directory that is there is held from the start; one that is not is made by `use()`, so that a run that cannot
/// start leaves nothing.
package final class RunHold {
  package private(set) var directory: RunDirectory
  /// Why another process would not be kept away; nil where it is.
  package private(set) var weakness: String?
  /// Whether the run that the directory holds is to be set aside.
  package var setsAside = false
  /// Of a directory that bears the time at which its run begins; nil where the directory is named.
  private let name: String?
  /// Whether the directory has its name already.
  var isNamed: Bool { name == nil }
  private var lock: Int32 = -1
  private var lockFile: String { directory.path + "/.lock" }
  /// Whether `.lock` came to be with this hold, to be taken back where no run begins after all.
  private var madeLock = false

  /// - Parameter onlyLooks: whether the directory is left as it is, and free for others.
  /// - Throws: where the directory cannot be made or written to, or another process has it: that one is not disturbed.
  package init(_ directory: RunDirectory, onlyLooks: Bool = false) throws {
    (self.directory, name) = (directory, nil)
    guard try Self.exists(directory) else { return }
    if onlyLooks { try lookAtLock() } else { try takeLock() }
  }

  /// `runs/NAME-TIMESTAMP`, in local time; of a later second where that is there already.
  package init(name: String, kind: ResultsKind = .run) throws {
    directory = RunDirectory(path: "\(RunDirectory.home)/\(name)", kind: kind)
    self.name = name
    _ = try Self.exists(directory)
  }

  deinit { letGo(keepsFile: false) }

  /// Makes the directory where it is not there, takes hold of it, and sets the run in it aside where that is asked for.
  /// From now on it holds a run.
  ///
  /// - Returns: what is to be said of it.
  /// - Throws: also where another process has begun a run there in the meantime.
  package func use() throws -> [String] {
    var notes: [String] = []
    if let name {
      try makeFresh(name)
    } else if lock < 0 {
      try directory.create()
      try takeLock()
      if let trace = directory.traces.first { throw used(trace) }
    } else if setsAside, !directory.traces.isEmpty {
      notes.append("the \(directory.heldKind.noun) that was in \(directory.path) is now in \(try setAside())")
    }
    try directory.create()
    madeLock = false
    return notes
  }

  /// The error for a directory that holds something already.
  package func used(_ trace: String) -> Failure {
    Failure.usage(
      "\(directory.path) holds a \(directory.heldKind.noun) already (\(trace)); go on with it by --resume auto, give "
        + "another directory with --run DIR, or give --overwrite, which renames this one")
  }

  // MARK: Directories

  /// Whether a directory is there and can be written to.
  ///
  /// - Throws: where it is not and cannot be made either.
  private static func exists(_ directory: RunDirectory) throws -> Bool {
    var place = URL(fileURLWithPath: directory.path).path
    var isThere = true
    var status = stat()
    while stat(place, &status) != 0 {
      guard errno == ENOENT, place != "/" else { throw directory.failure("make", errno) }
      place = URL(fileURLWithPath: place).deletingLastPathComponent().path
      isThere = false
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw directory.failure("make", ENOTDIR) }
    guard access(place, W_OK | X_OK) == 0 else { throw directory.failure(isThere ? "write to" : "make", errno) }
    return isThere
  }

  private func makeFresh(_ name: String) throws {
    mkdir(RunDirectory.home, 0o777)
    var date = Date()
    while true {
      let path = "\(RunDirectory.home)/\(name)-\(timestamp(date))"
      directory = RunDirectory(path: path, kind: directory.kind)
      if mkdir(directory.path, 0o777) == 0 { return try takeLock() }
      guard errno == EEXIST else { throw directory.failure("make", errno) }
      date += 1
    }
  }

  /// Renames the directory, with all that is in it, and takes hold of a new one of its name.
  ///
  /// - Returns: where the old one is.
  private func setAside() throws -> String {
    let old = try directory.setAside()
    // The old one stays held until the new one is.
    let oldLock = lock
    defer { close(oldLock) }
    try directory.create()
    try takeLock()
    return old
  }

  // MARK: The lock

  private func takeLock() throws {
    for _ in 0..<10 {
      lock = open(lockFile, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
      madeLock = lock >= 0
      if lock < 0 && errno == EEXIST { lock = open(lockFile, O_RDWR | O_NOFOLLOW | O_CLOEXEC) }
      guard lock >= 0 else {
        // Another process has just taken its lock file back.
        if errno == ENOENT { continue }
        throw systemFailure("open", lockFile, errno, isOfRun: true)
      }
      if flock(lock, LOCK_EX | LOCK_NB) != 0 {
        guard errno != EWOULDBLOCK else { throw inUse() }
        weakness = lackOfLocks(errno)
      }
      // Whoever held it before may have deleted or renamed it.
      if OutputTarget.isFile(lock, at: lockFile) { return writeHolder() }
      letGo(keepsFile: true)
    }
    throw inUse()
  }

  private func lookAtLock() throws {
    lock = open(lockFile, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    if lock >= 0, flock(lock, LOCK_SH | LOCK_NB) != 0 {
      guard errno != EWOULDBLOCK else { throw inUse() }
      weakness = lackOfLocks(errno)
    }
    letGo(keepsFile: true)
  }

  private func lackOfLocks(_ code: Int32) -> String {
    "\(directory.path): its file system has no locks (\(String(cString: strerror(code)))); see to it that no other job "
      + "writes there"
  }

  private func letGo(keepsFile: Bool) {
    guard lock >= 0 else { return }
    if madeLock && !keepsFile { unlink(lockFile) }
    close(lock)
    lock = -1
  }

  private func inUse() -> Failure {
    let holder = (try? String(contentsOfFile: lockFile, encoding: .utf8))?.split(separator: "\n").first
    letGo(keepsFile: true)
    return Failure.usage(
      "\(directory.path) is in use by another job\(holder.map { ", \(String($0).shownName)" } ?? ""); wait for its "
        + "end, or give another directory with --run DIR")
  }

  /// For the message of a job that comes later.
  private func writeHolder() {
    var host = [CChar](repeating: 0, count: 256)
    gethostname(&host, host.count - 1)
    let name = String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let text = "process \(getpid()) on \(name)\n"
    ftruncate(lock, 0)
    _ = text.withCString { pwrite(lock, $0, strlen($0), 0) }
  }
}

import Foundation

/// Files that are either whole or not there, whatever happens while they are written.
///
/// They grow under a temporary name beside their own, which no other process has and which is made, never opened: a
/// link of that name is not followed.
public enum AtomicFile {
  /// Writes `bytes` under a temporary name beside `path`, syncs, renames, and syncs the directory.
  ///
  /// - Parameter isOfRun: whether it is a file of a training run, which can go on after an error.
  /// - Throws: where a step fails (a full disk, an unwritable directory); what stood at `path` is then untouched and
  ///   the temporary file is gone.
  public static func write(_ bytes: some ContiguousBytes, to path: String, isOfRun: Bool = false) throws {
    let (temporary, file) = try make(for: path, isOfRun) {
      open($0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    }
    UnfinishedFile.begin(temporary)
    defer { UnfinishedFile.end(temporary) }
    let error = Whereabouts.handling("write \(path)") {
      bytes.withUnsafeBytes { writeAll($0, to: file) ? nil : failure("write", path, isOfRun) }
    }
    try publish(temporary, file, as: path, isOfRun, after: error)
  }

  /// Writes texts one behind the other as `body` gives them, under a temporary name beside `path`, then syncs and
  /// renames as for a file in one piece.
  ///
  /// - Throws: what `body` throws, too; what stood at `path` is then untouched and the temporary file is gone.
  public static func write(to path: String, texts body: (_ append: (String) throws -> Void) throws -> Void) throws {
    let (temporary, file) = try make(for: path, false) {
      open($0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    }
    UnfinishedFile.begin(temporary)
    defer { UnfinishedFile.end(temporary) }
    do {
      try body { text in
        var text = text
        let isWritten = Whereabouts.handling("write \(path)") {
          text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: file) }
        }
        guard isWritten else { throw failure("write", path, false) }
      }
    } catch {
      close(file)
      unlink(temporary)
      throw error
    }
    try publish(temporary, file, as: path, false, after: nil)
  }

  /// Gives a file that another library has made and closed under a `temporaryName(for: path)` its name: syncs,
  /// renames, and syncs the directory.
  ///
  /// - Throws: where a step fails; what stood at `path` is then untouched and the temporary file is gone.
  public static func publish(_ temporary: String, as path: String) throws {
    let file = open(temporary, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard file >= 0 else { throw failure("sync", path, false) }
    try publish(temporary, file, as: path, false, after: nil)
  }

  /// Syncs and closes `file`, then renames it, unless an `error` has come before.
  private static func publish(
    _ temporary: String, _ file: Int32, as path: String, _ isOfRun: Bool, after error: Failure?
  ) throws {
    var status = stat()
    let byteCount = fstat(file, &status) == 0 ? Int(status.st_size) : 0
    try Whereabouts.handling("sync \(path)", byteCount: byteCount) {
      var error = error
      if error == nil && fsync(file) != 0 { error = failure("sync", path, isOfRun) }
      if close(file) != 0 && error == nil { error = failure("close", path, isOfRun) }
      if error == nil && rename(temporary, path) != 0 { error = failure("rename", path, isOfRun) }
      if let error {
        unlink(temporary)
        throw error
      }
      try syncDirectory(of: path, isOfRun)
    }
  }

  /// Makes `path` a symbolic link to `target`, replacing the one that was there in one step.
  public static func link(_ path: String, to target: String, isOfRun: Bool = false) throws {
    let (temporary, _) = try make(for: path, isOfRun) { symlink(target, $0) }
    guard rename(temporary, path) == 0 else {
      let error = failure("link", path, isOfRun)
      unlink(temporary)
      throw error
    }
    try syncDirectory(of: path, isOfRun)
  }

  // MARK: Temporary names

  /// A new name beside `path`, hidden, so that it is not taken for a finished file: `.NAME.PROCESS-NUMBER.tmp`.
  ///
  /// Whoever uses it must make the file, and fail where it is there.
  public static func temporaryName(for path: String) -> String {
    let url = URL(fileURLWithPath: path)
    // A name has 255 bytes at most.
    var name = Substring(url.lastPathComponent)
    while name.utf8.count > 200 { name = name.dropLast() }
    let number = String(UInt32.random(in: 0...UInt32.max), radix: 16)
    return url.deletingLastPathComponent().path + "/.\(name).\(getpid())-\(number).tmp"
  }

  /// Deletes what processes that were killed have left of the files of one directory under temporary names.
  ///
  /// Only where no other process can be writing these files.
  ///
  /// - Parameter owns: whether a file of this name is meant.
  public static func removeLeftovers(in directory: String, of owns: (String) -> Bool) {
    for entry in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
      guard entry.hasPrefix("."), entry.hasSuffix(".tmp") else { continue }
      let name = entry.dropFirst().dropLast(4)
      // Earlier versions had no numbers.
      let numbered = name.lastIndex(of: ".").map { String(name[..<$0]) }
      if owns(String(name)) || numbered.map(owns) == true { unlink(directory + "/" + entry) }
    }
  }

  /// Calls `body` with new names until one is free.
  private static func make(
    for path: String, _ isOfRun: Bool, _ body: (String) -> Int32
  ) throws -> (temporary: String, result: Int32) {
    for _ in 0..<100 {
      let temporary = temporaryName(for: path)
      let result = body(temporary)
      if result >= 0 { return (temporary, result) }
      guard errno == EEXIST else { break }
    }
    throw failure("write", path, isOfRun)
  }

  /// Bytes of one call, each of which is progress.
  private static let pieceSize = 1 << 24

  private static func writeAll(_ bytes: UnsafeRawBufferPointer, to file: Int32) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let written = Foundation.write(file, rest.baseAddress, min(rest.count, pieceSize))
      Whereabouts.advance()
      if written < 0 {
        if errno == EINTR { continue }
        return false
      }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
    }
    return true
  }

  private static func syncDirectory(of path: String, _ isOfRun: Bool) throws {
    let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard file >= 0 else { throw failure("open directory of", path, isOfRun) }
    defer { close(file) }
    // Some network file systems cannot sync a directory and say EINVAL; their rename is durable by itself.
    if fsync(file) != 0 && errno != EINVAL { throw failure("sync directory of", path, isOfRun) }
  }

  private static func failure(_ verb: String, _ path: String, _ isOfRun: Bool) -> Failure {
    systemFailure(verb, path, errno, isOfRun: isOfRun)
  }
}

/// What a system call said against a file, and what to do about it, in one line.
///
/// - Parameters:
///   - verb: what was tried, such as `write`.
///   - code: the call's `errno`.
///   - isOfRun: whether it is a file of a training run, which can go on afterwards.
public func systemFailure(_ verb: String, _ path: String, _ code: Int32, isOfRun: Bool = false) -> Failure {
  let goOn = isOfRun ? ", then go on with --resume auto" : ""
  let remedy =
    switch code {
    case ENOSPC, EDQUOT: "; free some space\(goOn)"
    case EFBIG: "; raise the limit on the size of files (ulimit -f)\(goOn)"
    case EIO: "; the disk or network storage has failed: see to it (the system's log says more)\(goOn)"
    case EROFS: "; the file system is mounted for reading only\(isOfRun ? "; give another place with --run DIR" : "")"
    case ELOOP: "; it is a symbolic link, which is not followed here: remove it"
    default: ""
    }
  return Failure.data("cannot \(verb) \(path): \(String(cString: strerror(code)))\(remedy)")
}

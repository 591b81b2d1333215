import Foundation

/// Files that are either whole or not there, whatever happens while they are written.
public enum AtomicFile {
  /// Writes `bytes` under a temporary name beside `path`, syncs, renames, and syncs the directory.
  ///
  /// - Throws: where a step fails (a full disk, an unwritable directory); what stood at `path` is then untouched and
  ///   the temporary file is gone.
  public static func write(_ bytes: some ContiguousBytes, to path: String) throws {
    let temporary = temporaryName(for: path)
    UnfinishedFile.begin(temporary)
    defer { UnfinishedFile.end() }
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw failure("write", path) }
    let error = bytes.withUnsafeBytes { writeAll($0, to: file) ? nil : failure("write", path) }
    try publish(temporary, file, as: path, after: error)
  }

  /// Gives a file that another library has written and closed under `temporaryName(for: path)` its name: syncs,
  /// renames, and syncs the directory.
  ///
  /// - Throws: where a step fails; what stood at `path` is then untouched and the temporary file is gone.
  public static func publish(as path: String) throws {
    let temporary = temporaryName(for: path)
    let file = open(temporary, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure("sync", path) }
    try publish(temporary, file, as: path, after: nil)
  }

  /// Syncs and closes `file`, then renames it, unless an `error` has come before.
  private static func publish(_ temporary: String, _ file: Int32, as path: String, after error: Failure?) throws {
    var error = error
    if error == nil && fsync(file) != 0 { error = failure("sync", path) }
    if close(file) != 0 && error == nil { error = failure("close", path) }
    if error == nil && rename(temporary, path) != 0 { error = failure("rename", path) }
    if let error {
      unlink(temporary)
      throw error
    }
    try syncDirectory(of: path)
  }

  /// Makes `path` a symbolic link to `target`, replacing the one that was there in one step.
  public static func link(_ path: String, to target: String) throws {
    let temporary = temporaryName(for: path)
    unlink(temporary)
    guard symlink(target, temporary) == 0, rename(temporary, path) == 0 else { throw failure("link", path) }
    try syncDirectory(of: path)
  }

  /// Hidden, so that it is not taken for a finished file.
  public static func temporaryName(for path: String) -> String {
    let url = URL(fileURLWithPath: path)
    return url.deletingLastPathComponent().path + "/." + url.lastPathComponent + ".tmp"
  }

  private static func writeAll(_ bytes: UnsafeRawBufferPointer, to file: Int32) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let written = Foundation.write(file, rest.baseAddress, rest.count)
      if written < 0 {
        if errno == EINTR { continue }
        return false
      }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
    }
    return true
  }

  private static func syncDirectory(of path: String) throws {
    let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard file >= 0 else { throw failure("open directory of", path) }
    defer { close(file) }
    // Some network file systems cannot sync a directory and say EINVAL; their rename is durable by itself.
    if fsync(file) != 0 && errno != EINVAL { throw failure("sync directory of", path) }
  }

  private static func failure(_ verb: String, _ path: String) -> Failure {
    let remedy = errno == ENOSPC || errno == EDQUOT ? "; free some space, then go on with --resume auto" : ""
    return Failure.data("cannot \(verb) \(path): \(String(cString: strerror(errno)))\(remedy)")
  }
}

import Foundation

/// The file system that a path is on.
package struct FileSystem: Sendable, Equatable {
  /// As the system names it, such as `ext4` or `nfs4`; nil where it does not.
  package let kind: String?
  /// Bytes that this user may still take; nil where it does not say.
  package let freeBytes: Int?

  /// - Parameter path: of something that is there.
  package init?(of path: String) {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    // Some that have no size of their own say 0 of all.
    freeBytes = status.f_blocks > 0 ? Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize)) : nil
    kind = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)).flatMap {
      Self.kind(of: URL(fileURLWithPath: path).resolvingSymlinksInPath().path, mounts: $0)
    }
  }

  /// The most bytes that a file may have which this process writes, as `ulimit -f` says; nil for no limit.
  package static var greatestFile: Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { return nil }
    return Int(exactly: limit.rlim_cur)
  }

  /// - Parameters:
  ///   - path: absolute, without links.
  ///   - mounts: as in `/proc/self/mountinfo`, later ones over earlier ones.
  package static func kind(of path: String, mounts: String) -> String? {
    var best: (length: Int, kind: String)?
    for line in mounts.split(separator: "\n") {
      // 36 35 98:0 /part /place rw,noatime master:1 - ext3 /dev/root rw
      let halves = line.components(separatedBy: " - ")
      let fields = halves[0].split(separator: " ")
      guard halves.count > 1, fields.count > 4, let kind = halves[1].split(separator: " ").first else { continue }
      let place = unescaped(fields[4])
      guard place == "/" || path == place || path.hasPrefix(place + "/"), place.utf8.count >= best?.length ?? 0
      else { continue }
      best = (place.utf8.count, String(kind))
    }
    return best?.kind
  }

  /// Spaces and the like stand there as `\040`.
  private static func unescaped(_ text: Substring) -> String {
    let escapes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
    return escapes.reduce(String(text)) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
  }

  /// Whether what is written there is lost when the machine is started again.
  package var isVolatile: Bool { kind == "tmpfs" || kind == "ramfs" }
}

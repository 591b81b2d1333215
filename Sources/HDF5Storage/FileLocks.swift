import Foundation

/// Who holds locks on files, as far as the kernel tells.
enum FileLocks {
  /// The process that has locked a file, such as `python3 (process 4711)`; nil where it is on another machine or not to
  /// be seen.
  static func holder(of file: stat) -> String? {
    guard let locks = try? String(contentsOfFile: "/proc/locks", encoding: .utf8) else { return nil }
    // 1: FLOCK  ADVISORY  WRITE 4711 08:01:131 0 EOF
    for line in locks.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 5, fields[5].split(separator: ":").last == "\(file.st_ino)", let process = Int(fields[4]),
        process > 0
      else { continue }
      let name = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)
      return name.map { "\($0.trimmingCharacters(in: .whitespacesAndNewlines)) (process \(process))" }
        ?? "process \(process)"
    }
    return nil
  }
}

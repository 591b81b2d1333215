import Foundation

/// The control groups that this process is in, where the limits of a container stand.
enum ControlGroup {
  /// The directories of a controller, the innermost first.
  ///
  /// - Parameter controller: such as `memory`.
  /// - Returns: `isUnified` for those of version 2.
  static func directories(of controller: String) -> [(path: String, isUnified: Bool)] {
    var found: [(String, Bool)] = []
    let groups = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
    for line in groups.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3, parts[1].isEmpty || parts[1].split(separator: ",").contains(Substring(controller)) else {
        continue
      }
      let root = parts[1].isEmpty ? "/sys/fs/cgroup" : "/sys/fs/cgroup/\(controller)"
      // Inside of a container the path is that of the host, and the root is the container's own group.
      var path = String(parts[2])
      while true {
        found.append((root + (path == "/" ? "" : path), parts[1].isEmpty))
        guard path != "/", let slash = path.lastIndex(of: "/") else { break }
        path = slash == path.startIndex ? "/" : String(path[..<slash])
      }
    }
    return found
  }
}

import Foundation

/// The cores that a process may run on. Hardware threads of one core count once.
package struct CoreSet: Sendable, Equatable, Codable {
  /// Of each core the number of its first hardware thread, ascending.
  package let cores: [Int]
  /// The processors' worth of time that the control groups allow; nil for no limit.
  package let quota: Double?

  package init(cores: [Int], quota: Double? = nil) { (self.cores, self.quota) = (cores, quota) }

  /// Those of this process; nil where the system does not say.
  package static var own: CoreSet? {
    guard let line = (text("/proc/self/status") ?? "").split(separator: "\n").first(where: { $0.hasPrefix(label) })
    else { return nil }
    let processors = numbers(line.dropFirst(label.count))
    return processors.isEmpty ? nil : CoreSet(cores: cores(processors), quota: ownQuota)
  }

  /// Those that the host has, or its container; nil where the system does not say.
  package static var ofHost: CoreSet? {
    let set = ControlGroup.directories(of: "cpuset").lazy.compactMap { group in
      text(group.path + (group.isUnified ? "/cpuset.cpus.effective" : "/cpuset.effective_cpus"))
    }.first
    let processors = numbers(set ?? text("/sys/devices/system/cpu/online") ?? "")
    return processors.isEmpty ? nil : CoreSet(cores: cores(processors), quota: ownQuota)
  }

  private static func cores(_ processors: [Int]) -> [Int] {
    let cores = processors.map { processor in
      let siblings = text("/sys/devices/system/cpu/cpu\(processor)/topology/thread_siblings_list")
      return siblings.flatMap { numbers($0).first } ?? processor
    }
    return Set(cores).sorted()
  }

  private static let label = "Cpus_allowed_list:"

  /// Those of a list such as `0-3,8`.
  package static func numbers(_ list: some StringProtocol) -> [Int] {
    list.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: ",").flatMap { part -> [Int] in
      let ends = part.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, first <= last, last < 1 << 16 else { return [] }
      return Array(first...last)
    }
  }

  private static var ownQuota: Double? {
    let quotas = ControlGroup.directories(of: "cpu").compactMap { group -> Double? in
      let words =
        group.isUnified
        ? text(group.path + "/cpu.max")?.split(whereSeparator: \.isWhitespace).map(String.init)
        : [text(group.path + "/cpu.cfs_quota_us"), text(group.path + "/cpu.cfs_period_us")].compactMap(\.self).map {
          $0.trimmingCharacters(in: .whitespacesAndNewlines)
        }
      guard let words, words.count == 2, let time = Double(words[0]), let period = Double(words[1]), time > 0,
        period > 0
      else { return nil }
      return time / period
    }
    return quotas.min()
  }

  private static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}

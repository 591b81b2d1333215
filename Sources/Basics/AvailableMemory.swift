import Foundation

/// The bytes that this process could still take without driving the machine, or the container that it runs in, out of
/// memory: what the kernel holds available, swap included, or what is left under the limit of its control group. Nil
/// where the system does not say.
public func availableMemory() -> Int? {
  let limits = [kernelMemory(), limitOfControlGroup()].compactMap(\.self)
  return limits.min()
}

/// `MemAvailable` and `SwapFree` of /proc/meminfo.
private func kernelMemory() -> Int? {
  guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else { return nil }
  func kibibytes(_ key: String) -> Int? {
    text.split(separator: "\n").first { $0.hasPrefix(key + ":") }?.split(separator: " ").dropFirst().first.flatMap {
      Int($0)
    }
  }
  return kibibytes("MemAvailable").map { ($0 + (kibibytes("SwapFree") ?? 0)) << 10 }
}

/// Of version 2 or 1, as a container sees it; files that can be given up for others do not count as used.
private func limitOfControlGroup() -> Int? {
  func number(_ path: String) -> Int? {
    (try? String(contentsOfFile: "/sys/fs/cgroup/" + path, encoding: .utf8)).flatMap {
      Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }
  func reclaimable(_ path: String) -> Int {
    let text = (try? String(contentsOfFile: "/sys/fs/cgroup/" + path, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").first { $0.hasPrefix("inactive_file ") }?.split(separator: " ").last.flatMap {
      Int($0)
    } ?? 0
  }
  for (limit, usage, statistics) in [
    ("memory.max", "memory.current", "memory.stat"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
  ] {
    // Version 1 says "no limit" by a number near 2⁶³.
    guard let limit = number(limit), limit < 1 << 60, let used = number(usage) else { continue }
    return max(0, limit - used + reclaimable(statistics))
  }
  return nil
}

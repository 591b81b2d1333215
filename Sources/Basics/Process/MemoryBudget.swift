import Foundation
import Synchronization

/// How much memory data may take.
public enum MemoryBudget {
  /// The environment variable that says it instead: a size such as `8GB`.
  public static let variable = "DDP_TRAIN_MEMORY"

  /// What the user has set; nil where nothing.
  public static let chosen: Int? = ProcessInfo.processInfo.environment[variable].flatMap(bytes)

  /// The bytes that this job's ranks on this machine may still take together.
  public static var ofRanksHere: Int { chosen ?? ofMachine }

  /// The bytes that this process may still take: the least of what the machine has and of what is left to the process.
  public static var available: Int { chosen ?? min(ofMachine, ofProcess) }

  /// The bytes that this machine has for programs, whatever of it is in use: a limit of a container counts, and what
  /// the user has set.
  public static var installed: Int {
    chosen ?? groupLimits.reduce(field("MemTotal:", of: "/proc/meminfo") ?? Int.max / 4) { min($0, $1.limit) }
  }

  /// Checks before data is read, while no rank of the job has taken memory for it.
  ///
  /// - Parameters:
  ///   - needed: the bytes that all ranks of the job will take together.
  ///   - what: that takes them, such as `a.h5: train of 1,000 rows of 64 float32`.
  /// - Throws: if this machine's ranks, or this one, would take more than there is.
  public static func require(_ needed: Double, for what: @autoclosure () -> String) throws {
    if let text = ProcessInfo.processInfo.environment[variable], chosen == nil {
      throw Failure.usage("\(variable) is '\(text)', expected a size such as 8GB")
    }
    let (here, own) = shares
    let limits = [(needed * here, chosen ?? ofMachine)] + (chosen == nil ? [(needed * own, ofProcess)] : [])
    guard let (needed, available) = limits.first(where: { $0.0 > Double($0.1) }) else { return }
    throw Failure.data(
      "\(what()) needs \(byteText(needed)) of memory, and \(byteText(Double(available))) "
        + "\(chosen == nil ? "is available" : "is what \(variable) allows"); use fewer rows, a smaller type (uint8, "
        + "float32), more machines, stream them with data.memory, or allow more with \(variable)=SIZE")
  }

  /// How often the ranks of the job hold the same data: once, unless groups of them train on it side by side.
  public static var copies: Int {
    get { copyCount.load(ordering: .relaxed) }
    set { copyCount.store(newValue, ordering: .relaxed) }
  }

  /// The share of all copies that is held on this machine, and the share of this rank: 1 for a process alone.
  private static var shares: (here: Double, own: Double) {
    guard let launch = Launch.own, let size = launch.size, size > 1 else { return (1, 1) }
    let copies = Double(copies), all = Double(size)
    return (copies * min(1, Double(launch.localSize ?? 1) / all), min(1, copies / all))
  }

  /// What the kernel has available, swap included, and what is left to each control group that this process is in.
  private static var ofMachine: Int {
    let kernel = field("MemAvailable:", of: "/proc/meminfo").map { $0 + (field("SwapFree:", of: "/proc/meminfo") ?? 0) }
    return groupLimits.reduce(kernel ?? Int.max) { min($0, max(0, $1.limit - $1.used)) }
  }

  /// What is left of the limit on this process's address space.
  private static var ofProcess: Int {
    var space = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &space) == 0, space.rlim_cur < rlim_t(Int.max) else {
      return Int.max
    }
    return max(0, Int(space.rlim_cur) - (field("VmSize:", of: "/proc/self/status") ?? 0))
  }

  /// Such as `500000`, `80MB` or `1.5 GiB`; nil for anything else.
  public static func bytes(_ text: String) -> Int? {
    let text = text.trimmingCharacters(in: .whitespaces)
    let digits = text.prefix { $0.isNumber || $0 == "." }
    let unit = text.dropFirst(digits.count).trimmingCharacters(in: .whitespaces).lowercased()
    let units: [String: Double] = [
      "": 1, "b": 1, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9, "t": 1e12, "tb": 1e12,
      "kib": 1024, "mib": 1_048_576, "gib": 1_073_741_824,
    ]
    guard let number = Double(digits), let factor = units[unit] else { return nil }
    return Int(exactly: (number * factor).rounded())
  }

  /// The limit and the use of each control group that this process is in, of either version.
  private static var groupLimits: [(limit: Int, used: Int)] {
    var limits: [(Int, Int)] = []
    for group in ControlGroup.directories(of: "memory") {
      let names =
        group.isUnified ? ("memory.max", "memory.current") : ("memory.limit_in_bytes", "memory.usage_in_bytes")
      guard let limit = number(group.path + "/" + names.0) else { continue }
      // What the page cache holds of files is given back when it is needed.
      let cache = field("inactive_file", of: group.path + "/memory.stat", unit: 1) ?? 0
      limits.append((limit, max(0, (number(group.path + "/" + names.1) ?? 0) - cache)))
    }
    return limits
  }

  private static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

  private static func number(_ path: String) -> Int? {
    text(path).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  /// A number behind a name, in bytes.
  private static func field(_ name: String, of path: String, unit: Int = 1024) -> Int? {
    for line in (text(path) ?? "").split(separator: "\n") where line.hasPrefix(name) {
      return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }.map {
        $0 * unit
      }
    }
    return nil
  }
}

private let copyCount = Atomic<Int>(1)

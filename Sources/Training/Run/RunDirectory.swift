import Checkpointing
import Basics
import Foundation
import Settings

/// Where a run leaves its results: `config.json`, `metrics.jsonl`, `summary.json`, `log.txt` and `checkpoints/`.
public struct RunDirectory: Sendable {
  public let path: String
  public var checkpoints: CheckpointDirectory { CheckpointDirectory(path: path + "/checkpoints") }
  public var metricsFile: String { path + "/metrics.jsonl" }
  public var logFile: String { path + "/log.txt" }

  public init(path: String) { self.path = path }

  /// `runs/NAME-TIMESTAMP`, in local time; of a later second where a run of this one is there already.
  static func fresh(name: String) -> RunDirectory {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyyMMdd-HHmmss"
    var date = Date()
    func path() -> String { "runs/\(name)-\(formatter.string(from: date))" }
    while FileManager.default.fileExists(atPath: path()) { date += 1 }
    return RunDirectory(path: path())
  }

  /// The newest directory that `fresh` made for `name`, if there is one.
  static func newest(name: String) -> RunDirectory? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "runs")) ?? []
    let own = names.filter { $0.hasPrefix(name + "-") && $0.count == name.count + 16 }
    return own.max().map { RunDirectory(path: "runs/" + $0) }
  }

  /// Makes the directories.
  func create() throws {
    var made = checkpoints.path.hasPrefix("/") ? "/" : ""
    for component in checkpoints.path.split(separator: "/") {
      made += component
      if mkdir(made, 0o777) != 0 && errno != EEXIST { throw failure("make", errno) }
      made += "/"
    }
    // What exists may still be a file, or someone else's.
    var status = stat()
    guard stat(checkpoints.path, &status) == 0 else { throw failure("make", errno) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw failure("make", ENOTDIR) }
    for directory in [path, checkpoints.path] where access(directory, W_OK) != 0 { throw failure("write to", errno) }
  }

  private func failure(_ verb: String, _ code: Int32) -> Failure {
    Failure.data(
      "cannot \(verb) the run directory \(path): \(String(cString: strerror(code))); give another with --run DIR")
  }

  /// Writes `config.json`, from which the run can be repeated.
  func write(_ configuration: TrainingConfiguration) throws {
    try AtomicFile.write(Data((configuration.json.text + "\n").utf8), to: path + "/config.json")
  }

  /// Writes `summary.json`.
  func write(summary: JSONValue) throws {
    try AtomicFile.write(Data((summary.text + "\n").utf8), to: path + "/summary.json")
  }

  /// Keeps the lines of `metrics.jsonl` up to `step`, as a resumed run will write the later ones again; 0 empties it.
  func cutMetrics(after step: Int) throws {
    guard let text = try? String(contentsOfFile: metricsFile, encoding: .utf8) else { return }
    let kept = text.split(separator: "\n").filter { line in
      guard let value = try? JSON5Parser.parse(String(line), file: metricsFile) else { return false }
      if case .integer(let written)? = value["step"]?.content { return written <= step }
      return false
    }
    try AtomicFile.write(Data(kept.map { $0 + "\n" }.joined().utf8), to: metricsFile)
  }

  /// Appends a line to a file: whole, or not at all where the disk is full.
  func append(_ line: String, to file: String) throws {
    let descriptor = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Failure.data("cannot open \(file): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    let end = lseek(descriptor, 0, SEEK_END)
    let bytes = Array((line + "\n").utf8)
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        written += count
      } else if errno != EINTR {
        let reason = String(cString: strerror(errno))
        ftruncate(descriptor, end)
        throw Failure.data("cannot write \(file): \(reason); free some space, then go on with --resume auto")
      }
    }
  }
}

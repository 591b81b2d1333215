import Basics
import Checkpointing
import Foundation
import Settings

/// Which run a directory, its checkpoints and its metrics belong to: a name that no other run has, made when the run
/// starts, kept in `run.json`, in each checkpoint as `run_id`, and in each line of metrics as `timing.run`.
struct RunIdentity: Sendable, Equatable {
  /// Such as `digits-20250131-120000-1f3a9c04`.
  let id: String
  /// Whether checkpoints without a name belong to it: the run began before runs had one.
  let ownsUnnamed: Bool

  init(id: String, ownsUnnamed: Bool = false) { (self.id, self.ownsUnnamed) = (id, ownsUnnamed) }

  /// A new one.
  init(name: String) {
    let number = String(UInt32.random(in: 0...UInt32.max), radix: 16)
    self.init(id: "\(name)-\(timestamp(Date()))-" + String(repeating: "0", count: 8 - number.count) + number)
  }

  /// - Returns: nil where the directory does not say.
  static func read(in directory: RunDirectory) throws -> RunIdentity? {
    let file = directory.identityFile
    guard access(file, F_OK) == 0 else { return nil }
    guard let value = try? JSON5Parser.parse(contentsOfFile: file), case .string(let id)? = value["id"]?.content else {
      throw Failure.data("\(file): is damaged, expected { \"id\": … }; put the id of the run's checkpoints there")
    }
    if case .string(let kind)? = value["kind"]?.content {
      throw Failure.usage("\(directory.path) holds a \(kind.shownName), no run; give another directory with --run DIR")
    }
    return RunIdentity(id: id, ownsUnnamed: value["owns_unnamed"] == true)
  }

  func write(in directory: RunDirectory) throws {
    var value: [JSONValue.Member] = [.init("id", .string(id))]
    if ownsUnnamed { value.append(.init("owns_unnamed", true)) }
    try AtomicFile.write(Data((JSONValue.object(value).line + "\n").utf8), to: directory.identityFile, isOfRun: true)
  }

  /// Whether something with this name, or without, is of this run.
  func owns(_ other: String?) -> Bool { other == id || other == nil && ownsUnnamed }

  /// - Throws: where the checkpoint is another run's.
  func check(_ checkpoint: Checkpoint, at path: String) throws {
    guard owns(checkpoint.runID) else { throw foreign(path, checkpoint.runID) }
  }

  /// The error for what belongs to another run.
  func foreign(_ place: String, _ other: String?) -> Failure {
    Failure.data(
      "\(place) belongs to \(other.map { "the run \($0.shownName)" } ?? "a run without a name"), but this directory "
        + "to the run \(id.shownName); move it away (a run goes on from a checkpoint elsewhere with --resume PATH "
        + "--run DIR)")
  }
}

extension Checkpoint {
  private static let runIDName = "run_id"

  /// The run that wrote it; nil where it began before runs had names, or was kept in memory alone.
  var runID: String? {
    get { attributes[Self.runIDName]?.text }
    set { attributes[Self.runIDName] = newValue.map { .text($0) } }
  }
}

/// A local time as names of files hold it.
func timestamp(_ date: Date) -> String {
  let formatter = DateFormatter()
  formatter.locale = Locale(identifier: "en_US_POSIX")
  formatter.dateFormat = "yyyyMMdd-HHmmss"
  return formatter.string(from: date)
}

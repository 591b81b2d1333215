import Basics
import Foundation

/// The checkpoints of one run: `step-00001200.h5`, and the links `latest.h5` and `best.h5`.
public struct CheckpointDirectory: Sendable {
  public let path: String

  public init(path: String) { self.path = path }

  /// Where the newest and the best checkpoint can be found under a fixed name.
  public var latestLink: String { path + "/latest.h5" }
  public var bestLink: String { path + "/best.h5" }

  /// The file of a step.
  public func file(step: Int) -> String { path + "/" + Self.name(step: step) }

  static func name(step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits + ".h5"
  }

  /// The steps that have a file, ascending, whole or not.
  public func steps() -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.compactMap { name in
      guard name.hasPrefix("step-"), name.hasSuffix(".h5") else { return nil }
      return Int(name.dropFirst(5).dropLast(3))
    }.sorted()
  }

  /// The newest checkpoint that verifies, and what was wrong with newer ones.
  public func newest() -> (found: (step: Int, checkpoint: Checkpoint)?, refused: [any Error]) {
    var refused: [any Error] = []
    for step in steps().reversed() {
      do {
        return ((step, try Checkpoint.read(file(step: step))), refused)
      } catch {
        refused.append(error)
      }
    }
    return (nil, refused)
  }

  /// Writes the checkpoint of `step`, points the links at it, then deletes all but the newest `keep` and the best.
  ///
  /// Nothing old is touched before the new file is whole.
  public func save(_ checkpoint: Checkpoint, step: Int, isBest: Bool, keep: Int) throws {
    try checkpoint.write(to: file(step: step))
    try AtomicFile.link(latestLink, to: Self.name(step: step))
    if isBest { try AtomicFile.link(bestLink, to: Self.name(step: step)) }
    let best = try? FileManager.default.destinationOfSymbolicLink(atPath: bestLink)
    for old in steps().filter({ $0 <= step }).dropLast(keep) where Self.name(step: old) != best {
      unlink(file(step: old))
    }
  }

  /// Whether the file of a step is there.
  public func has(step: Int) -> Bool { access(file(step: step), R_OK) == 0 }

  /// Points the links at those checkpoints of these steps that exist: a run may have been killed between the
  /// writing of a checkpoint and of its links.
  public func repairLinks(latest: Int, best: Int?) throws {
    if has(step: latest) { try AtomicFile.link(latestLink, to: Self.name(step: latest)) }
    if let best, has(step: best) { try AtomicFile.link(bestLink, to: Self.name(step: best)) }
  }

  /// Renames the checkpoints of steps after `step`, which a resumed run is about to take again, so that no run resumes
  /// from them by mistake and nothing is lost.
  public func setAside(after step: Int) {
    for newer in steps() where newer > step {
      rename(file(step: newer), path + "/superseded-" + Self.name(step: newer))
    }
  }
}

import Basics
import Foundation

/// How many checkpoints a directory keeps; those of epochs that are kept for good come on top.
public struct CheckpointRetention: Sendable, Equatable {
  /// The newest.
  public var newest: Int
  /// Those that were the best so far when they were written, the last of them.
  public var best: Int

  public init(newest: Int, best: Int = 1) { (self.newest, self.best) = (newest, best) }
}

/// The checkpoints of one run: `step-00001200.h5`, and the links `latest.h5` and `best.h5`. Where more are kept, the
/// best before this one is `best-2.h5` and so on, and that of epoch 10 `epoch-0010.h5`.
///
/// What a link names is never deleted.
public struct CheckpointDirectory: Sendable {
  public let path: String

  public init(path: String) { self.path = path }

  /// Where the newest and the best checkpoint can be found under a fixed name.
  public var latestLink: String { path + "/latest.h5" }
  public var bestLink: String { path + "/best.h5" }

  /// The file of a step.
  public func file(step: Int) -> String { path + "/" + Self.name(step: step) }

  static func name(step: Int) -> String { name("step-", 8, step) }

  private static func name(_ prefix: String, _ width: Int, _ number: Int) -> String {
    let digits = String(number)
    return prefix + String(repeating: "0", count: max(0, width - digits.count)) + digits + ".h5"
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
  ///
  /// - Parameter isMeant: which steps' are looked at.
  public func newest(
    where isMeant: (_ step: Int) -> Bool = { _ in true }
  ) -> (found: (step: Int, checkpoint: Checkpoint)?, refused: [any Error]) {
    var refused: [any Error] = []
    for step in steps().reversed() where isMeant(step) {
      do {
        return ((step, try Checkpoint.read(file(step: step))), refused)
      } catch {
        refused.append(error)
      }
    }
    return (nil, refused)
  }

  /// Writes the checkpoint of `step`, points the links at it, then deletes what is neither among the newest nor named
  /// by a link.
  ///
  /// Nothing old is touched before the new file is whole. A directory that somebody has removed is made again, also
  /// where that happens meanwhile.
  /// - Parameters:
  ///   - image: the bytes of its file.
  ///   - milestone: the epoch that ends with this step, where its checkpoint is kept for good.
  ///   - isNeeded: of which steps the newest is kept too, however old.
  public func save(
    _ image: [UInt8], step: Int, isBest: Bool, milestone: Int? = nil, keep: CheckpointRetention,
    newestWhere isNeeded: (_ step: Int) -> Bool = { _ in false }
  ) throws {
    func write() throws {
      mkdir(path, 0o777)
      try AtomicFile.write(image, to: file(step: step), isOfRun: true)
      if let milestone {
        try AtomicFile.link(path + "/" + Self.name("epoch-", 4, milestone), to: Self.name(step: step), isOfRun: true)
      }
      if isBest { try linkBest(Self.name(step: step), keep: keep.best) }
      // An older one may be written late.
      if steps().last == step { try AtomicFile.link(latestLink, to: Self.name(step: step), isOfRun: true) }
    }
    do { try write() } catch {
      guard access(path, F_OK) != 0 else { throw error }
      try write()
    }
    prune(upTo: step, keep: keep, newestWhere: isNeeded)
  }

  /// Deletes what is neither among the newest checkpoints up to a step nor named by a link. A run that was killed as it
  /// saved may have left more than it keeps.
  public func prune(
    upTo step: Int, keep: CheckpointRetention, newestWhere isNeeded: (_ step: Int) -> Bool = { _ in false }
  ) {
    let named = linkedFiles(), needed = steps().last { $0 <= step && isNeeded($0) }
    for old in steps().filter({ $0 <= step }).dropLast(keep.newest)
    where old != needed && !named.contains(Self.name(step: old)) {
      unlink(file(step: old))
    }
  }

  /// Moves the links of the best checkpoints on by one, and points `best.h5` at a new one.
  private func linkBest(_ name: String, keep: Int) throws {
    func link(_ rank: Int) -> String { rank == 1 ? bestLink : path + "/best-\(rank).h5" }
    var targets = (1...keep).compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: link($0)) }
    // A run that has gone back to an earlier checkpoint may come to the same step again.
    targets = targets.filter { $0 != name }
    for (rank, target) in zip(2...max(2, keep), targets).prefix(keep - 1).reversed() {
      try AtomicFile.link(link(rank), to: target, isOfRun: true)
    }
    for rank in (keep + 1)...(keep + 99) where unlink(link(rank)) != 0 { break }
    try AtomicFile.link(bestLink, to: name, isOfRun: true)
  }

  /// What links in the directory point at.
  private func linkedFiles() -> Set<String> {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return Set(
      names.filter { Self.owns($0) && !$0.hasPrefix("step-") }
        .compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: path + "/" + $0) })
  }

  /// Whether a file of this name in the directory is one that a run writes there.
  public static func owns(_ name: String) -> Bool {
    name == "latest.h5" || name == "best.h5"
      || name.hasSuffix(".h5") && ["step-", "best-", "epoch-"].contains { name.hasPrefix($0) }
  }

  /// Whether there is any checkpoint, whole or not, or a link to one.
  public var isUsed: Bool {
    (try? FileManager.default.contentsOfDirectory(atPath: path))?.contains(where: Self.owns) == true
  }

  /// The checkpoints that a path stands for: those of a run directory, or of its directory `checkpoints`; nil where the
  /// path is no directory.
  public init?(holding path: String) {
    func isDirectory(_ path: String) -> Bool {
      var status = stat()
      return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
    guard isDirectory(path) else { return nil }
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    self.init(path: isDirectory(path + "/checkpoints") ? path + "/checkpoints" : path)
  }

  /// The checkpoint that a path means where a model is to be used: a file itself, of a run directory its best
  /// checkpoint.
  ///
  /// - Throws: for a directory without checkpoints, and where none is the best: another is not taken unasked.
  public static func bestCheckpoint(at path: String) throws -> String {
    guard let directory = CheckpointDirectory(holding: path) else { return path }
    var status = stat()
    if lstat(directory.bestLink, &status) == 0 { return directory.bestLink }
    guard let newest = directory.steps().last else { throw noCheckpoint(in: path) }
    throw Failure.data(
      "\(path): has no best checkpoint, \(directory.bestLink), as one that has not ended an epoch; name another, such "
        + "as " + directory.file(step: newest))
  }

  /// - Returns: the error for a directory that should have checkpoints.
  public static func noCheckpoint(in path: String) -> Failure {
    Failure.data("\(path): this directory has no checkpoint; expected one such as runs/NAME/checkpoints/best.h5")
  }

  /// Whether the file of a step is there.
  public func has(step: Int) -> Bool { access(file(step: step), R_OK) == 0 }

  /// Points the links at those checkpoints of these steps that exist: a run may have been killed between the
  /// writing of a checkpoint and of its links.
  public func repairLinks(latest: Int, best: Int?) throws {
    if has(step: latest) { try AtomicFile.link(latestLink, to: Self.name(step: latest), isOfRun: true) }
    if let best, has(step: best) { try AtomicFile.link(bestLink, to: Self.name(step: best), isOfRun: true) }
  }

  /// Renames the checkpoints of steps after `step`, which a resumed run is about to take again, so that no run resumes
  /// from them by mistake and nothing is lost.
  public func setAside(after step: Int) {
    for newer in steps() where newer > step {
      var aside = path + "/superseded-" + Self.name(step: newer)
      var number = 1
      while access(aside, F_OK) == 0 {
        number += 1
        aside = path + "/superseded-\(number)-" + Self.name(step: newer)
      }
      rename(file(step: newer), aside)
    }
    // Links to what is no longer there.
    for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    where name.hasPrefix("epoch-") || name.hasPrefix("best-") {
      let link = path + "/" + name
      if Self.owns(name), access(link, F_OK) != 0 { unlink(link) }
    }
  }
}

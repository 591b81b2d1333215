import Basics
import Checkpointing

/// What a checkpoint that is whole holds.
package struct CheckpointVerification: Sendable {
  /// The file; of a run directory that was given, its best checkpoint.
  package let path: String
  package let epoch: Int
  package let step: Int
  package let arrays: Int
  package let parameters: Int
  package let shards: Int

  /// Reads a checkpoint whole, recomputes its checksum, and looks at every parameter.
  ///
  /// - Throws: a `UserFacingError` for a file that is damaged, or parameters that are not finite.
  package init(_ path: String) throws {
    let path = try CheckpointDirectory.bestCheckpoint(at: path)
    self.path = path
    let checkpoint = try Checkpoint.read(path)
    // A whole checkpoint may name losses that only another program has.
    guard let shards = checkpoint.attributes["shards"]?.integer else {
      throw Failure.data("\(path): the attribute 'shards' is missing or not as ddp-train writes it")
    }
    let progress = try checkpoint.progress(in: path)
    guard checkpoint.model.allSatisfy({ $0.elements.allSatisfy(\.isFinite) }) else {
      throw Failure.data("\(path): the file is whole, but parameters are not finite; use an older checkpoint")
    }
    (epoch, step) = (progress.epoch, progress.step)
    arrays = checkpoint.model.count
    parameters = checkpoint.model.reduce(0) { $0 + $1.elements.count }
    self.shards = shards
  }
}

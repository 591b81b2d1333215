import Basics
import Checkpointing

/// The checkpoint that a run goes on from.
struct ResumePoint {
  let path: String
  let checkpoint: Checkpoint
  let metadata: Checkpoint.Metadata
  /// What was wrong with newer checkpoints; on rank 0.
  let refused: [any Error]

  init(_ path: String, refused: [any Error], extensions: Extensions) throws {
    (self.path, self.refused) = (path, refused)
    checkpoint = try Checkpoint.read(path)
    metadata = try checkpoint.metadata(in: path, extensions: extensions)
  }

  /// - Parameter mayChange: whether the values of the data may be others.
  /// - Throws: where the run's data are not those that the checkpoint was trained on.
  func check(_ now: Checkpoint.Metadata, of data: String, mayChange: Bool) throws {
    guard metadata.sampleCount == now.sampleCount else {
      throw Failure.data(
        "\(path): trained on \(metadata.sampleCount) samples, but \(data) gives \(now.sampleCount); resume on the same "
          + "data")
    }
    guard metadata.data.differs(from: now.data), !mayChange else { return }
    throw Failure.data(
      "\(path): trained on other values than \(data) has now; resume on the same data, or let it go on with --set "
        + "data.may_change=true")
  }
}

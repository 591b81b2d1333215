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

  /// - Parameters:
  ///   - samples: that the run would train on.
  ///   - now: what its data are.
  ///   - data: where they are.
  ///   - mayChange: whether the values of the data may be others.
  /// - Throws: where the run's data are not those that the checkpoint was trained on.
  func check(samples: Int, _ now: DataDescription, of data: String, mayChange: Bool) throws {
    guard metadata.sampleCount == samples else {
      throw Failure.data(
        "\(path): trained on \(metadata.sampleCount) samples, but \(data) gives \(samples); resume on the same data")
    }
    guard metadata.data.differs(from: now), !mayChange else { return }
    throw Failure.data(
      "\(path): trained on other values than \(data) has now; resume on the same data, or let it go on with --set "
        + "data.may_change=true")
  }
}

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
}

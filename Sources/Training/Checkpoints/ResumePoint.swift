import Basics
import Checkpointing
import Collectives
import Foundation

/// The checkpoint that a run goes on from.
struct ResumePoint {
  let path: String
  let checkpoint: Checkpoint
  let metadata: Checkpoint.Metadata
  /// The run directory, inferred from the path.
  let directory: RunDirectory?
  /// What was wrong with newer checkpoints.
  let refused: [any Error]

  /// Finds what the configuration's `resume` asks for. Collective: rank 0 chooses, and all read what it chose.
  ///
  /// - Returns: nil where there is nothing to resume.
  static func find(
    _ configuration: TrainingConfiguration, extensions: Extensions, communicator: any Communicator
  ) throws -> ResumePoint? {
    guard let resume = configuration.resume else { return nil }
    var refused: [any Error] = []
    var chosen = ""
    switch resume {
    case .path(let path): chosen = path
    case .auto:
      if communicator.isRoot, let directory = directory(of: configuration) {
        let newest = directory.checkpoints.newest()
        refused = newest.refused
        chosen = newest.found.map { directory.checkpoints.file(step: $0.step) } ?? ""
        if chosen.isEmpty, let error = refused.first { throw error }
      }
      chosen = try communicator.broadcast(chosen, from: 0)
    }
    guard !chosen.isEmpty else { return nil }

    let checkpoint = try Checkpoint.read(chosen)
    let metadata = try checkpoint.metadata(in: chosen, extensions: extensions)
    // A run's configuration always names its shards; other ones would be another run.
    if let shards = configuration.shards, shards != metadata.shardCount {
      throw Failure.usage(
        "\(chosen): trained with \(metadata.shardCount) shards, which a resumed run keeps; leave out --shards \(shards)"
      )
    }
    let checkpoints = URL(fileURLWithPath: chosen).deletingLastPathComponent()
    let isInRun = checkpoints.lastPathComponent == "checkpoints"
    return ResumePoint(
      path: chosen, checkpoint: checkpoint, metadata: metadata,
      directory: isInRun ? RunDirectory(path: checkpoints.deletingLastPathComponent().relativePath) : nil,
      refused: refused)
  }

  private static func directory(of configuration: TrainingConfiguration) -> RunDirectory? {
    if let run = configuration.run { return RunDirectory(path: run) }
    let data = configuration.data.path ?? "digits.h5"
    return .newest(name: configuration.name ?? URL(fileURLWithPath: data).deletingPathExtension().lastPathComponent)
  }
}

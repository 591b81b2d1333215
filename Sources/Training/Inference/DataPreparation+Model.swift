import Checkpointing
package import DataPipeline
import HDF5Storage

extension DataPreparation {
  /// That of a data set, or of the data that a checkpoint or a run's best checkpoint was trained on.
  ///
  /// - Throws: where the file says nothing of it, or is neither.
  package init(like path: String) throws {
    let isRun = CheckpointDirectory(holding: path)?.isUsed == true
    let file = isRun ? try CheckpointDirectory.bestCheckpoint(at: path) : path
    if try Self.isCheckpoint(file) { try self.init(ofCheckpoint: file) } else { try self.init(ofData: path) }
  }

  /// - Parameter path: a checkpoint, or a run directory, of which the best is meant.
  package init(ofCheckpoint path: String) throws {
    let path = try CheckpointDirectory.bestCheckpoint(at: path)
    let checkpoint = try Checkpoint.read(path)
    let description = DataDescription(in: checkpoint)
    let shape = checkpoint.attributes["input_shape"]?.text.map(Checkpoint.shape(in:))
    try self.init(description.names, width: shape?.elementCount ?? 0, of: path)
  }

  private static func isCheckpoint(_ path: String) throws -> Bool {
    guard let file = try? HDF5File.open(path) else { return false }
    return try file.exists("/model") && file.exists("/progress")
  }
}

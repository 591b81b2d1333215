import Foundation
import ProcessSupport
import Testing

extension DistributedTests {
  /// `launch/slurm.sbatch` under a Slurm of two nodes, where this machine has one.
  @Suite struct SlurmTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

    /// What takes longer is shown by `slurm-story.sh` alone: a time limit, a node that fails.
    @Test("Jobs under Slurm wait for a drained node, resume, are cancelled, and fail with their exit code")
    func story() throws {
      let scratch = try Scratch()
      let finished = try run(
        Self.folder.appending(path: "slurm-cluster.sh").path,
        [scratch.path, Self.folder.appending(path: "slurm-story.sh").path, scratch.path, trainer]
          + ["resume", "cancel", "array", "errors"],
        environment: ["OPENBLAS_NUM_THREADS": "1", "DDP_TRAIN_RANKS_PER_NODE": nil], timeout: .seconds(180))
      if finished.status == 77 { try Test.cancel("no Slurm here: \(finished.output)") }
      #expect(finished.status == 0, "\(finished)")
    }
  }
}

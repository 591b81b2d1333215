import Basics
import Settings
import Training

/// `verify`: reads a checkpoint whole and recomputes its checksum.
package struct Verify: Command {
  package static let name = "verify"
  package static let operands = "CHECKPOINT"
  package static let summary = "checks that a checkpoint is whole"
  package static let discussion =
    "Recomputes the checksum of a checkpoint. Exit code 0 if it is whole, 3 if it is not."
  package static let options: [Option<Verify>] = []

  package var checkpoint = ""

  package init() {}

  package mutating func take(_ words: [String]) throws(SettingsError) { checkpoint = try Self.checkpoint(words) }

  package func run() throws -> ExitCode {
    let found = try CheckpointVerification(checkpoint)
    try Output.print(
      "\(found.path): whole  epoch \(found.epoch), step \(grouped(found.step))  \(found.arrays) arrays, "
        + "\(grouped(found.parameters)) parameters  \(found.shards) shards")
    return .done
  }
}

import Checkpointing
import Configuration
import Basics

/// The command `verify`: reads a checkpoint whole and recomputes its checksum.
public enum VerificationRun {
  public static func run(_ path: String) throws {
    let checkpoint = try Checkpoint.read(path)
    let facts = try checkpoint.facts(in: path)
    let progress = try checkpoint.progress(in: path)
    let count = checkpoint.model.reduce(0) { $0 + $1.elements.count }
    let finite = checkpoint.model.allSatisfy { $0.elements.allSatisfy(\.isFinite) }
    guard finite else {
      throw Failure.data("\(path): the file is whole, but parameters are not finite; use an older checkpoint")
    }
    print(
      "\(path): whole  epoch \(progress.epoch), step \(grouped(progress.step))  \(checkpoint.model.count) arrays, "
        + "\(grouped(count)) parameters  \(facts.shardCount) shards")
  }
}

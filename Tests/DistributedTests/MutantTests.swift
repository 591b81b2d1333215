import Foundation
import ProcessSupport
import Testing

extension DistributedTests {
  /// Files that are damaged at random, each read in a process of its own.
  @Suite struct MutantTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures").path

    @Test(
      "Mutants of files end with an exit code of the contract",
      arguments: [
        ("verify", ["checkpoints/dense-momentum/checkpoint.h5", "checkpoints/images/checkpoint.h5"]),
        ("inspect", ["checkpoints/data/blobs.h5", "checkpoints/data/text.h5", "hdf5/layouts.h5"]),
        ("load", ["checkpoints/data/images.h5", "checkpoints/data/words.h5"]),
        ("npy", ["import/f4-big.npy", "import/labels.npy"]), ("npz", ["import/keras.npz"]),
        ("npz", ["import/deflated.npz"]),
        ("idx", ["import/train-images-idx3-ubyte.gz", "import/train-labels-idx1-ubyte.gz"]),
      ])
    func mutants(kind: String, files: [String]) throws {
      let scratch = try Scratch()
      let ended = try run(
        selfTest, ["mutants", kind, "60", "1"] + files.map { Self.fixtures + "/" + $0 }, directory: scratch.path)
      #expect(ended.status == 0, "\(ended)")
      // Such as "mutants npz: exit 0: 12, exit 3: 48".
      let codes = ended.output.matches(of: /(exit|signal|timeout)( \d+)?: \d+/).map { $0.1 + ($0.2 ?? "") }
      #expect(codes.contains("exit 3"), "\(ended)")
      #expect(Set(codes.map(String.init)).isSubset(of: ["exit 0", "exit 2", "exit 3", "exit 4"]), "\(ended)")
    }
  }
}

import Foundation
import ProcessSupport
import Testing

extension DistributedTests {
  /// Ranks in a container, whose /dev/shm is small.
  @Suite struct SharedMemoryTests {
    @Test("Where /dev/shm has no room ranks share other memory, say so, and compute the same", arguments: [3, 6])
    func smallSharedMemory(megabytes: Int) throws {
      let scratch = try Scratch()
      let data = try scratch.dataset("data.h5", samples: 501)
      let arguments = ["--data", data, "--epochs", "2", "--batch-size", "64", "--model", "mlp"]
      let run = scratch.path + "/small"
      // A mount that only these processes see.
      let script = "mount -t tmpfs -o size=\(megabytes)m none /dev/shm || exit 77; shift; exec \"$@\""
      let finished = try ProcessSupport.run(
        "unshare",
        ["--mount", "sh", "-c", script, "sh", "-"] + mpiLauncher + ["-np", "3", trainer]
          + arguments + ["--run", run],
        environment: [
          "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OPENBLAS_NUM_THREADS": "1",
        ])
      if finished.status == 77 || finished.errors.contains("unshare failed") {
        try Test.cancel("no mounts of its own here: \(finished.errors)")
      }
      try #require(finished.status == 0 && finished.errors.isEmpty, "\(finished)")
      let note = #/\n {11}/dev/shm has \d of \d+ MiB: memory beside it is shared\n/#
      #expect(finished.output.contains(note), "\(finished)")
      let one = try train(ranks: 1, arguments + ["--shards", "4"], run: scratch.path + "/one")
      #expect(try RunRecord(run).differences(from: one) == [])
    }
  }
}

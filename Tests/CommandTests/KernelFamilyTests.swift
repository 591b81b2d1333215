import Foundation
import HDF5Storage
import NumericCore
import ProcessSupport
import Testing

extension Commands {
  /// Every family is forced that the processor can run, and every processor pretended that it can stand for.
  @Suite("Kernel families of OpenBLAS")
  struct KernelFamilyTests {
    static let needs: [(family: String, features: ProcessorFeatures)] = [
      ("Prescott", []), ("Haswell", [.avx, .fma, .avx2]), ("SkylakeX", [.avx, .fma, .avx2, .avx512]),
      ("Cooperlake", [.avx, .fma, .avx2, .avx512, .avx512BF16]),
    ]
    static let possible = needs.filter { $0.features.isSubset(of: Processor.features) }.map(\.family)

    /// The lines of the header about ranks, and those of warnings.
    private func start(
      _ sandbox: Sandbox, _ environment: [String: String?]
    ) throws -> (header: [String], warnings: [String]) {
      let result = try sandbox.succeed(
        quickTraining + ["--epochs", "1", "--run", "run"], environment: environment)
      let lines = result.output.split(separator: "\n").map(String.init)
      let first = try #require(lines.firstIndex { $0.hasPrefix("ranks") })
      let next = try #require(lines[(first + 1)...].firstIndex { !$0.hasPrefix(" ") })
      try FileManager.default.removeItem(atPath: sandbox.file("run"))
      return (Array(lines[first..<next]), result.errorLines(beginningWith: "ddp-train: warning:"))
    }

    @Test("A forced family stands in the header, and its cost in a warning")
    func forced() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        for family in Self.possible {
          let (header, warnings) = try start(sandbox, ["OPENBLAS_CORETYPE": family])
          #expect(header.count == 1 && header[0].contains("BLAS \(family) with 1 thread"), "\(header)")
          if family == "Prescott" && Self.possible.count > 1 {
            #expect(warnings.count == 1, "\(warnings)")
            #expect(warnings.first?.contains("OPENBLAS_CORETYPE=Prescott: matrix products take about ") == true)
          }
          if family == Self.possible.last { #expect(warnings == []) }
        }
      }
    }

    @Test("A processor that OpenBLAS does not know gets the kernels that it can run")
    func unknown() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        for family in Self.possible {
          let (header, warnings) = try start(sandbox, ["DDP_TRAIN_UNKNOWN_CPU": family])
          #expect(header[0].contains("BLAS \(family) with 1 thread"), "\(header)")
          let chosen = "           \(family) chosen for this CPU, OpenBLAS would take Prescott"
          #expect(header.dropFirst() == (family == "Prescott" ? [] : [chosen]))
          #expect(warnings == [])
        }
      }
    }

    @Test("The family in use stands in the checkpoint, and another one on resuming is told")
    func recorded() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let run = quickTraining + ["--run", "run"]
        try sandbox.succeed(run + ["--epochs", "1"], environment: ["DDP_TRAIN_UNKNOWN_CPU": Self.possible.last])
        let file = try HDF5File.open(sandbox.file("run/checkpoints/latest.h5"))
        #expect(try file.stringAttribute("blas_core") == Self.possible.last)
        let resumed = try sandbox.succeed(run + ["--resume", "auto"], environment: ["OPENBLAS_CORETYPE": "Nehalem"])
        let lines = resumed.errorLines(beginningWith: "ddp-train: warning: trained so far with BLAS core")
        #expect(lines.count == 1 && lines[0].contains("now Nehalem"), "\(resumed)")
      }
    }

    @Test("A forced family that the processor cannot run is an error")
    func impossible() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let free = Self.possible.contains("Haswell") ? "Haswell" : "Prescott"
        let missing = (free == "Haswell" ? "" : "AVX, FMA, AVX2 and ") + "AVX-512"
        try sandbox.expectFailure(
          quickTraining, environment: ["OPENBLAS_CORETYPE": "SkylakeX", "DDP_TRAIN_UNKNOWN_CPU": free], status: 2,
          "OPENBLAS_CORETYPE=SkylakeX: these kernels need \(missing), which this CPU or its virtual machine does not "
            + "have; unset the variable, which gives \(free)")
      }
    }

    @Test("Ranks with kernels of several families are refused")
    func mixed() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let program = builtExecutable("ddp-train")
        let result = try mpirun(
          ranks: 1, program,
          quickTraining + [":", "-np", "2", "env", "OPENBLAS_CORETYPE=Nehalem", program] + quickTraining,
          environment: Sandbox.environment.merging(["OPENBLAS_CORETYPE": "Prescott"]) { $1 },
          directory: sandbox.path)
        #expect(result.status == 5, "\(result)")
        let lines = result.errorLines(beginningWith: "ddp-train:")
        #expect(lines.count == 1, "\(result)")
        let differ = #/BLAS kernels: Prescott on \S+ \(rank 0\), Nehalem on \S+ \(ranks 1, 2\);/#
        #expect(lines.first?.contains(differ) == true, "\(lines)")
        let option = usesMPICH ? "-genv OPENBLAS_CORETYPE Prescott" : "-x OPENBLAS_CORETYPE=Prescott"
        #expect(lines.first?.hasSuffix("(mpirun \(option))") == true, "\(lines)")
        #expect(!sandbox.exists("runs"))
      }
    }
  }
}

// swift-tools-version: 6.3
import Foundation
import PackageDescription

/// The CPU that kernels are compiled for: `native` (the building machine) unless `DDP_TRAIN_CPU` names another,
/// such as `x86-64-v3` for a binary that a whole cluster of mixed machines can run.
let targetCPU = ProcessInfo.processInfo.environment["DDP_TRAIN_CPU"] ?? "native"

/// The MPI library: `openmpi` or `mpich`, as `DDP_TRAIN_MPI` says; by default Open MPI unless MPICH alone is installed.
let mpi = MPIChoice(environment: ProcessInfo.processInfo.environment["DDP_TRAIN_MPI"])

/// Clang's options reach Swift's code generation: vector width, and `squareRoot()` without the errno check that
/// stops a loop from vectorising. Measured on a 4.2 M-parameter Adam loop: 8.0 ms without, 1.8 ms with.
///
/// From tools version 6.2 on SwiftPM takes unsafe flags from dependencies too, so dependents get the same kernels
/// unasked.
let kernelSettings: [SwiftSetting] = [
  .unsafeFlags(["-Xcc", "-march=\(targetCPU)", "-Xcc", "-fno-math-errno"])
]

let package = Package(
  name: "ddp-train",
  products: [
    .executable(name: "ddp-train", targets: ["ddp-train"]),
    .executable(name: "ddp-bench", targets: ["ddp-bench"]),
    .library(name: "DDPTrain", targets: ["DDPTrain"]),
  ],
  targets: [
    // MARK: C boundary
    .systemLibrary(name: "CMPI", pkgConfig: mpi.module, providers: [.apt([mpi.package])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CSndfile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),
    .systemLibrary(name: "CProcessor"),

    // MARK: Libraries, each importing only those above it
    .target(name: "Basics"),
    .target(name: "Settings", dependencies: ["Basics"]),
    .target(name: "Interchange", dependencies: ["Basics", "Settings"]),
    .target(
      name: "NumericCore", dependencies: ["COpenBLAS", "CProcessor", "Basics"], swiftSettings: kernelSettings),
    .target(name: "Metrics", dependencies: ["NumericCore", "Basics"], swiftSettings: kernelSettings),
    .target(
      name: "NeuralNetwork", dependencies: ["NumericCore", "Interchange", "Settings", "Basics"],
      swiftSettings: kernelSettings),
    .target(name: "Optimizers", dependencies: ["NumericCore", "Settings", "Basics"], swiftSettings: kernelSettings),
    .target(
      name: "Collectives", dependencies: ["CMPI", "NumericCore", "Basics"], swiftSettings: kernelSettings),
    .target(name: "HDF5Storage", dependencies: ["CHDF5", "CZlib", "Basics"]),
    .target(
      name: "DataPipeline",
      dependencies: ["NumericCore", "Collectives", "HDF5Storage", "Settings", "Basics", "CZlib"],
      swiftSettings: kernelSettings),
    .target(
      name: "DataTools",
      dependencies: [
        "NumericCore", "HDF5Storage", "DataPipeline", "Settings", "Basics", "CZlib", "CPNG", "CJPEG", "CSndfile",
      ],
      swiftSettings: kernelSettings),
    .target(name: "Reports", dependencies: ["Basics", "Settings", "CZlib"]),
    .target(
      name: "Checkpointing", dependencies: ["HDF5Storage", "Basics", "CZlib"]),
    .target(
      name: "Training",
      dependencies: [
        "Basics", "NumericCore", "Metrics", "NeuralNetwork", "Optimizers", "Collectives", "HDF5Storage",
        "DataPipeline", "Checkpointing", "Interchange", "Reports", "Settings",
      ]),

    .target(
      name: "Experiments",
      dependencies: [
        "Basics", "Settings", "NumericCore", "Metrics", "Collectives", "HDF5Storage", "DataPipeline", "Reports",
        "Training", "CZlib",
      ]),

    .target(
      name: "DDPTrain",
      dependencies: [
        "Basics", "NumericCore", "Metrics", "NeuralNetwork", "Optimizers", "Collectives", "DataPipeline", "Settings",
        "Training",
      ]),

    // MARK: Executables
    .executableTarget(
      name: "ddp-train",
      dependencies: [
        "Basics", "Collectives", "DataPipeline", "DataTools", "Experiments", "Metrics", "Reports", "Settings",
        "Training",
      ]),
    .executableTarget(
      name: "ddp-selftest",
      dependencies: [
        "Training", "Experiments", "DDPTrain", "Collectives", "Checkpointing", "DataTools", "DataPipeline",
        "HDF5Storage", "NumericCore", "Settings", "Basics",
      ]),
    .executableTarget(
      name: "ddp-bench",
      dependencies: [
        "Training", "Collectives", "DataPipeline", "HDF5Storage", "NeuralNetwork", "NumericCore", "Settings", "Basics",
        "CZlib",
      ],
      // It counts allocations: the libraries that it loads have to find its functions in place of the C library's.
      linkerSettings: [
        .unsafeFlags(
          ["malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign"].flatMap {
            ["-Xlinker", "--defsym=\($0)=counted_\($0)", "-Xlinker", "--export-dynamic-symbol=\($0)"]
          })
      ]),

    // MARK: Tests
    .target(name: "ProcessSupport", path: "Tests/ProcessSupport"),
    .testTarget(name: "BasicsTests", dependencies: ["Basics"]),
    .testTarget(name: "InterchangeTests", dependencies: ["Interchange", "Basics"]),
    .testTarget(name: "ReportsTests", dependencies: ["Reports", "Settings", "Basics"]),
    .testTarget(name: "HDF5StorageTests", dependencies: ["HDF5Storage", "Basics"]),
    .testTarget(
      name: "DataPipelineTests",
      dependencies: ["DataPipeline", "NumericCore", "Collectives", "HDF5Storage", "Basics", "TestSupport"]),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "ProcessSupport", "TestSupport", "HDF5Storage", "CZlib", "Basics", "NumericCore", "DataTools", "Interchange",
        "Settings", "Training", "ddp-train",
      ]),
    .testTarget(
      name: "DistributedTests",
      dependencies: ["ProcessSupport", "HDF5Storage", "NumericCore", "ddp-train", "ddp-selftest"],
      exclude: ["netns-cluster.sh", "slurm-cluster.sh", "slurm-story.sh", "hold.c"]),
    .testTarget(
      name: "DataToolsTests", dependencies: ["DataTools", "DataPipeline", "HDF5Storage", "Settings", "Basics"]),
    .testTarget(name: "SettingsTests", dependencies: ["Settings", "Basics"]),
    .target(
      name: "TestSupport", dependencies: ["NumericCore", "NeuralNetwork", "Interchange"], path: "Tests/TestSupport"),
    .testTarget(name: "NumericCoreTests", dependencies: ["NumericCore", "TestSupport"]),
    .testTarget(name: "MetricsTests", dependencies: ["Metrics", "NumericCore", "TestSupport"]),
    .testTarget(name: "CollectivesTests", dependencies: ["Collectives", "Basics", "TestSupport"]),
    .testTarget(
      name: "NeuralNetworkTests", dependencies: ["NeuralNetwork", "NumericCore", "Settings", "TestSupport"]),
    .testTarget(
      name: "OptimizersTests",
      dependencies: ["Optimizers", "NeuralNetwork", "NumericCore", "Settings", "TestSupport"]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Training", "Checkpointing", "Collectives", "DataPipeline", "NeuralNetwork", "NumericCore", "Optimizers",
        "Interchange", "Settings", "Basics", "TestSupport",
      ]),
    .testTarget(name: "ExperimentsTests", dependencies: ["Experiments", "Training", "Settings", "Basics"]),
    .testTarget(
      name: "DDPTrainTests", dependencies: ["DDPTrain", "Training", "Settings", "NeuralNetwork", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)

/// An MPI library that the program can be built with.
struct MPIChoice {
  /// Of pkg-config.
  let module: String
  /// Of Debian.
  let package: String

  static let openMPI = MPIChoice(module: "ompi-c", package: "libopenmpi-dev")
  static let mpich = MPIChoice(module: "mpich", package: "libmpich-dev")

  init(environment: String?) {
    switch environment {
    case "openmpi": self = .openMPI
    case "mpich": self = .mpich
    case let other?: fatalError("DDP_TRAIN_MPI=\(other): expected openmpi or mpich")
    case nil: self = Self.mpich.isInstalled && !Self.openMPI.isInstalled ? .mpich : .openMPI
    }
  }

  private init(module: String, package: String) { (self.module, self.package) = (module, package) }

  private var isInstalled: Bool {
    let own = ProcessInfo.processInfo.environment["PKG_CONFIG_PATH"]?.split(separator: ":").map(String.init) ?? []
    let systems = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib"))?.map { "/usr/lib/\($0)/pkgconfig" }
    let places = own + (systems ?? []) + ["/usr/lib/pkgconfig", "/usr/lib64/pkgconfig", "/usr/local/lib/pkgconfig"]
    return places.contains { FileManager.default.fileExists(atPath: "\($0)/\(module).pc") }
  }
}

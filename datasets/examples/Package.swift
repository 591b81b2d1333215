// swift-tools-version: 6.3
import PackageDescription

let library: Target.Dependency = .product(name: "DDPTrain", package: "ddp-train")

let package = Package(
  name: "examples",
  dependencies: [.package(name: "ddp-train", path: "../..")],
  targets: [
    .executableTarget(name: "LearnedActivation", dependencies: [library]),
    .executableTarget(name: "LearningRateSearch", dependencies: [library]),
  ]
)

// swift-tools-version: 6.3
import PackageDescription

let package = Package(
  name: "LearnedActivation",
  dependencies: [.package(name: "ddp-train", path: "../../..")],
  targets: [
    .executableTarget(name: "LearnedActivation", dependencies: [.product(name: "DDPTrain", package: "ddp-train")])
  ]
)

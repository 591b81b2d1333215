import Basics
import Checkpointing
import Collectives
import DataPipeline
import Interchange
import NumericCore
import Optimizers
import Settings

/// The tensors of a file that a run starts from, and what the file says of the data that they were trained on.
struct InitialWeights {
  struct Tensor {
    let name: String
    let shape: [Int]
    /// Nil of a tensor of whole numbers.
    let elements: [Float]?
  }

  /// The file; of a run directory that was given, its best checkpoint.
  let path: String
  /// Parameters, averaged ones where the run evaluated those, and running statistics.
  let tensors: [Tensor]
  /// How its features were scaled; nil where the file does not say.
  let transform: FeatureTransform?
  /// Of a regression, how its targets were; nil where the file does not say.
  let targetTransform: TargetTransform?
  /// Of its training data; nil where the file does not say.
  let featureKind: FeatureKind?
  /// Of its training data; nil where the file does not say.
  let data: DataDescription?
  /// What features, classes and columns of targets are called.
  let names: DataNames
  /// The texts of its classes: their names, or else the labels that stand for them; nil where the file does not say.
  let classTexts: [String]?

  /// Reads the file, on every rank. Collective.
  ///
  /// - Throws: where it is damaged, or not the same on all ranks.
  init(_ path: String, extensions: Extensions, communicator: any Communicator) throws {
    let path = try CheckpointDirectory.bestCheckpoint(at: path)
    try PickledWeights.refuse(path)
    if OutputTarget.Kind.safetensors.isName(path) {
      try self.init(SafetensorsFile(path))
    } else {
      try self.init(checkpoint: path, extensions: extensions)
    }
    let digests = try communicator.allGather([digest]).map { $0[0] }
    if let other = digests.firstIndex(where: { $0 != digests[0] }) {
      throw Self.disagreement(path, rank: other)
    }
  }

  static func disagreement(_ path: String, rank: Int) -> Failure {
    Failure.data("\(path): rank \(rank) reads other weights than rank 0; give all machines the same file")
  }

  private init(checkpoint path: String, extensions: Extensions) throws {
    let checkpoint = try Checkpoint.read(path)
    let metadata = try checkpoint.metadata(in: path, extensions: extensions)
    let averaged = checkpoint.optimizer.first { $0.moment == WeightAveraging.stateName }?.arrays ?? []
    let byName = Dictionary(averaged.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.path = path
    tensors = checkpoint.model.map { array in
      let evaluated = byName[array.name] ?? array
      return Tensor(name: evaluated.name, shape: evaluated.shape, elements: evaluated.elements)
    }
    (transform, featureKind, data) = (metadata.transform, metadata.featureKind, metadata.data)
    targetTransform = metadata.targetTransform
    names = metadata.data.names
    let numbers = (0..<metadata.outputSize).map { "\(metadata.targetTransform.label(ofClass: $0))" }
    classTexts = names.classNames ?? (metadata.targetTransform.kind == .standard ? nil : numbers)
  }

  private init(_ file: SafetensorsFile) throws {
    path = file.path
    tensors = file.tensors.map { tensor in
      Tensor(
        name: tensor.name, shape: tensor.shape, elements: tensor.type.isFloatingPoint ? file.floats(tensor) : nil)
    }
    let exported = try ExportedMetadata(file)
    (transform, targetTransform) = (exported.transform, exported.targetTransform)
    (featureKind, data) = (nil, nil)
    names = exported.names
    let numbers = exported.outputSize.map { count in
      (0..<count).map { "\((exported.targetTransform ?? .identity).label(ofClass: $0))" }
    }
    classTexts = names.classNames ?? (targetTransform?.kind == .standard ? nil : numbers)
  }

  /// What is to be said where the outputs that the weights give are not in the units of the targets; nil where they
  /// are.
  func doubt(about targets: TargetTransform, _ transfer: WeightTransfer?, head: Set<String>) -> String? {
    guard let own = targetTransform, transfer?.loads(head) == true, [own.kind, targets.kind].contains(.standard),
      own != targets
    else { return nil }
    return "targets are scaled otherwise (\(targets.kind.rawValue)) than those that the outputs of \(path) stand for "
      + "(\(own.kind.rawValue)): its last layer has to learn the units anew"
  }

  /// What is to be said of folds that start from these weights.
  ///
  /// - Parameter fingerprint: of all samples that are dealt to folds.
  func doubt(aboutFoldsOf fingerprint: String) -> String {
    let isSame = data?.fingerprint?.description == fingerprint
    return "each fold starts from the weights of \(path)"
      + (isSame
        ? ", which were trained on these very samples: all figures are too good, as the weights have seen what a fold "
          + "is tested on; leave --init-from out, or take weights of other data"
        : ": where these were trained on samples of these data, all figures are too good, as they have seen what a "
          + "fold is tested on")
  }

  /// Equal for equal names, shapes and bits, but for accidents (FNV-1a).
  var digest: UInt64 {
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    func take(_ word: UInt64) { digest = (digest ^ word) &* 0x100_0000_01B3 }
    for tensor in tensors {
      for byte in tensor.name.utf8 { take(UInt64(byte)) }
      for extent in tensor.shape { take(UInt64(extent)) }
      for element in tensor.elements ?? [] { take(UInt64(element.bitPattern)) }
    }
    for number in transform?.offset ?? [] { take(number.bitPattern) }
    for number in transform?.factor ?? [] { take(UInt64(number.bitPattern)) }
    for text in classTexts ?? [] { for byte in text.utf8 { take(UInt64(byte)) } }
    return digest
  }
}

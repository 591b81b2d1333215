import Basics
import DataPipeline
import HDF5Storage
import Interchange
import NeuralNetwork
import NumericCore
import Settings

/// The file of a trained model in the Open Neural Network Exchange format.
///
/// The input `features` [N, …] takes samples as the data files have them, of their type and in their order of axes, any
/// number at a time; scaling is part of the model. The outputs are the arrays that `predict` writes, under the same
/// names and in the same units. Of a GAN it is the generator: `latent` [N, L] to `samples`.
enum ONNXFormat: ExportFormat {
  static let kind = OutputTarget.Kind.onnx

  /// - Throws: where a layer has no form in ONNX, or the file would be larger than one can be.
  static func file(of trained: TrainedModel) throws -> (bytes: [UInt8], remarks: [String]) {
    var graph = ONNXGraph(name: "ddp-train")
    do {
      if let networks = try trained.factory.makeAdversarialModel(trained.metadata.configuration.model) {
        try appendGenerator(networks, of: trained, to: &graph)
      } else {
        try appendModel(of: trained, to: &graph)
      }
    } catch let refusal as ONNXRefusal {
      throw Failure.usage(
        "\(trained.path): its layer \(refusal.layer), \(refusal.type), has no form in ONNX, so that the model cannot "
          + "be written as .onnx; export it as .safetensors")
    }
    let size = graph.model.constants.reduce(0) { $0 + $1.bytes.count }
    guard size < ONNXModel.greatestSize - 1 << 20 else {
      throw Failure.usage(
        "\(trained.path): its weights are \(byteText(Double(size))), more than the 2.1 GB that an ONNX file can have; "
          + "export it as .safetensors")
    }
    var model = graph.model
    model.producerVersion = programVersion
    model.meaning = "trained by ddp-train"
    model.metadata = metadata(of: trained)
    return (model.bytes, [])
  }

  private static func appendModel(of trained: TrainedModel, to graph: inout ONNXGraph) throws {
    let metadata = trained.metadata
    let features = graph.addFeatures(
      metadata.data.featureType.flatMap { name in ElementType.allCases.first { $0.name == name } },
      metadata.data.storage ?? FeatureStorage(shape: metadata.inputShape, isChannelsFirst: false),
      scaledBy: metadata.transform, as: trained.model.inputShapes[0],
      isIndex: metadata.configuration.model.inputLayout == .indices)
    let outputs = try trained.model.append(to: &graph, input: features, values: trained.values)
    graph.scope = "outputs"
    guard let loss = metadata.configuration.loss.value ?? LossCatalog.all.make(metadata.lossName) else {
      preconditionFailure("\(metadata.lossName) is no loss, though the checkpoint was read")
    }
    TaskCatalog.type(
      of: loss, model: metadata.configuration.model, reconstructs: metadata.configuration.reconstructs
    ).appendOutputs(to: &graph, outputs[0], trained.outputMeaning, of: loss)
  }

  private static func appendGenerator(
    _ networks: AdversarialModel<Float>, of trained: TrainedModel, to graph: inout ONNXGraph
  ) throws(ONNXRefusal) {
    let metadata = trained.metadata
    graph.addInput(
      ONNXModel.Value("latent", .float32, shape: [networks.layers.latent], "standard normal numbers"))
    let samples = try networks.generator.append(
      to: &graph, input: ONNXFlow("latent", shape: [networks.layers.latent]),
      values: networks.generatorValues(trained.values))
    graph.addSamples(
      samples[0], metadata.data.storage ?? FeatureStorage(shape: metadata.inputShape, isChannelsFirst: false),
      scaledBy: metadata.transform, as: metadata.inputShape)
  }

  /// What a reader should know: lists as JSON, texts as they are.
  private static func metadata(of trained: TrainedModel) -> [(key: String, text: String)] {
    let metadata = trained.metadata, names = metadata.data.names
    func list(_ names: [String]?) -> String? { names.map { JSONValue.array($0.map { .string($0) }).line } }
    let labels = (0..<metadata.outputSize).map { metadata.targetTransform.label(ofClass: $0) }
    let entries: [(String, String?)] = [
      ("ddp_train_version", programVersion),
      ("model", metadata.configuration.model.json.line),
      ("loss", metadata.lossName),
      ("checkpoint_step", String(trained.progress.step)),
      ("class_names", list(names.classNames)),
      (
        "class_labels",
        metadata.targetTransform.kind == .classes ? JSONValue.array(labels.map { .integer($0) }).line : nil
      ),
      ("feature_names", list(names.columns)),
      ("target_names", list(names.targets)),
      ("characters", names.characters),
      ("words", list(names.words)),
      ("feature_type", metadata.data.featureType),
      ("feature_scaling", metadata.transform.kind.rawValue),
      ("channels_first", metadata.data.storage.map { String($0.isChannelsFirst) }),
      ("training_data", (try? metadata.configuration.data.location.name) ?? metadata.configuration.data.path),
      ("training_fingerprint", metadata.data.fingerprint?.description),
    ]
    return entries.compactMap { key, text in text.map { (key, $0) } }
  }
}

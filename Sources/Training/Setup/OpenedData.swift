import Collectives
import DataPipeline
import NeuralNetwork

/// The data that a configuration names and what they are for, before any rows but labels are read.
struct OpenedData {
  /// The file, directory, glob or list of `data.path`; nil where `data.files` has all.
  let path: String?
  let source: DataSource
  let task: any LearningTask
  /// Outputs that the model fixes; nil where it leaves them to the data.
  let declaredOutputSize: Int?
  /// The weights that the run starts from; nil for those that are drawn, and where it is resumed.
  let initial: InitialWeights?
  /// Of the data to those that the first weights were trained on; nil where there are none.
  var matching: InitialMatching?
  /// Whether the samples are held in memory.
  let memory: DataMemory

  /// Collective over all ranks of the job.
  init(
    _ configuration: TrainingConfiguration, extensions: Extensions, resumed: ResumePoint?, world: MPICommunicator
  ) throws {
    let location = try configuration.data.location
    path = location.path
    if let resumed, try location.named == resumed.metadata.configuration.data.location.named {
      try TrainedModel.checkData(location, of: resumed.path)
    }
    let opened = try configuration.openData(location)
    memory = try DataMemory(
      configuration.data.memory, bytes: opened.byteCount, streams: resumed.map { $0.metadata.stream != nil }, world)
    // No rank may take memory before all have looked.
    try memory.require(opened)
    try world.barrier()
    try opened.requireAgreement(world)
    declaredOutputSize = configuration.model.declaredOutputSize
    task = try configuration.task(of: opened, resumed)
    initial =
      try resumed != nil
      ? nil : configuration.initial.from.map { try InitialWeights($0, extensions: extensions, communicator: world) }
    matching = initial.map { InitialMatching($0, configuration.initial) }
    source =
      try matching?.matched(opened, targets: task.targetMeaning)
      ?? opened.matched(to: resumed?.metadata.data.names, of: resumed?.path ?? "", targets: task.targetMeaning)
  }
}

extension TrainingConfiguration {
  /// Opens the files, and reads shapes, types and names alone.
  func openData(_ location: DataLocation) throws -> DataSource {
    try DataSource.open(
      location, labelsRequired: TaskCatalog.needsLabels(model), weights: weights, reconstructs: reconstructs
    ).arranged(as: model.inputLayout, data.layout)
  }

  /// What a run on the data is for. Reads targets where they show it.
  func task(of opened: DataSource, _ resumed: ResumePoint?) throws -> any LearningTask {
    try TaskCatalog.task(
      loss.value ?? resumed.flatMap { LossCatalog.all.make($0.metadata.lossName) }, model: model,
      declaredOutputSize: model.declaredOutputSize, data: opened.split(.train),
      numbering: resumed.map { $0.metadata.targetTransform.kind == .classes ? $0.metadata.targetTransform : .identity })
  }

  /// The logical shards of a run.
  ///
  /// - Parameter samples: of the training split, before it gives up those that are held out.
  func shardCount(samples: Int, of source: DataSource, _ resumed: ResumePoint?) -> Int {
    resumed?.metadata.shardCount ?? shards
      ?? defaultShardCount(samples: samples, holdsOut: source.splits[.validation] == nil)
  }
}

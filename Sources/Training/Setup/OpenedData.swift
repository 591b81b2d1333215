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
    let opened = try DataSource.open(
      location, labelsRequired: TaskCatalog.needsLabels(configuration.model), weights: configuration.weights,
      reconstructs: configuration.reconstructs
    ).arranged(as: configuration.model.inputLayout, configuration.data.layout)
    memory = try DataMemory(
      configuration.data.memory, bytes: opened.byteCount, streams: resumed.map { $0.metadata.stream != nil }, world)
    // No rank may take memory before all have looked.
    if memory.streams {
      for split in opened.splits.values { try split.requireWhole() }
    } else {
      try opened.requireMemory(for: SplitName.allCases)
    }
    try world.barrier()
    try opened.requireAgreement(world)
    declaredOutputSize = configuration.model.declaredOutputSize
    task = try TaskCatalog.task(
      configuration.loss.value ?? resumed.flatMap { LossCatalog.all.make($0.metadata.lossName) },
      model: configuration.model, declaredOutputSize: declaredOutputSize, data: opened.split(.train),
      numbering: resumed.map { $0.metadata.targetTransform.kind == .classes ? $0.metadata.targetTransform : .identity })
    initial =
      try resumed != nil
      ? nil : configuration.initial.from.map { try InitialWeights($0, extensions: extensions, communicator: world) }
    matching = initial.map { InitialMatching($0, configuration.initial) }
    source =
      try matching?.matched(opened, targets: task.targetMeaning)
      ?? opened.matched(to: resumed?.metadata.data.names, of: resumed?.path ?? "", targets: task.targetMeaning)
  }
}

import DataPipeline
import Metrics
import NeuralNetwork
import Optimizers
public import Settings

extension TrainingConfiguration {
  /// What `train --help` says of the keys of the configuration file.
  public static var helpSections: [HelpSection] {
    var keys = HelpSection("Keys of the configuration file, for --set too", prefix: "", TrainingConfiguration.self)
    keys.text = "Options override the file. Where an object may stand, a name alone is short for { name: … }."
    let groups = [
      HelpSection("data", prefix: "data.", DataSettings.self),
      HelpSection("checkpoint", prefix: "checkpoint.", CheckpointRule.self),
      HelpSection("early_stopping", prefix: "early_stopping.", EarlyStopping.self),
      HelpSection("regularization", prefix: "regularization.", RegularizationSettings.self),
    ]
    var models = HelpSection("model, by name")
    models.entries = NamedModel.all.map { ($0.name, $0.summary, []) }
    var layers = HelpSection("model.layers: [{ dense: 128 }, \"relu\", { dropout: 0.2 }, \"dense\"]", LayerCatalog.all)
    layers.text = "A bare value is the first option: { dense: 128 } is { dense: { units: 128 } }."
    var optimizers = HelpSection("optimizer", OptimizerCatalog.all)
    (optimizers.prefix, optimizers.rows) = ("optimizer.", OptimizerSettings.sharedHelp)
    var schedules = HelpSection("schedule", ScheduleCatalog.all)
    (schedules.prefix, schedules.rows) = ("schedule.", ScheduleSettings.sharedHelp)
    var metrics = HelpSection("metrics")
    metrics.entries = MetricCatalog.all.map { ($0.names.joined(separator: ", "), $0.summary, []) }
    return [keys] + groups + [
      models, layers, HelpSection("loss", LossCatalog.all), optimizers, schedules,
      HelpSection("data.augment", AugmentationCatalog.all), metrics,
    ]
  }
}

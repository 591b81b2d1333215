import DataPipeline
import Metrics
import NeuralNetwork
import Optimizers
public import Settings

/// A part of what there is to say about configurations, for `help TOPIC`.
public struct HelpTopic: Sendable {
  public let name: String
  /// One line for the list of topics.
  public let summary: String
  public let sections: [HelpSection]

  init(_ name: String, _ summary: String, _ sections: [HelpSection]) {
    (self.name, self.summary, self.sections) = (name, summary, sections)
  }
}

extension TrainingConfiguration {
  /// What can be said of the keys of the configuration file, topic by topic.
  public static var helpTopics: [HelpTopic] {
    var keys = HelpSection("Keys of the configuration file, for --set too", prefix: "", TrainingConfiguration.self)
    keys.text =
      "Options override the file. Where an object may stand, a name alone is short for { name: … }; set by --set over "
      + "an object it changes the name and keeps the rest, while an object replaces it all. null is the default."
    keys.rows.append(SettingHelp("layers", "short for model: { layers: [ … ] }"))
    keys.rows.append(SettingHelp("quiet", "true is short for verbosity: \"quiet\""))
    let groups = [
      HelpSection("data", prefix: "data.", DataSettings.self),
      HelpSection("data.files", prefix: "data.files.", SplitFiles.self),
      HelpSection("init", prefix: "init.", InitialSettings.self),
      HelpSection("checkpoint", prefix: "checkpoint.", CheckpointRule.self),
      HelpSection("log", prefix: "log.", LogSettings.self),
      HelpSection("watchdog", prefix: "watchdog.", WatchdogSettings.self),
      HelpSection("sentinel", prefix: "sentinel.", SentinelSettings.self),
      HelpSection("decision", prefix: "decision.", DecisionSettings.self),
      HelpSection("early_stopping", prefix: "early_stopping.", EarlyStopping.self),
      HelpSection("regularization", prefix: "regularization.", RegularizationSettings.self),
    ]
    var models = HelpSection("model, by name")
    models.entries = NamedModel.all.map { ($0.name, $0.summary, []) }
    var layers = HelpSection("model.layers: [{ dense: 128 }, \"relu\", { dropout: 0.2 }, \"dense\"]", LayerCatalog.all)
    layers.text = "A bare value is the first option: { dense: 128 } is { dense: { units: 128 } }."
    var optimizers = HelpSection("optimizer", prefix: "optimizer.", rows: OptimizerSettings.sharedHelp)
    optimizers.entries = OptimizerCatalog.all.help.map { ($0.name, $0.summary + ownDefaults($0.name), $0.settings) }
    let parameterGroups = HelpSection(
      "optimizer.groups: [{ match: \"9.*\", learning_rate: 0.01 }]", prefix: "", ParameterGroupSettings.self)
    var schedules = HelpSection("schedule", ScheduleCatalog.all)
    (schedules.prefix, schedules.rows) = ("schedule.", ScheduleSettings.sharedHelp)
    var metrics = HelpSection("metrics")
    metrics.entries = MetricCatalog.all.map { ($0.names.joined(separator: ", "), $0.summary, []) }
    return [
      HelpTopic("keys", "every key of the configuration file", [keys] + groups),
      HelpTopic("models", "the models that have a name", [models]),
      HelpTopic("layers", "what a model can be made of", [layers]),
      HelpTopic("losses", "what can be minimized", [HelpSection("loss", LossCatalog.all)]),
      HelpTopic("optimizers", "how steps can be taken", [optimizers, parameterGroups]),
      HelpTopic("schedules", "how the learning rate can change", [schedules]),
      HelpTopic(
        "augmentations", "what can be done to the samples", [HelpSection("data.augment", AugmentationCatalog.all)]),
      HelpTopic("metrics", "what can be measured", [metrics]),
    ]
  }

  /// All of it in one.
  public static var helpSections: [HelpSection] { helpTopics.flatMap(\.sections) }

  /// The list of topics, for the help of a command that takes a configuration.
  public static var topicsSection: HelpSection {
    var section = HelpSection("More, by ddp-train help TOPIC or ddp-train help NAME, such as help conv2d")
    section.entries = helpTopics.map { ($0.name, $0.summary, []) }
    return section
  }

  /// The defaults of an optimizer that are not those of all.
  private static func ownDefaults(_ name: String) -> String {
    guard let rule = OptimizerCatalog.all.make(name) else { return "" }
    let (own, shared) = (OptimizerSettings(rule), OptimizerSettings())
    let others = OptimizerSettings.shared.filter { $0.json(of: own) != $0.json(of: shared) }
    let texts = others.map { "\($0.key) \($0.json(of: own).plainText ?? "none")" }
    return texts.isEmpty ? "" : "; by default " + texts.joined(separator: ", ")
  }
}

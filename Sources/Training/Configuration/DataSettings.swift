public import DataPipeline
public import Settings

/// Where samples come from and what is done to them: the key `data`.
public struct DataSettings: NestedSettings {
  /// What a model learns to give.
  public enum Target: String, SettingChoice {
    case labels
    /// The sample's own features, scaled, as they were before augmentation.
    case features
  }

  /// Nil: the bundled digits.
  public var path: String?
  /// Of single splits, and of labels in files of their own.
  public var files = SplitFiles()
  /// Nil: found by name.
  public var features: String?
  /// Nil: found by name.
  public var labels: String?
  /// Nil: the first, and MATLAB's own.
  public var samplesAxis: Int?
  /// A path, or `none`; nil: found by name.
  public var weights: String?
  /// Nil: by the model.
  public var target: Target?
  public var validation = 0.0
  /// By what the validation samples of a fraction are made like the others.
  public var stratify = Stratification.auto
  /// Where the group of each sample stands, which is then in one part alone.
  public var validationGroup: String?
  public var scaling = FeatureScaling.auto
  public var targetScaling = TargetScaling.standard
  public var layout = ChannelLayout.auto
  /// Of each node; larger data are streamed. Nil: half of what the machine has.
  public var memory: MemoryLimit?
  /// Whether a resumed run may go on with other values than it was trained on. Of one start, not of the run.
  public var mayChange = false
  public var augment = AugmentationList()

  public init() {}

  public static let shorthand: String? = "path"
  public static let settings: [Setting<DataSettings>] = [
    Setting("path", \.path, "HDF5 file, directory, glob or list of files; the bundled digits"),
    Setting("files", \.files, "{ train: …, val: …, test: …, train_labels: … }, each as path"),
    Setting("features", \.features, "dataset in the file, such as /train/x, /table:{a,b}, /*/x; found by name"),
    Setting("labels", \.labels, "dataset in the file, or /table:y; found by name"),
    Setting("samples_axis", \.samplesAxis, "axis of the samples in a dataset, -1 for the last; the first"),
    Setting("weights", \.weights, "what each sample counts: dataset, or none; weight beside features"),
    Setting("target", \.target, "what outputs are compared with; labels, or features for the model autoencoder"),
    Setting("validation", \.validation, .halfOpen(0, 1), "fraction of train used for validation"),
    Setting("stratify", \.stratify, "what that fraction has as often: auto by classes and yes-or-no targets"),
    Setting("validation_group", \.validationGroup, "dataset or column of groups that the fraction takes whole"),
    Setting("scaling", \.scaling, "of features, by figures of the training split"),
    Setting("target_scaling", \.targetScaling, "of a regression's targets, undone in metrics and predictions"),
    Setting("layout", \.layout, "where channels stand; by the shape"),
    Setting("memory", \.memory, "a node's for data, larger ones are streamed; half of what it has"),
    Setting("may_change", \.mayChange, "lets a run resume although its training data has changed"),
    Setting("augment", \.augment, "[\"flip\", { crop: { padding: 4 } }], names below"),
  ]
}

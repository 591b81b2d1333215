public import DataPipeline
public import Settings

/// How cross-validation divides the training split: the key `folds`, which `train` does not look at.
public struct FoldSettings: NestedSettings {
  /// K; leaving one out and given folds have their own.
  public var count = 5
  public var scheme = FoldScheme.auto
  /// Where the group of each sample stands; no group is then in two folds.
  public var group: String?
  /// Where the fold of each sample stands.
  public var given: String?
  /// Samples left out between those of training and test, of folds in the order of time.
  public var gap = 0
  public var shuffle = true
  /// How often all of it is done, each time with another seed.
  public var repeats = 1

  public init() {}

  public static let settings: [Setting<FoldSettings>] = [
    Setting("count", \.count, .atLeast(2), "folds; of leave_one_out as many as samples"),
    Setting("scheme", \.scheme, "how samples are dealt; auto: stratified for classes, else plain"),
    Setting("group", \.group, "dataset or column of group ids; no group is in two folds"),
    Setting("given", \.given, "dataset of the fold of each sample, from 0; -1 is never tested"),
    Setting("gap", \.gap, .atLeast(0), "samples left out in front of a test, for time"),
    Setting("shuffle", \.shuffle, "deals samples at random, by seed; not for time"),
    Setting("repeats", \.repeats, .closed(1, 1000), "divisions, the r-th with seed + r - 1"),
  ]

  public func validate(_ reader: SettingsReader) throws(SettingsError) {
    guard group == nil || given == nil else {
      throw reader.error("given", "stands beside 'group'; expected one of the two")
    }
    if scheme != .auto, let key = group != nil ? "group" : given != nil ? "given" : nil {
      throw reader.error(
        key, "divides the samples by itself, without scheme \"\(scheme.rawValue)\"; leave one of the two out")
    }
    guard gap == 0 || scheme == .time else {
      throw reader.error("gap", "is for scheme \"time\" alone; leave it out")
    }
  }
}

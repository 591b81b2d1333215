public import Settings

/// What `--help` says of the files that `compare` takes.
public enum CompareHelp {
  public static var sections: [HelpSection] {
    var keys = HelpSection("Keys of the study file")
    keys.rows = [
      SettingHelp("base", "a configuration in braces, or the name of its file, seen from the study file; all defaults"),
      SettingHelp("vary", "paths as in --set, each with a list of values; all combinations are compared"),
      SettingHelp("configurations", "{ NAME: { keys laid over the base; base: another }, NAME: \"FILE\" }"),
      SettingHelp("seeds", "how many, from the base's seed on, or a list; 3"),
      SettingHelp("metrics", "the table's columns, of which the first judges; [\"loss\"]"),
      SettingHelp("split", "val, train or test; val"),
      SettingHelp("at", "which epoch counts: best, by the first metric, or last; best"),
      SettingHelp(
        "at_steps, every_steps", "a second table: figures after these steps, train_ over those since the last"),
      SettingHelp("at_epochs, every_epochs", "the same after epochs"),
      SettingHelp("at_metrics", "its figures; [\"train_loss\", \"val_…\"] of the first metric"),
      SettingHelp("ranks_per_trial", "ranks that train a trial together; as few as keep all busy"),
    ]
    return [keys]
  }
}

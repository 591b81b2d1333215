public import Settings

/// What `--help` says of the files that `tune` takes.
public enum TuneHelp {
  public static var sections: [HelpSection] {
    var keys = HelpSection("Keys of the study file")
    keys.rows = [
      SettingHelp("base", "a configuration in braces, or the name of its file, seen from the study file; all defaults"),
      SettingHelp("space", "what is varied: paths as in --set, each with a list of choices or with low and high"),
      SettingHelp(
        "objective", "\"accuracy\", or { metric, split: val, train or folds, direction, at: best or last }; val loss"),
      SettingHelp("sampler", "how trials are chosen, by name; gp"),
      SettingHelp("stopping", "how bad trials are ended early, by name; none"),
      SettingHelp("trials", "most trials; 20, of a grid all"),
      SettingHelp("minutes", "no generation begins after so many; no limit"),
      SettingHelp("seed", "decides every choice of the search, not those of the trials; 42"),
      SettingHelp("generation", "trials chosen together, so that they can run side by side; 4, of halving 9"),
      SettingHelp("ranks_per_trial", "ranks that train a trial together; as few as keep all busy"),
    ]
    var space = HelpSection("space.\"PATH\"")
    space.text = "A list is short for choices. Keys of one parameter:"
    space.rows = [
      SettingHelp("choices", "any values, whole parts of a configuration included"),
      SettingHelp("low, high", "ends of a range, both included; whole numbers where both are written so"),
      SettingHelp("log", "whether the range is even on a logarithmic scale; false"),
      SettingHelp("step", "of a range of steps; none, of whole numbers 1"),
      SettingHelp("type", "float or integer, where the ends alone do not say it"),
      SettingHelp("when", "{ \"optimizer.name\": \"sgd\" }: there only where parameters before have these values"),
      SettingHelp("points", "how many values a grid takes of a range; 5"),
    ]
    return [
      keys, space, HelpSection("sampler", SamplerCatalog.all), HelpSection("stopping", StoppingCatalog.all),
    ]
  }
}

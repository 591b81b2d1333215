import Basics
public import Settings
public import Training

/// What the commands that run studies take alike.
public struct StudyOptions: OptionGroup {
  public var run: String?
  public var resumes = false
  public var overwrite = false
  public var ranksPerTrial: Int?
  public var quiet = false
  public var settings: [TrainArguments.Setting] = []

  public init() {}

  public static let options: [Option<StudyOptions>] = [
    Option("--run", \.run, "DIR", default: "runs/…", "results; runs/NAME-TIMESTAMP"),
    Option(OptionSpelling("--resume", "auto", "goes on with the study in --run DIR"), default: "new study") {
      options, text throws(SettingsError) in
      guard text == "auto" else { throw SettingsError("--resume: expected auto, found '\(text)'") }
      options.resumes = true
    },
    Option(flag: "--overwrite", \.overwrite, "renames a used --run DIR to DIR.old-TIMESTAMP"),
    Option(
      "--ranks-per-trial", \.ranksPerTrial, "N", .atLeast(1), default: "few",
      "ranks that train a trial together, at most all; as few as keep all busy"),
    Option(flag: "--quiet", \.quiet, "prints errors and warnings only"),
    Option(OptionSpelling("--set", "PATH=VALUE", "sets a key of the base; repeatable")) {
      options, text throws(SettingsError) in options.settings.append(try TrainArguments.Setting(assignment: text))
    },
  ]

  /// - Throws: where options do not go together.
  public func check() throws(SettingsError) {
    if resumes && run == nil { throw SettingsError("--resume auto: needs --run DIR, the directory of the study") }
    if resumes && overwrite {
      throw SettingsError("--overwrite: sets the old study aside, and --resume goes on with it; give one of the two")
    }
  }
}

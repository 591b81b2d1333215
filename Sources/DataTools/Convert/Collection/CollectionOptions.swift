import Basics
import DataPipeline
public import Settings

/// The options of formats whose samples are files: where labels come from, and how files are divided into splits.
public struct CollectionOptions: OptionGroup, Equatable {
  public static let options =
    [
      Option(
        "--labels-file", \CollectionOptions.labelsFile, "L.csv", default: "none",
        "a table of file names and labels, instead of a folder for each class"),
      Option(
        "--file-column", \CollectionOptions.fileColumn, "NAME|INDEX", default: "by name",
        "the column of file names in --labels-file, by name or by number from 0 (-1 is the last)"),
      Option(
        "--label", \CollectionOptions.label, "NAME|INDEX", default: "by name",
        "the label's column in --labels-file; several, with commas between, are a row of numbers"),
      Option(
        "--labels", \CollectionOptions.labels, "KIND",
        "of --labels-file; auto: names are classes, whole numbers stay, other numbers are targets of a regression; "
          + "classes: each different cell is a class; values: float32 targets"),
      Option(flag: "--unlabelled", \CollectionOptions.isUnlabelled, "x alone, as for an autoencoder"),
      Option(
        flag: "--skip-broken", \CollectionOptions.skipsBroken,
        "leaves out files that cannot be read, which are otherwise an error; each file is then read twice"),
    ] + SplitOptions.options.map { $0.lifted(\CollectionOptions.drawing) }

  /// The table of labels; nil where folders are classes.
  public var labelsFile: String?
  public var fileColumn: String?
  /// The label column of the table, or several with commas between.
  public var label: String?
  /// How one label column becomes numbers.
  public var labels = LabelKind.automatic
  public var isUnlabelled = false
  public var drawing = SplitOptions()
  var seed: UInt64 { drawing.seed }
  public var skipsBroken = false

  public init() {}

  /// - Throws: `Failure` for options that have no meaning together.
  func check() throws {
    if labelsFile == nil {
      for (option, isGiven) in [
        ("--file-column", fileColumn != nil), ("--label", label != nil), ("--labels", labels != .automatic),
      ] where isGiven {
        throw Failure.usage("\(option) needs --labels-file L.csv beside it; without one, folders are classes")
      }
    } else if isUnlabelled {
      throw Failure.usage("--unlabelled and --labels-file exclude each other")
    }
    try drawing.check()
  }
}

/// What the files of a collection are.
struct FileKind: Sendable {
  /// One of them, such as `picture`.
  let noun: String
  /// The names' extensions, in small letters without the dot. Those that are not read after all belong here too: their
  /// files are then broken, for a reason that names the remedy.
  let extensions: Set<String>

  func includes(_ path: String) -> Bool { extensions.contains(FileTree.pathExtension(of: path)) }
}

/// The names that the files of a collection are to follow, and the file that they are from.
struct FollowedNames {
  let names: DataNames
  let owner: String
}

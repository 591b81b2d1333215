import Basics
import Foundation

/// The data that comes with the program.
public enum BundledData {
  /// The file, directory, glob or list that `data.path` means: the bundled digits for none, and for `digits` where
  /// there is no file of that name.
  public static func path(_ given: String?) throws -> String {
    guard let given, given != "digits" || FileManager.default.fileExists(atPath: given) else { return try digits() }
    return given
  }

  /// The handwritten digits that a run without configuration trains on.
  ///
  /// Looked for in `$DDP_TRAIN_DATASETS`, in `share/ddp-train` beside the directory of the installed program, and in
  /// `datasets` of each directory above the program, which is where a build from source finds it.
  public static func digits() throws -> String {
    let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    var places = ProcessInfo.processInfo.environment["DDP_TRAIN_DATASETS"].map { [$0] } ?? []
    var directory = executable.deletingLastPathComponent()
    places.append(directory.deletingLastPathComponent().appendingPathComponent("share/ddp-train").path)
    while directory.path != "/" {
      places.append(directory.appendingPathComponent("datasets").path)
      directory.deleteLastPathComponent()
    }
    let files = places.map { $0 + "/digits.h5" }
    if let file = files.first(where: { FileManager.default.isReadableFile(atPath: $0) }) { return file }
    throw Failure.data(
      "the bundled digits.h5 is not beside the program \(executable.path); give --data FILE, or set DDP_TRAIN_DATASETS "
        + "to the directory that holds it")
  }
}

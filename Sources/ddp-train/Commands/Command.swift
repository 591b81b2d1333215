import Basics
import Settings

/// A command of `ddp-train`: its options, its help and what it does, in one file.
package protocol Command: OptionGroup {
  /// As users write it: one word, or two as in `data make`.
  static var name: String { get }
  /// What stands behind the name, such as `CHECKPOINT [options]`.
  static var operands: String { get }
  /// One line for the list of commands.
  static var summary: String { get }
  /// What `--help` says before the options.
  static var discussion: String { get }
  /// What `--help` says behind the options. Default: nothing.
  static var sections: [HelpSection] { get }
  /// The words that may stand first behind the name, such as formats. Default: none.
  static var firstWords: [String] { get }
  /// The options that a shell completes. Default: its own.
  static var completedOptions: [OptionSpelling] { get }
  /// What `--help` prints where `arguments` stand behind the name. Default: the same whatever they are.
  static func help(for arguments: [String]) -> String
  /// Reads what stands behind the name. Default: the options, then `take`.
  static func parse(_ arguments: [String]) throws -> Self
  /// Takes in the words between the options, and checks what holds between options.
  mutating func take(_ words: [String]) throws(SettingsError)
  /// Whether the ranks of an MPI job run it together; else rank 0 runs it alone. Default: no.
  static var isDistributed: Bool { get }
  func run() throws -> ExitCode
}

extension Command {
  package static var sections: [HelpSection] { [] }
  package static var isDistributed: Bool { false }
  package static var firstWords: [String] { [] }
  package static var completedOptions: [OptionSpelling] { optionHelp }

  package static func help(for arguments: [String]) -> String { help(optionHelp, sections) }

  static func help(_ options: [OptionSpelling], _ sections: [HelpSection]) -> String {
    let usage = ["Usage: ddp-train", usageName, operands].filter { !$0.isEmpty }.joined(separator: " ")
    let head = [usage, ""] + HelpText.paragraph(discussion) + [""]
    let table = HelpText.options(options + [OptionSpelling("--help, -h", "", "prints this")])
    return (head + table + sections.flatMap { [""] + HelpText.section($0) }).joined(separator: "\n")
  }

  /// The name in the usage: in brackets where it may be left out.
  private static var usageName: String { name == Commands.all[0].name ? "[\(name)]" : name }

  package static func parse(_ arguments: [String]) throws -> Self {
    let scanned = try ScannedArguments(arguments, of: name, options: optionHelp)
    var command = Self()
    try command.read(scanned.options)
    try command.take(scanned.words)
    return command
  }

  /// Does long work, and shows on a terminal how far it has come and the time that is left.
  ///
  /// - Parameter work: is given what to tell the share that is done.
  static func showingProgress<Result>(
    isShown: Bool = true, _ work: (@escaping (Double) -> Void) throws -> Result
  ) rethrows -> Result {
    let bar = ProgressBar(isShown ? .behindStandardOutput() : nil), start = ContinuousClock.now
    defer { bar.clear() }
    return try work { bar.show(name, fraction: $0, since: start) }
  }

  /// The one word that a command needs: a checkpoint.
  static func checkpoint(_ words: [String]) throws(SettingsError) -> String {
    try ScannedArguments.check(words, atMost: 1, of: name)
    guard let checkpoint = words.first else {
      throw SettingsError("\(name): expected a checkpoint, such as runs/NAME/checkpoints/best.h5")
    }
    return checkpoint
  }
}
